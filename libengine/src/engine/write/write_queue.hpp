// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "base/thread_annotations.hpp"
#include "engine/call_admission.hpp"
#include "engine/read/snapshot_sweeper.hpp"
#include "engine/request_queues.hpp"
#include "engine/write/checkpointer.hpp"
#include "engine/write/commit_recovery.hpp"
#include "engine/write/write_group.hpp"
#include "engine/write/write_grouping.hpp"
#include "engine/write/writer_lock.hpp"
#include "engine/write/writer_wake_up.hpp"

#include <vector>

namespace dbengine::engine {

/// Admits write requests and runs them in groups on the write connection.
/// Thread safety: any thread, unless a function says otherwise.
/// Ownership: shares the requests that run.
class write_queue {
public:
  /// The parts of the engine that a write uses. All must outlive the object.
  struct parts {
    const call_admission& calls;
    const database_file& file;
    disk_monitor& disk;
    engine_counters& counters;
    write_fence& fence;
    writer_wake_up& wake_up;
    write_grouping& grouping;
    writer_lock& lock;
    checkpointer& checkpoints;
    commit_recovery& recovery;
    snapshot_sweeper& sweeper;
    request_queue& queue;
    one_shot_timer& watchdog_timer;
  };

  explicit write_queue(const parts& p);

  /// Queues a write. Throws as `call_admission`, `errc::read_only`, `errc::fenced` or
  /// `errc::overloaded`.
  void submit(request_ptr r);
  /// Runs a request on this thread, which holds the writer lock, and unlocks. The request is
  /// answered then, or queued if the connection failed during it.
  void run_on_this_thread(const request_ptr& r);
  /// Called by the writer, on `flush`: runs all waiting requests. An exception is the worker's
  /// failure; the requests are answered or queued again by then.
  void drain();

  /// The running requests, and the other members of their group.
  std::vector<request_ptr> running() const;
  /// The number of waiting requests, for polling.
  const std::atomic<std::size_t>& waiting() const noexcept { return p_.queue.waiting(); }

  /// The writer's circuit is open: requests are answered with `errc::unavailable`.
  void open_circuit(const error_info& why);
  void close_circuit() { p_.queue.open(); }

private:
  void set_running(std::vector<request_ptr> group);
  void run_queued_group(std::vector<request_ptr> group);
  void run_group(std::vector<request_ptr> group);
  void group_failed(const write_group& g, const error_info& why);
  /// Returns true if the member is answered, false if it must run again.
  bool finish_failed_member(const write_group& g, const request_ptr& r, bool committed,
                            const error_info& why);
  void count_answer(request& r);
  void add_counters(const write_group& g);

  parts p_;
  write_group::hooks hooks_;
  mutable base::mutex mutex_;
  std::vector<request_ptr> running_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::engine
