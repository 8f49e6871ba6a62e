// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "engine/request.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

namespace dbengine::engine {

/// Counts the requests that wait in all queues of an engine, and refuses those beyond the bounds.
/// Thread safety: any thread.
/// Cost: two atomic additions for a request of the process itself; a peer's takes the mutex.
class admission {
public:
  struct bounds {
    std::size_t max_requests = 0;
    std::size_t max_bytes = 0;
  };

  explicit admission(bounds b) : bounds_(b) {}

  /// Counts a request that begins to wait. Throws `std::bad_alloc`, and counts nothing then.
  void charge(request& r, std::size_t bytes) {
    if (r.peer != 0) // first: it may find no memory
      add_to_share(r.peer, bytes);
    r.held_bytes = bytes;
    requests_.fetch_add(1, std::memory_order_relaxed);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
  }
  /// The charged request waits no longer.
  void discharge(const request& r) noexcept {
    requests_.fetch_sub(1, std::memory_order_relaxed);
    bytes_.fetch_sub(r.held_bytes, std::memory_order_relaxed);
    if (r.peer != 0)
      remove_from_share(r.peer, r.held_bytes);
  }
  /// For a request that is charged: throws `errc::overloaded` if a bound was reached without it, or
  /// its peer has its share, half of what others leave. Queues charge at the same time: each sees
  /// the sum with its own request.
  void check_bounds(const request& r);

  std::size_t requests() const noexcept { return requests_.load(std::memory_order_relaxed); }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  /// How many requests were refused.
  std::uint64_t refused() const noexcept { return refused_.load(std::memory_order_relaxed); }
  /// How many peers have requests waiting, and how many one of them has.
  std::size_t peers() const;
  std::size_t requests_of(std::uint64_t peer) const;

private:
  /// What one peer of a port has waiting. The process's own requests have no share: they may use
  /// all.
  struct share {
    std::size_t requests = 0;
    std::size_t bytes = 0;
  };

  void add_to_share(std::uint64_t peer, std::size_t bytes) DBENGINE_EXCLUDES(mutex_);
  void remove_from_share(std::uint64_t peer, std::size_t bytes) noexcept DBENGINE_EXCLUDES(mutex_);
  [[noreturn]] void refuse(const std::string& why);

  const bounds bounds_;
  // Sums that nothing else depends on: relaxed atomics, so that requests of the process take no
  // lock here.
  std::atomic<std::size_t> requests_{0};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> refused_{0};
  mutable base::mutex mutex_;
  std::unordered_map<std::uint64_t, share> shares_ DBENGINE_GUARDED_BY(mutex_); // by peer
};

} // namespace dbengine::engine
