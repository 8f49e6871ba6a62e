// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/histogram.hpp"

#include <dbengine/stats.hpp>

#include <array>
#include <cstdint>

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

} // namespace dbengine::engine
