// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The large text of one message, which goes to the gateway past the broker.
// Thread safety: the middleman's thread.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::guard {

class aside_text {
public:
  /// Begins a text of `size` bytes.
  void begin(std::size_t size) noexcept { missing_ = size; }
  /// Appends bytes of the text, at most those that are missing. Memory follows the bytes that
  /// arrived, not those that were announced. `least` and `most`: the size of a piece.
  void append(const char* bytes, std::size_t n, std::size_t least, std::size_t most);
  /// The message of the text has been judged: from now on the bytes count as the request's. Returns
  /// their number.
  std::size_t end() noexcept { return std::exchange(size_, 0); }
  void discard() noexcept { pieces_.clear(); }

  /// Whether a text has begun whose message is not judged yet.
  bool active() const noexcept { return size_ > 0 || missing_ > 0; }
  std::size_t size() const noexcept { return size_; }
  std::size_t missing() const noexcept { return missing_; }
  bool has_pieces() const noexcept { return !pieces_.empty(); }
  std::vector<std::string> take_pieces() noexcept { return std::exchange(pieces_, {}); }

private:
  std::vector<std::string> pieces_;
  std::size_t size_ = 0;
  std::size_t missing_ = 0;
};

} // namespace dbengine::actors::guard
