// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine. Lock order: a thread that holds a lock of this list takes only locks further down.
//
// 1. writer_lock    The write connection. A word, which no thread waits for except for microseconds
//                   (`try_lock_for_statement`) and at shutdown. Held while statements run.
// 2. reader_roles   Roles and circuits of the readers. Senders only try it.
// 3. reader_slot    The request that a reader runs. One mutex each, never two at once.
// 4. request_queue  The waiting requests. One mutex each, never two at once. Taken under 2 when a
//                   circuit opens or closes.
// 5. admission      The shares of peers. Taken under 4.
//
// Leaf locks, under which no other lock of the engine is taken: write_queue (the requests that
// run), write_fence (its reason), disk_monitor (its sample), alert_log, slow_log, reader_pool (the
// wait for a lease), cursor_table (taken under 1 by `worker_signals::wal_pinned`, and under
// `open_cursor::stepping`, which the request that steps a cursor holds and none waits for).
// The locks of `backups/` and `background_refresh` are outside this list: the engine never calls
// them.
//
// Under 2 to 5 and the leaf locks, but for `stepping`, no statement runs and no function of the
// host is called. A request is answered under 2 when a circuit opens.

#pragma once

#include "engine/call_admission.hpp"
#include "engine/database_file.hpp"
#include "engine/disk_monitor.hpp"
#include "engine/engine_counters.hpp"
#include "engine/one_shot_timer.hpp"
#include "engine/read/reader_pool.hpp"
#include "engine/read/reader_set.hpp"
#include "engine/read/snapshot_sweeper.hpp"
#include "engine/request_queues.hpp"
#include "engine/watchdog.hpp"
#include "engine/worker_signals.hpp"
#include "engine/write/checkpointer.hpp"
#include "engine/write/commit_recovery.hpp"
#include "engine/write/write_fence.hpp"
#include "engine/write/write_grouping.hpp"
#include "engine/write/write_queue.hpp"
#include "engine/write/writer_lock.hpp"
#include "engine/write/writer_wake_up.hpp"

#include <memory>
#include <string_view>

namespace dbengine::engine {

/// An open database: the parts that run its requests, without any actor.
///
/// Each part owns one piece of state and refers only to the parts it was built with, which precede
/// it in this class. Actors, the facade's threads and tests call the parts.
/// Thread safety: any thread.
/// Ownership: shared by the facade, the supervisor and the workers.
class engine {
public:
  /// Checks the options and opens the database, so that the reason of a failure reaches the caller.
  /// Throws `error`.
  engine(std::string_view url, options o);
  /// Sets the messages to the workers, before any worker runs.
  void start(worker_signals s) { signals_ = std::move(s); }

  const options& opts() const noexcept { return *options_; }
  call_admission& calls() noexcept { return calls_; }
  database_file& file() noexcept { return file_; }
  disk_monitor& disk() noexcept { return disk_; }
  engine_counters& counters() noexcept { return counters_; }
  request_queues& queues() noexcept { return queues_; }
  reader_pool& leases() noexcept { return leases_; }
  write_fence& fence() noexcept { return fence_; }
  writer_lock& writer() noexcept { return lock_; }
  checkpointer& checkpoints() noexcept { return checkpoints_; }
  commit_recovery& recovery() noexcept { return recovery_; }
  snapshot_sweeper& sweeper() noexcept { return sweeper_; }
  write_queue& writes() noexcept { return writes_; }
  reader_set& reads() noexcept { return reads_; }
  watchdog& supervision() noexcept { return watchdog_; }

  // -- shutdown, in this order, after `calls().stop_accepting()` ----------------------------------

  /// Waits until the queues are empty and no worker runs; false at the deadline. A host that holds
  /// the write connection and runs nothing is not waited for, nor is the caller's own thread.
  bool wait_drained(sqlite::clock::time_point deadline);
  /// Answers the queued requests and interrupts those that run.
  void cancel_requests();
  /// Called after the workers have ended: closes the leases, the write connection and the file. If
  /// a thread is still in a connection then, that thread closes it when it returns.
  void close(sqlite::clock::time_point deadline, sqlite::clock::time_point last_moment);

private:
  void close_writer(sqlite::connection& c);

  const std::shared_ptr<const options> options_;
  worker_signals signals_;
  call_admission calls_;
  database_file file_;
  disk_monitor disk_;
  engine_counters counters_;
  request_queues queues_;
  one_shot_timer watchdog_timer_;
  reader_pool leases_;
  write_fence fence_;
  writer_wake_up wake_up_;
  write_grouping grouping_;
  writer_lock lock_;
  checkpointer checkpoints_;
  commit_recovery recovery_;
  snapshot_sweeper sweeper_;
  write_queue writes_;
  reader_set reads_;
  watchdog watchdog_;
};

} // namespace dbengine::engine
