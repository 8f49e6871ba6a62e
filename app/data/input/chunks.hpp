// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Input as a sequence of chunks: from a file, a pipe or memory.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace dbengine::app {

/// An input, read chunk by chunk.
/// Thread safety: one thread, except `abandon`.
class chunks {
public:
  virtual ~chunks() = default;
  /// The next chunk, valid until the next call; empty at the end.
  /// Errors: `data_error` if reading fails.
  virtual std::string_view next() = 0;
  /// No more input is needed. `next` returns no more data, and a blocked call returns.
  /// Thread safety: any thread.
  virtual void abandon() {}
};

/// A file or, for "-", standard input. The beginning can be examined before it is consumed. Waiting
/// for a pipe or a terminal ends with `errc::cancelled` when a stop is requested.
class file_chunks : public chunks {
public:
  explicit file_chunks(const std::filesystem::path& path, std::stop_token cancel = {});
  ~file_chunks() override;
  file_chunks(const file_chunks&) = delete;
  file_chunks& operator=(const file_chunks&) = delete;

  /// Up to 1 MiB from the beginning. Call it before the first `next`.
  std::string_view head();
  /// Whether `head` is the whole input.
  bool head_is_all() const noexcept { return at_end_; }
  std::string_view next() override;
  void abandon() override;
  /// Bytes returned so far.
  std::uint64_t given() const noexcept { return given_; }
  /// The size of a file; 0 for a pipe.
  std::uint64_t size() const noexcept { return size_; }
  const std::string& name() const noexcept { return name_; }

private:
  void read_more(std::size_t most);
  void wait();
  void wake() const;

  std::string name_;
  const std::stop_token cancel_;
  std::atomic<bool> abandoned_{false};
  int stopped_ = -1; // becomes readable when a stop is requested; -1: none
  int descriptor_ = -1;
  bool owned_ = false;
  bool at_end_ = false;
  bool head_pending_ = false;
  std::string buffer_;
  std::uint64_t given_ = 0;
  std::uint64_t size_ = 0;
};

/// A read position in the input: the next byte and the bytes after it in the same chunk.
/// Thread safety: one thread.
class chunk_cursor {
public:
  static constexpr int end_of_input = -1;

  explicit chunk_cursor(chunks& from) : from_(from) {}

  /// The next byte, not consumed; `end_of_input` after the last one.
  int peek() {
    if (at_ == piece_.size()) {
      piece_ = from_.next();
      at_ = 0;
      if (piece_.empty())
        return end_of_input;
    }
    return static_cast<unsigned char>(piece_[at_]);
  }
  /// The unread part of the chunk: not empty after a `peek` that found a byte. Valid until the next
  /// call of `peek`.
  std::string_view unread() const noexcept { return piece_.substr(at_); }
  /// Consumes at most the size of `unread`.
  void consume(std::size_t n = 1) noexcept { at_ += n; }

private:
  chunks& from_;
  std::string_view piece_;
  std::size_t at_ = 0;
};

/// A text in memory, in chunks of `step` bytes (0: one chunk).
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
