// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The queue in front of workers: bounded, in classes, and outliving any worker.
// Thread rule: every member may be called from any thread. Ownership: shares the requests.
//
// Why not the workers' mailboxes? A mailbox is unbounded, has no classes, gives nothing back to a sender that leaves at its
// deadline, and dies with its actor. Here a request survives its worker, so that the next one can run it.

#pragma once

#include "engine/request.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace dbengine::engine {

/// Requests and bytes that may wait, over all queues of an engine.
struct admission {
  std::size_t max_requests = 0;
  std::size_t max_bytes = 0;
  std::atomic<std::size_t> requests{0};
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::uint64_t> refused{0};

  /// What of it each peer of a port has. The process's own requests have no share: they may take all of it.
  struct share {
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };
  std::mutex mutex{}; // guards shares
  std::unordered_map<std::uint64_t, share> shares{};
};

/// Each class is a list of lanes, one for each peer that has something in it and one for the process's own; they are served in turns.
/// Within a lane the order is that of arrival. Without `peer_may_run` (writes) the peers of loopback, which are connections, have one lane:
/// a sender's writes keep their order over its connections.
class request_queue {
public:
  /// `peer_may_run`: so many requests of one peer may be under way at once, see `done`.
  explicit request_queue(admission& a,
                         std::size_t peer_may_run = std::numeric_limits<std::size_t>::max())
      : admission_(&a), peer_may_run_(peer_may_run) {}

  /// Throws `errc::overloaded` where a bound is reached or a peer has its share: half of what others leave. `errc::shut_down` or what
  /// `close` was given after that.
  void push(request_ptr r);
  /// Back to the front, in their order: what a failed worker left. Past the bounds, too: it was admitted before.
  void push_front(const std::vector<request_ptr>& rs);

  /// The next requests for one transaction: at most so many and so many bytes, of one class. A `lend` or a `task` comes
  /// alone. Interactive goes before batch before maintenance; every 16th time one of the others does.
  std::vector<request_ptr> pop_group(std::size_t max_requests, std::size_t max_bytes);
  /// Null as well where all that waits is of peers that have as much under way as they may. Whoever takes a request calls `done`.
  request_ptr pop();
  /// What `pop` gave is under way no more.
  void done(const request& r) noexcept;
  /// Requests of peers that `pop` gave and are under way. For who looks often, from wherever.
  std::size_t peers_under_way() const noexcept {
    return peers_under_way_.load(std::memory_order_relaxed);
  }
  /// `pop` would find something.
  bool has_work() const noexcept;

  /// Takes out what has passed its deadline or was cancelled.
  std::vector<request_ptr> expire(sqlite::clock::time_point now);
  /// Takes everything out and refuses what comes later with this error.
  std::vector<request_ptr> close(error_info why);
  /// Takes new requests again.
  void open();

  std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }
  bool empty() const noexcept { return size() == 0; }
  /// For who looks often, from wherever.
  const std::atomic<std::size_t>& waiting() const noexcept { return size_; }

private:
  struct lane {
    std::uint64_t peer = 0;
    std::deque<request_ptr> waiting;
  };
  using lanes = std::list<lane>; // whose turn it is first
  struct place {
    lanes* of = nullptr;
    lanes::iterator at = {};
  };

  void charge(const request_ptr& r, std::size_t bytes);
  void forget(const request& r) noexcept;
  lane& lane_of(const request& r);
  bool may_run(std::uint64_t peer) const noexcept;
  /// The lane whose turn it is; none where nothing waits that may run.
  place next_lane();
  lanes::iterator first_of(lanes& c) noexcept;
  /// Takes the first one out, and its lane to the end.
  request_ptr take(place p);

  admission* admission_;
  const std::size_t peer_may_run_;
  mutable std::mutex mutex_;
  std::array<lanes, 3> classes_;
  std::unordered_map<std::uint64_t, std::size_t> running_; // by peer
  std::atomic<std::size_t> peers_under_way_{0};
  std::atomic<std::size_t> size_{0};
  std::optional<error_info> closed_;
  unsigned turn_ = 0;
};

} // namespace dbengine::engine
