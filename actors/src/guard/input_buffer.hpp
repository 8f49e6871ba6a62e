// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The bytes that were read from a peer's socket and not passed to the broker yet.
// Thread safety: the middleman's thread. Ownership: counts its memory in the listener's bound.
#pragma once

#include "guard/frame.hpp"
#include "guard/listener_state.hpp"

#include <cstddef>
#include <vector>

namespace dbengine::actors::guard {

/// Two adjacent ranges: bytes that are judged and on their way to the broker, and bytes that are
/// not judged yet. The second begins with a frame.
class input_buffer {
public:
  explicit input_buffer(listener_state& state) : state_(state) {}
  input_buffer(const input_buffer&) = delete;
  input_buffer& operator=(const input_buffer&) = delete;

  std::size_t judged() const noexcept { return fed_ - begin_; }
  std::size_t unjudged() const noexcept { return end_ - fed_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return bytes_.size(); }

  /// The frame that is judged next; `unjudged` bytes of it and of its successors are present.
  char* frame() noexcept { return bytes_.data() + fed_; }
  header frame_header() const { return read_header(bytes_.data() + fed_); }
  std::size_t frame_size() const { return header_size + frame_header().payload_size; }

  /// Passes the first `n` unjudged bytes to the broker.
  void feed(std::size_t n) noexcept { fed_ += n; }
  /// Drops the first `n` unjudged bytes; no judged bytes may wait.
  void drop(std::size_t n) noexcept { begin_ = fed_ += n; }
  /// Moves the first `size` unjudged bytes over the `by` bytes that follow them.
  void move_up(std::size_t size, std::size_t by);
  /// Copies judged bytes out, at most `size`.
  std::size_t take(char* to, std::size_t size);

  /// Makes room for `wanted` bytes unless there is room for `least`. False if the memory exceeds
  /// the bound.
  bool make_room(std::size_t wanted, std::size_t least);
  char* free_space() noexcept { return bytes_.data() + end_; }
  std::size_t free_size() const noexcept { return bytes_.size() - end_; }
  /// Adds `n` bytes that were read into the free space.
  void append(std::size_t n) noexcept { end_ += n; }
  /// Forgets all bytes, and returns the memory if it is larger than `kept`.
  void clear(std::size_t kept);

private:
  listener_state& state_;
  // Judged: [begin_, fed_). Unjudged: [fed_, end_).
  std::vector<char> bytes_;
  std::size_t begin_ = 0;
  std::size_t fed_ = 0;
  std::size_t end_ = 0;
};

} // namespace dbengine::actors::guard
