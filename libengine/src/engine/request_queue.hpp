// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "engine/admission.hpp"
#include "engine/request.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <unordered_map>
#include <vector>

namespace dbengine::engine {

/// The bounded queue in front of workers, which outlives any worker.
///
/// 1. A queue has a class for each priority. Interactive requests go first, then background, then
///    maintenance. Every 16th time one of the other classes goes first, so that neither starves.
/// 2. A class is a list of lanes: one for each peer with a waiting request, and one for the
///    process's own. Lanes are served in turns. Within a lane the order is that of arrival.
/// 3. Without `peer_may_run` (writes) the loopback peers share one lane. Each of their connections
///    is a peer, and a sender's writes must keep their order over its connections.
///
/// Why not the workers' mailboxes? A mailbox is unbounded, has no classes, cannot return a request
/// to a sender that leaves at its deadline, and dies with its actor. Here a request survives its
/// worker, and the next one can run it.
/// Thread safety: any thread.
/// Ownership: shares the requests.
class request_queue {
public:
  /// `peer_may_run`: how many requests of one peer may run at once, see `done`.
  explicit request_queue(admission& a,
                         std::size_t peer_may_run = std::numeric_limits<std::size_t>::max())
      : admission_(&a), peer_may_run_(peer_may_run) {}

  /// Throws `errc::overloaded` if a bound is reached, or a peer has its share: half of what others
  /// leave. After `close` throws the error given there.
  void push(request_ptr r);
  /// Puts the requests of a failed worker back to the front, in their order. They were admitted
  /// before: no bound applies.
  void push_front(const std::vector<request_ptr>& rs);

  /// Returns the next requests for one transaction, of one class, within these bounds. A
  /// maintenance request and one that acquires the writer are returned alone.
  std::vector<request_ptr> pop_group(std::size_t max_requests, std::size_t max_bytes);
  /// Returns the next request; null if none may run. The caller must call `done` with it.
  request_ptr pop();
  /// A request from `pop` has ended.
  void done(const request& r) noexcept;
  /// The number of peers' requests between `pop` and `done`. Lock-free, for polling.
  std::size_t peers_running() const noexcept {
    return peers_running_.load(std::memory_order_relaxed);
  }
  /// Whether `pop` would return a request.
  bool has_work() const noexcept;

  /// Removes and returns the requests past their deadline, and the cancelled ones.
  std::vector<request_ptr> expire(sqlite::clock::time_point now);
  /// Removes and returns all requests, and refuses later ones with this error.
  std::vector<request_ptr> close(error_info why);
  /// Reverts `close`.
  void open();

  std::size_t size() const noexcept { return size_.load(std::memory_order_seq_cst); }
  bool empty() const noexcept { return size() == 0; }
  /// Lock-free size, for polling from any thread.
  const std::atomic<std::size_t>& waiting() const noexcept { return size_; }

private:
  struct lane {
    std::uint64_t peer = 0;
    std::deque<request_ptr> waiting;
  };
  using lanes = std::list<lane>; // the next turn at the front
  struct place {
    lanes* of = nullptr;
    lanes::iterator at = {};
  };

  lane& lane_of(const request& r) DBENGINE_REQUIRES(mutex_);
  bool may_run(std::uint64_t peer) const noexcept DBENGINE_REQUIRES(mutex_);
  lanes::iterator first_of(lanes& c) noexcept DBENGINE_REQUIRES(mutex_);
  /// The lane whose turn it is; none if no request may run.
  place next_lane() DBENGINE_REQUIRES(mutex_);
  /// Removes the first request of the lane and moves the lane to the end.
  request_ptr take(place p) DBENGINE_REQUIRES(mutex_);

  admission* admission_;
  const std::size_t peer_may_run_;
  mutable base::mutex mutex_;
  std::array<lanes, 3> classes_ DBENGINE_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, std::size_t> running_ DBENGINE_GUARDED_BY(mutex_); // by peer
  std::optional<error_info> closed_ DBENGINE_GUARDED_BY(mutex_);
  unsigned turn_ DBENGINE_GUARDED_BY(mutex_) = 0;
  // Stored with the mutex held; atomics, because callers of every write and read poll them.
  std::atomic<std::size_t> peers_running_{0}; // the sum of `running_`
  std::atomic<std::size_t> size_{0};          // of all lanes
};

} // namespace dbengine::engine
