// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/engine.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/check_options.hpp"

#include <algorithm>
#include <thread>

namespace dbengine::engine {

namespace {

std::shared_ptr<const options> checked(options o) {
  check_options(o);
  return std::make_shared<const options>(std::move(o));
}

std::size_t lease_count(const options& o) {
  if (o.max_leases != 0)
    return o.max_leases;
  return std::max<std::size_t>(8, 2 * std::size_t{std::thread::hardware_concurrency()});
}

} // namespace

engine::engine(std::string_view url, options o)
    : options_(checked(std::move(o))), calls_(*options_), file_(url, options_), disk_(file_),
      queues_(*options_), watchdog_timer_(signals_.schedule_watchdog, calls_),
      leases_(lease_count(*options_), [this] { return file_.open_reader(); }),
      fence_(*options_, file_.location()), wake_up_(signals_), grouping_(*options_, queues_.writes),
      lock_({.file = file_,
             .waiting = queues_.writes,
             .grouping = grouping_,
             .wake_up = wake_up_,
             .calls = calls_,
             .signals = signals_,
             .counters = counters_.writer},
            {.closing = [this](sqlite::connection& c) { close_writer(c); },
             .closed = [this] { file_.release(); }}),
      checkpoints_(lock_, fence_, leases_, disk_, file_, signals_, calls_, counters_.writer),
      recovery_(lock_, fence_, checkpoints_, disk_, file_),
      sweeper_(leases_, lock_, file_.read_only(), signals_, calls_),
      writes_({.calls = calls_,
               .file = file_,
               .disk = disk_,
               .counters = counters_,
               .fence = fence_,
               .wake_up = wake_up_,
               .grouping = grouping_,
               .lock = lock_,
               .checkpoints = checkpoints_,
               .recovery = recovery_,
               .sweeper = sweeper_,
               .queue = queues_.writes,
               .watchdog_timer = watchdog_timer_}),
      reads_({.opts = *options_,
              .calls = calls_,
              .file = file_,
              .counters = counters_,
              .fence = fence_,
              .writes = writes_,
              .queues = queues_,
              .signals = signals_,
              .watchdog_timer = watchdog_timer_}),
      watchdog_({.opts = *options_,
                 .queues = queues_,
                 .lock = lock_,
                 .writer_counters = counters_.writer,
                 .writes = writes_,
                 .reads = reads_,
                 .timer = watchdog_timer_}) {
  lock_.start_with(file_.open());
}

bool engine::wait_drained(sqlite::clock::time_point deadline) {
  const auto busy = [this] {
    if (!queues_.empty())
      return true;
    for (std::size_t i = 0; i < reads_.count(); ++i)
      if (reads_.observe(i).running)
        return true;
    return !file_.read_only() && lock_.is_held_by_another();
  };
  while (busy()) {
    if (sqlite::clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

void engine::cancel_requests() {
  const error_info info{.code = errc::shut_down,
                        .message = "the engine shut down before the request ran"};
  for (auto* q : queues_.all())
    close_queue(*q, info);
  for (const auto& r : watchdog_.running_requests())
    r->ctl.deadline.kill(errc::shut_down);
}

void engine::close(sqlite::clock::time_point deadline, sqlite::clock::time_point last_moment) {
  leases_.close(deadline);
  lock_.close(last_moment);
}

// Not after a permanent fence: the file no longer belongs to this engine.
void engine::close_writer(sqlite::connection& c) {
  if (fence_.current() == write_fence::level::permanent)
    return;
  try {
    c.own_sql().run("PRAGMA optimize");
    checkpoints_.run(c, checkpoint_mode::truncate);
  } catch (...) {
    const auto why = base::current_exception_info();
    base::try_with_retries([&] {
      base::log(base::log_level::warning, "the checkpoint at shutdown failed: " + to_string(why));
    });
  }
}

} // namespace dbengine::engine
