// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The calls that a link has accepted and not finished.
// Thread safety: none; the link's lock guards it.
// Ownership: holds the calls that wait. A call that is sent leaves with its node, and its
// connection gives the node back, or the link finishes the call.
// Errors: only `check_bounds`, `add` and the errors that a caller makes need memory. A call's node
// moves without, so a call is always in the table, in flight, or finished.

#pragma once

#include "base/thread_annotations.hpp"
#include "remote/client/remote_call.hpp"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace dbengine::actors::remote {

class call_table {
public:
  using clock = remote_call::clock;
  using calls = std::map<std::uint64_t, remote_call_ptr>;
  /// A call on its way between the table and a connection. Empty: no call.
  using node = calls::node_type;

  call_table(std::size_t max_calls, std::size_t max_bytes);

  // -- from a call's acceptance to its end --------------------------------------------------------

  /// Throws `errc::overloaded` if the call is one too many.
  void check_bounds(const remote_call& c) const;
  /// Numbers the call, counts it until `finish`, and lets it wait as the last one. If it throws,
  /// the call is not counted.
  void add(const remote_call_ptr& c);
  /// Unique among calls and control messages.
  std::uint64_t next_id() noexcept { return ++last_id_; }

  /// The one end of a call: `answer` or `failure` is set. `out` must be destroyed without the lock.
  /// The call must not be in the table any more.
  void finish(const remote_call_ptr& c, finished_calls& out) noexcept;
  void fail(const remote_call_ptr& c, error_info why, finished_calls& out) noexcept;

  /// Whether no call is left, neither here nor in flight.
  bool empty() const noexcept { return count_ == 0; }
  /// Returns at the deadline, too. Releases the lock while it waits.
  void wait_until_empty(base::scoped_lock& l, clock::time_point deadline);

  // -- the calls that wait ------------------------------------------------------------------------

  /// In the order of their numbers, for whatever reason they wait. Null: none waits.
  remote_call* first_waiting() const noexcept;
  bool is_waiting(const remote_call& c) const noexcept { return waiting_.contains(c.id); }
  /// The first one, which has just been sent. `bytes`: the size of its body before that; a body
  /// that was given away does not count any more.
  node take_sent(std::size_t bytes) noexcept;
  /// The call waits again, in its order.
  void put_back(node call) noexcept;
  /// Gives all that wait the time of a lost connection.
  void renew_patience() noexcept;

  /// Fails one that waits.
  void fail_waiting(const remote_call_ptr& c, error_info why, finished_calls& out) noexcept;
  /// Fails those for which `why` returns an error. `why` takes a `const remote_call&`, returns an
  /// optional `error_info`, and does not throw.
  template <class F>
  void fail_waiting_if(F why, finished_calls& out) noexcept {
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const auto at = it++;
      if (auto failure = why(std::as_const(*at->second))) {
        const auto c = at->second;
        waiting_.erase(at);
        fail(c, std::move(*failure), out);
      }
    }
  }

private:
  const std::size_t max_calls_;
  const std::size_t max_bytes_;
  std::uint64_t last_id_;
  calls waiting_;
  std::size_t count_ = 0; // accepted and not finished
  std::size_t bytes_ = 0; // their bodies
  std::condition_variable_any emptied_;
};

} // namespace dbengine::actors::remote
