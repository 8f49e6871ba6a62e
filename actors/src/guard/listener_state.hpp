// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// What the doorman and the peers of one listener share. Used by the middleman's thread, except for
// the counters and `wait_gone`.
#pragma once

#include "base/thread_annotations.hpp"
#include "guard/listener.hpp"
#include "guard/translator.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <unordered_set>
#include <vector>

namespace dbengine::actors::guard {

class peer;
class ticker;

using clock = std::chrono::steady_clock;

struct listener_state {
  listener_state(const options& how, identity who, std::vector<node_bytes> names,
                 std::shared_ptr<counters> counts, std::shared_ptr<tls_context> security);

  /// Closes the peer that has waited longest for its handshake.
  void evict_half_open();

  /// Requests a check of all deadlines; they are checked every 250 ms while any is pending.
  void want_tick();

  /// Closes each peer whose deadline has passed. Returns whether a deadline is still pending.
  bool sweep(clock::time_point now);

  /// Closes all peers.
  void close_all(close_reason why);

  /// Changes the bytes held for all peers. Returns false if that exceeds the limit.
  bool hold(std::int64_t change);

  void peer_started();
  /// The doorman, or a peer, has ended. The listener ends with the last of them.
  void doorman_gone();
  void peer_gone();

  /// Waits until doorman and peers have ended; any thread but the middleman's.
  bool wait_gone(std::chrono::milliseconds at_most);

  const options how;
  const identity who;
  const std::shared_ptr<counters> counts;
  const std::shared_ptr<tls_context> security;

  // The middleman's thread's, down to `closing`.
  std::unordered_set<peer*> peers;
  std::list<peer*> half_open; ///< oldest first
  /// Node names for peers, reused in the order of their return. CAF keeps a helper actor for each
  /// node it has seen (750 bytes each, for ever), and may still be removing the last user of a
  /// name.
  std::deque<node_bytes> names;
  std::uint64_t last_actor = 0;
  ticker* timer = nullptr;
  bool closing = false;

private:
  base::mutex mutex_;
  std::condition_variable_any gone_;
  bool has_doorman_ DBENGINE_GUARDED_BY(mutex_) = true;
  std::size_t peers_alive_ DBENGINE_GUARDED_BY(mutex_) = 0;
};

} // namespace dbengine::actors::guard
