// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the workers count. Thread rule: each block has one writer at a time, the holder of its connection; anybody reads.

#pragma once

#include "base/histogram.hpp"

#include <dbengine/stats.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::engine {

/// Of one class of requests at one worker.
struct class_counters {
  base::counter count, errors, rows;
  base::histogram wait, run;
};

/// Of the write connection or a reader actor.
struct worker_counters {
  std::array<class_counters, request_class_count> classes;
  base::counter timeouts, commits, groups, grouped, largest_group, rerun, inline_writes,
      checkpoints;
  base::counter cache_hits, cache_misses, snapshots_reused, snapshots_opened;

  class_counters& of(request_class c) noexcept { return classes[static_cast<std::size_t>(c)]; }
};

/// Of a lease: its fetches, which must stay small and close, and its cursors.
struct lease_counters {
  base::counter count, errors, rows, timeouts;
  base::counter cache_hits, cache_misses, snapshots_reused, snapshots_opened, on_writer;
  base::histogram run;
  struct {
    base::counter count, errors, rows;
    base::histogram run;
  } cursor;
};

/// The slowest statements. One that is faster than the fastest of those kept, or than the same text before, takes no lock.
class slow_log {
public:
  void offer(std::string_view sql, std::chrono::nanoseconds elapsed) noexcept;
  std::vector<slow_statement> read() const;

private:
  // Of texts offered lately, by hash: the upper half of the hash and the most microseconds. Two texts may take turns at one
  // place; that costs the lock, never an entry.
  static constexpr std::size_t places = 64;
  std::array<std::atomic<std::uint64_t>, places> lately_{};
  std::atomic<std::int64_t> bar_{0};
  mutable std::mutex mutex_;
  std::vector<slow_statement> kept_;
};

} // namespace dbengine::engine
