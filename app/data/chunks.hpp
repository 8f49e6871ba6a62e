// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Bytes in pieces: from a file, a pipe or memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace dbengine::app {

/// Gives the input piece by piece. One thread.
class chunks {
public:
  virtual ~chunks() = default;
  /// The next piece, valid until the next call; empty at the end. Throws `data_error` where reading fails.
  virtual std::string_view next() = 0;
  /// Nobody wants the rest: `next` gives nothing more, and one that waits returns. From any thread.
  virtual void abandon() {}
};

/// A file or, for "-", standard input. The beginning can be looked at before it is taken. Waiting for a pipe or a terminal
/// ends with `errc::cancelled` when a stop is asked for.
class file_chunks : public chunks {
public:
  explicit file_chunks(const std::filesystem::path& path, std::stop_token cancel = {});
  ~file_chunks() override;
  file_chunks(const file_chunks&) = delete;
  file_chunks& operator=(const file_chunks&) = delete;

  /// Up to 1 MiB from the beginning, before the first `next`.
  std::string_view head();
  /// Whether `head` is the whole input.
  bool head_is_all() const noexcept { return at_end_; }
  std::string_view next() override;
  void abandon() override;
  /// Bytes given so far.
  std::uint64_t given() const noexcept { return given_; }
  /// Of a file; 0 for a pipe.
  std::uint64_t size() const noexcept { return size_; }
  const std::string& name() const noexcept { return name_; }

private:
  void read_more(std::size_t most);
  void wait();
  void wake() const;

  std::string name_;
  const std::stop_token cancel_;
  std::atomic<bool> abandoned_{false};
  int stopped_ = -1; // becomes readable when a stop is asked for; -1: nothing to wait for
  int descriptor_ = -1;
  bool owned_ = false;
  bool at_end_ = false;
  bool head_pending_ = false;
  std::string buffer_;
  std::uint64_t given_ = 0;
  std::uint64_t size_ = 0;
};

/// What a reader of a format has before it: the next byte, and what follows in the same piece. One thread.
class chunk_cursor {
public:
  static constexpr int end_of_input = -1;

  explicit chunk_cursor(chunks& from) : from_(from) {}

  /// The next byte, not taken; `end_of_input` behind the last one.
  int peek() {
    if (at_ == piece_.size()) {
      piece_ = from_.next();
      at_ = 0;
      if (piece_.empty())
        return end_of_input;
    }
    return static_cast<unsigned char>(piece_[at_]);
  }
  /// What is left of the piece: not empty behind a `peek` that found a byte. Valid until the next call of that.
  std::string_view rest() const noexcept { return piece_.substr(at_); }
  /// At most what `rest` has.
  void take(std::size_t n = 1) noexcept { at_ += n; }

private:
  chunks& from_;
  std::string_view piece_;
  std::size_t at_ = 0;
};

/// A text in memory, in pieces of `step` bytes (0: in one).
class memory_chunks : public chunks {
public:
  explicit memory_chunks(std::string_view text, std::size_t step = 0) : rest_(text), step_(step) {}

  std::string_view next() override {
    const auto piece = rest_.substr(0, step_ == 0 ? rest_.size() : step_);
    rest_.remove_prefix(piece.size());
    return piece;
  }

private:
  std::string_view rest_;
  std::size_t step_;
};

} // namespace dbengine::app
