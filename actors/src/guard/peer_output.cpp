// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// A peer's output. CAF's stream only reports when the socket can take more; the bytes wait here,
// where they are counted, and are released as soon as they are sent.
#include "guard/peer.hpp"

namespace dbengine::actors::guard {

std::vector<char>& peer::wr_buf() {
  return staged_;
}

void peer::flush() {
  if (failed_) {
    staged_.clear();
    return;
  }
  // Before the end of the TLS handshake only the server's handshake can wait here. The stream must
  // not wait for writing during it: the socket is writable, which would burn a core.
  if (staged_.empty() || !through_->established())
    return;
  if (!state_->how.unsafe_without_checks)
    rules_.on_output(staged_);
  send(staged_);
}

void peer::send(std::vector<char>& bytes) {
  if (failed_ || bytes.empty()) {
    bytes.clear();
    return;
  }
  if (unread_ == 0)
    progress_ = clock::now();
  unread_ += bytes.size();
  auto affordable = state_->hold(static_cast<std::int64_t>(bytes.size()));
  out_.push_back(std::move(bytes));
  bytes = std::vector<char>{};
  if (!affordable || unread_ > state_->how.limits.max_unread_output_bytes) {
    fail(affordable ? close_reason::unread_output : close_reason::memory);
    return;
  }
  // If this is the peer's only request, the answer is sent at once; answers of a pipeline are
  // gathered until the next turn of the event loop.
  if (rules_.in_flight() == 0 && out_.size() == 1)
    drain();
  if (unread_ == 0 || failed_ || waits_for_writing_)
    return;
  state_->want_tick();
  // The stream only reports when the socket can take more: one byte represents all that waits here.
  waits_for_writing_ = true;
  stream_.wr_buf().push_back('\0');
  stream_.flush(this);
}

void peer::drain() {
  while (!out_.empty()) {
    auto& front = out_.front();
    std::size_t count = 0;
    auto status = through_->write(front.data() + out_begin_, front.size() - out_begin_, count);
    if (status == io_status::would_block)
      return;
    if (status != io_status::done) {
      fail(status == io_status::closed ? close_reason::peer_closed : through_->failure());
      return;
    }
    progress_ = clock::now();
    out_begin_ += count;
    unread_ -= count;
    state_->hold(-static_cast<std::int64_t>(count));
    if (out_begin_ == front.size()) {
      out_.pop_front();
      out_begin_ = 0;
    }
  }
}

peer::rw_state peer::write_some(std::size_t& result, socket, const void*, std::size_t size) {
  result = 0;
  if (!failed_)
    drain();
  if (failed_)
    return rw_state::failure;
  if (out_.empty()) {
    result = size;
    waits_for_writing_ = false;
  }
  return rw_state::success;
}

} // namespace dbengine::actors::guard
