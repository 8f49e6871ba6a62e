// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/checkpointer.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <optional>
#include <sqlite3.h>
#include <thread>

namespace dbengine::engine {

void secure_log(sqlite::connection& c) {
  if (!DBENGINE_MUTANT("trusts a log that was not synced"))
    c.maintenance().rewrite_wal();
}

void checkpointer::after_commit() {
  fence_->check_identity(lock_->connection());
  record_commits(true);
  run_if_due();
}

void checkpointer::record_commits(bool any) noexcept {
  commits_seen_.store(lock_->connection().commits(), std::memory_order_relaxed);
  if (any)
    disk_->record_commit();
}

void checkpointer::run_if_due() {
  auto& c = lock_->connection();
  const int pages = c.snapshot().commits().wal_pages();
  if (pages < wal_pages_before_)
    next_checkpoint_ = defaults::checkpoint_pages; // the WAL was restarted
  wal_pages_before_ = pages;
  if (pages >= next_checkpoint_) {
    // If a long reader pins the WAL, the next commit does not retry: after as many pages more.
    next_checkpoint_ = pages + defaults::checkpoint_pages;
    try {
      if (pages >= defaults::checkpoint_restart_pages) {
        restart_wal(pages);
      } else {
        leases_->recall();
        run(c, checkpoint_mode::passive);
      }
    } catch (const error& e) {
      // The commit is safe in the WAL, and a later checkpoint retries. The log says why the WAL
      // grows.
      base::log_limited(base::log_level::warning, "a checkpoint failed",
                        "checkpoint: " + to_string(e.info()));
    }
  }
  timer_.arm_if_idle();
}

void checkpointer::restart_wal(int pages) {
  if (run_unless_pinned(checkpoint_mode::restart, defaults::restart_patience).complete)
    return;
  // The longer the WAL, the rarer the attempts, so that a long-lived snapshot costs the writer
  // little.
  next_checkpoint_ = pages + std::max(defaults::checkpoint_pages, pages / 4);
  if (signals_->wal_pinned && signals_->wal_pinned(file_->wal_bytes()))
    next_checkpoint_ = pages + defaults::checkpoint_pages; // the snapshot is about to be closed
  base::log_limited(base::log_level::warning, "the WAL is pinned",
                    "the WAL has " + std::to_string(pages) +
                        " pages and cannot be restarted: a cursor, a transaction that "
                        "reads, a backup or another process keeps an old snapshot");
}

checkpoint_result checkpointer::run(sqlite::connection& c, checkpoint_mode mode) {
  if (mode != checkpoint_mode::passive)
    leases_->recall();
  // SQLite waits this long for a reader that stays in its snapshot; the next commit retries.
  sqlite::request_control patience(std::chrono::milliseconds(100), {});
  const sqlite::connection::request_scope r(c, patience);
  if (fence_->current() == write_fence::level::unresolved)
    secure_log(c);
  try {
    if (mode >= checkpoint_mode::restart) {
      // Once all frames are copied, new snapshots read the file alone and do not pin the WAL.
      // Without this step, snapshots taken since the recall would pin it for as long as readers
      // arrive.
      c.maintenance().checkpoint(checkpoint_mode::passive);
      leases_->recall();
    }
    auto result = c.maintenance().checkpoint(mode);
    counters_->checkpoints.add();
    return result;
  } catch (const error& e) {
    if (e.info().extended_code != SQLITE_IOERR_FSYNC)
      throw;
    try {
      secure_log(c);
    } catch (const error& still) { // no checkpoint until it succeeds
      fence_->raise_unresolved(still.message());
    }
    throw;
  }
}

checkpoint_result checkpointer::run_unless_pinned(checkpoint_mode mode,
                                                  std::chrono::milliseconds patience) {
  auto& c = lock_->connection();
  std::optional<sqlite::clock::time_point> give_up;
  for (;;) {
    leases_->recall();
    const auto copied = run(c, checkpoint_mode::passive);
    if (copied.complete)
      return run(c, mode);
    // A short read that began before the last commit: with more threads than cores there is nearly
    // always one. The first checkpoint does the work; `patience` starts after it.
    if (!give_up)
      give_up = sqlite::clock::now() + patience;
    if (sqlite::clock::now() >= *give_up)
      return copied;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool checkpointer::run_when_idle() {
  // The timer stays armed: otherwise a thread that arms it would start a second chain of messages.
  if (!lock_->try_lock_for_worker())
    return calls_->accepting();
  auto& c = lock_->connection();
  bool again = false;
  try {
    if (c.commits() != commits_at_idle_) {
      commits_at_idle_ = c.commits();
      again = true; // a commit since the last time
    } else if (auto why = c.files().check_identity(); !why.empty()) {
      fence_->raise_permanently(std::move(why));
    } else {
      again = !run_unless_pinned(checkpoint_mode::truncate, {}).complete;
      if (!again)
        c.maintenance().release_memory();
    }
  } catch (const error& e) {
    base::log_limited(base::log_level::warning, "a checkpoint failed",
                      "idle checkpoint: " + to_string(e.info()));
  } catch (...) {
    timer_.disarm();
    lock_->fail(base::current_exception_info());
    throw;
  }
  // While the lock is held: the next thread that commits arms the timer again.
  if (!again)
    timer_.disarm();
  lock_->unlock();
  return again && calls_->accepting();
}

} // namespace dbengine::engine
