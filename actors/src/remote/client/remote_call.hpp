// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request to an engine in another process, from its sender to its one answer.
// Thread safety: filled by its sender, then the link's under its lock; `finished` is called once,
// by any thread, without the lock.

#pragma once

#include "remote/protocol/wire_message.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dbengine::actors::remote {

class remote_call {
public:
  using clock = std::chrono::steady_clock;

  remote_call(wire_kind k, std::string b) : kind(k), body(std::move(b)) {}
  virtual ~remote_call() = default;
  remote_call(const remote_call&) = delete;
  remote_call& operator=(const remote_call&) = delete;

  /// Called when `answer` or `failure` is set.
  virtual void finished() noexcept = 0;

  wire_kind kind;
  /// The body as sent, except for its first eight bytes: the link writes the remaining time there.
  std::string body;
  /// The time by which the call must be answered; max: none.
  clock::time_point deadline = clock::time_point::max();
  /// Sending the call twice is harmless: it only reads, or has an id.
  bool repeatable = true;
  /// The call may change something: if it is lost on its way, its outcome is unknown.
  bool writes = false;
  /// A fetch whose sender forbids it to write: no answer of the server turns it into a writing one.
  bool read_only = false;

  std::string answer;
  std::optional<error_info> failure;

  // -- the link's own -----------------------------------------------------------------------------

  /// Whether it was cancelled and the server's word on that is overdue.
  bool is_cancel_overdue(clock::time_point now) const noexcept {
    return cancelled_until && now >= *cancelled_until;
  }

  std::uint64_t id = 0;
  /// Without a connection the call is given up then.
  clock::time_point patience{};
  /// If cancelled: the time until which the server's answer is awaited.
  std::optional<clock::time_point> cancelled_until;
  std::uint64_t expected = 0; ///< size of an answer that arrives in parts
  bool sent = false;          ///< at least once
  int resent = 0;             ///< times, after its connection was lost
  bool done = false;
  std::shared_ptr<remote_call> next; ///< the next of the calls that are about to be finished
};

using remote_call_ptr = std::shared_ptr<remote_call>;

/// Calls that have ended. Its destructor calls `finished` for each, so it is constructed before the
/// link's lock is taken. It allocates nothing: a call that was removed from the link's tables is
/// always finished.
class finished_calls {
public:
  finished_calls() = default;
  finished_calls(const finished_calls&) = delete;
  finished_calls& operator=(const finished_calls&) = delete;
  ~finished_calls() {
    while (const auto c = first_) {
      first_ = std::exchange(c->next, nullptr);
      c->finished();
    }
  }

  void add(const remote_call_ptr& c) noexcept {
    (last_ == nullptr ? first_ : last_->next) = c;
    last_ = c.get();
  }

private:
  remote_call_ptr first_;
  remote_call* last_ = nullptr;
};

} // namespace dbengine::actors::remote
