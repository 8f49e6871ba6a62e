// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "engine/engine_counters.hpp"
#include "engine/one_shot_timer.hpp"
#include "engine/read/reader_set.hpp"
#include "engine/request_queues.hpp"
#include "engine/write/write_queue.hpp"
#include "engine/write/writer_lock.hpp"

#include <atomic>
#include <string>
#include <vector>

namespace dbengine::engine {

/// The activity of a worker at this moment.
struct worker_view {
  bool running = false;
  bool stalled = false;
  bool spare = false;
  std::string note; ///< for a request that takes too long
};

/// Answers requests past their deadline in the place of a worker that cannot, and replaces stuck
/// readers.
/// Thread safety: any thread may request a view; one thread at a time scans.
class watchdog {
public:
  /// The parts of the engine that are scanned. All must outlive the object.
  struct parts {
    const options& opts;
    request_queues& queues;
    const writer_lock& lock;
    const worker_counters& writer_counters;
    write_queue& writes;
    reader_set& reads;
    one_shot_timer& timer;
  };

  explicit watchdog(const parts& p) : p_(p) {}

  /// Called by the supervisor, on its timer. Returns true to be called again.
  bool scan();
  /// The supervisor has failed: no worker will be restarted. Waiting and new requests are answered
  /// with `errc::unavailable`.
  void supervision_lost(const error_info& why);

  /// Called at shutdown: answers the callers of workers that cannot be interrupted.
  void abandon_requests();
  /// The requests that workers run at this moment, and the other members of the writer's group.
  std::vector<request_ptr> running_requests() const;

  worker_view view_writer() const;
  worker_view view_reader(std::size_t i) const;
  /// For how long the writer, or every reader, has been in statements that cannot be interrupted.
  /// Zero while the writer and at least one reader work.
  sqlite::clock::duration stuck_for() const;

private:
  bool scan_all();
  void expire_queued(sqlite::clock::time_point now);
  bool scan_writes(sqlite::clock::time_point now);
  void scan_lock(sqlite::clock::time_point now);
  bool scan_reader(std::size_t i, sqlite::clock::time_point now);
  void report_stuck(std::string worker, const request& r) const;

  parts p_;
  /// The time since which one holder has kept the write connection without a result; 0 while the
  /// connection is free or results arrive.
  std::atomic<sqlite::clock::rep> held_since_{0};
  // Used by the scanning thread.
  std::uint64_t results_at_scan_ = 0;
  const request* stuck_write_ = nullptr; // the last one that was logged
};

} // namespace dbengine::engine
