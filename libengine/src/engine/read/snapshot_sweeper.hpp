// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/one_shot_timer.hpp"
#include "engine/read/reader_pool.hpp"
#include "engine/worker_signals.hpp"
#include "engine/write/writer_lock.hpp"

namespace dbengine::engine {

/// Closes open snapshots that no call has used for `defaults::lease_idle`: those of the leases and
/// the writer's own.
/// Thread safety: any thread may `arm`; one thread at a time sweeps.
class snapshot_sweeper {
public:
  snapshot_sweeper(reader_pool& leases, writer_lock& lock, bool read_only,
                   const worker_signals& signals, const call_admission& calls)
      : leases_(&leases), lock_(&lock), read_only_(read_only),
        timer_(signals.schedule_sweep, calls) {}

  /// Called after a call that may have left a snapshot open.
  void arm() noexcept { timer_.arm_if_idle(); }
  /// Called by the reader pool actor. Returns true to be called again in `lease_idle`.
  bool sweep();

private:
  bool sweep_all() noexcept;
  bool sweep_writer() noexcept;

  reader_pool* leases_;
  writer_lock* lock_;
  const bool read_only_;
  std::uint64_t turns_at_sweep_ = 0; // by the holder of the writer lock
  one_shot_timer timer_;
};

} // namespace dbengine::engine
