// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/histogram.hpp"
#include "base/thread_annotations.hpp"

#include <dbengine/stats.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::engine {

/// Counters of one class of requests at one worker.
/// Thread safety: as `worker_counters`.
struct class_counters {
  base::counter count, errors, rows;
  base::histogram wait, run;
};

/// Counters of the write connection or of a reader actor.
/// Thread safety: written by the holder of the connection, read by any thread. Each number is an
/// atomic of its own: no reader needs two of the same moment.
struct worker_counters {
  std::array<class_counters, request_class_count> classes;
  base::counter timeouts, commits, groups, grouped, largest_group, rerun, inline_writes,
      checkpoints;
  base::counter cache_hits, cache_misses, snapshots_reused, snapshots_opened;

  class_counters& of(request_class c) noexcept { return classes[static_cast<std::size_t>(c)]; }
};

/// Counters of a lease: of its fetches, kept small and close together, and of its cursors.
/// Thread safety: written by the holder of the lease, read by any thread.
struct lease_counters {
  base::counter count, errors, rows, timeouts;
  base::counter cache_hits, cache_misses, snapshots_reused, snapshots_opened, on_writer;
  base::histogram run;
  struct {
    base::counter count, errors, rows;
    base::histogram run;
  } cursor;
};

/// The slowest statements.
/// Thread safety: any thread.
/// Cost: a statement faster than the fastest one kept, or than the same text before, takes no lock.
class slow_log {
public:
  void offer(std::string_view sql, std::chrono::nanoseconds elapsed) noexcept;
  std::vector<slow_statement> read() const;

private:
  // Recently offered texts by hash: the upper half of the hash, and the maximum in microseconds.
  // Two texts may alternate in one place: that costs the lock, never an entry. Atomics, because
  // these words decide whether an offer needs the lock at all.
  static constexpr std::size_t places = 64;
  std::array<std::atomic<std::uint64_t>, places> lately_{};
  std::atomic<std::int64_t> bar_{0}; // a faster statement is not kept; stored with the mutex held
  mutable base::mutex mutex_;
  std::vector<slow_statement> kept_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::engine
