// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/database_file.hpp"
#include "engine/disk_monitor.hpp"
#include "engine/engine_counters.hpp"
#include "engine/one_shot_timer.hpp"
#include "engine/read/reader_pool.hpp"
#include "engine/worker_signals.hpp"
#include "engine/write/write_fence.hpp"
#include "engine/write/writer_lock.hpp"

#include <dbengine/maintenance.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace dbengine::engine {

/// Copies the write-ahead log into the database: after commits, when the engine is idle, and on
/// request.
///
/// 1. Every `defaults::checkpoint_pages` pages of WAL a passive checkpoint runs on the thread that
///    committed.
/// 2. Above `defaults::checkpoint_restart_pages` the WAL must restart, which needs every older
///    snapshot closed. While a snapshot stays open, attempts become rarer.
/// 3. When `defaults::checkpoint_idle` has passed without a commit, the WAL is truncated.
/// Thread safety: functions of the holder of the writer lock, unless they say otherwise.
class checkpointer {
public:
  /// All references must outlive the object.
  checkpointer(writer_lock& lock, write_fence& fence, reader_pool& leases, disk_monitor& disk,
               const database_file& file, const worker_signals& signals,
               const call_admission& calls, worker_counters& counters)
      : lock_(&lock), fence_(&fence), leases_(&leases), disk_(&disk), file_(&file),
        signals_(&signals), calls_(&calls), counters_(&counters),
        timer_(signals.schedule_checkpoint, calls) {}

  /// Called after a commit of the holder: checks the file's identity, and checkpoints if due.
  /// Throws `errc::fenced`.
  void after_commit();
  /// Publishes the number of commits of the write connection. `any`: there were commits since the
  /// last call.
  void record_commits(bool any) noexcept;
  /// Checkpoints if the WAL has grown enough. A failure is logged: the commits are safe in the WAL.
  void run_if_due();
  /// Runs a checkpoint on `c`. Throws `error`.
  checkpoint_result run(sqlite::connection& c, checkpoint_mode mode);
  /// Called by the writer, some time after the last commit, without the lock. Returns true to be
  /// called again later. An exception is the worker's failure.
  bool run_when_idle();

  /// Whether an idle checkpoint is pending. Any thread.
  bool is_scheduled() const noexcept { return timer_.is_armed(); }
  /// The last published number of commits. Any thread.
  std::uint64_t commits_seen() const noexcept {
    return commits_seen_.load(std::memory_order_relaxed);
  }

private:
  /// Runs a passive checkpoint, and one of this mode if the first shows that no older snapshot is
  /// open. The mode's own wait would only block the writer while a backup or a cursor pins the WAL.
  /// A read that ends within `patience` is waited for.
  checkpoint_result run_unless_pinned(checkpoint_mode mode, std::chrono::milliseconds patience);
  void restart_wal(int pages);

  writer_lock* lock_;
  write_fence* fence_;
  reader_pool* leases_;
  disk_monitor* disk_;
  const database_file* file_;
  const worker_signals* signals_;
  const call_admission* calls_;
  worker_counters* counters_;
  // Used by the holder of the lock.
  int wal_pages_before_ = 0;
  int next_checkpoint_ = defaults::checkpoint_pages;
  std::uint64_t commits_at_idle_ = 0;
  std::atomic<std::uint64_t> commits_seen_{0};
  one_shot_timer timer_;
};

/// Writes the log's frames again after a failed sync: a checkpoint must copy nothing that a later
/// sync only seems to have written to the disk. Throws `error`.
void secure_log(sqlite::connection& c);

} // namespace dbengine::engine
