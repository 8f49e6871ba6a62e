// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Engine core: the queue of writes, its groups, and checkpoints.

#include "engine/engine.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "connection/wal_rewrite.hpp"

#include <algorithm>
#include <optional>
#include <sqlite3.h>

namespace dbengine::engine {

void engine::after_commit() {
  if (auto why = writer_->files().check_identity(); !why.empty()) {
    fence(why);
    error_info info{.code = errc::fenced, .outcome = outcome::unknown, .message = why};
    throw error(std::move(info));
  }
  committed();
  checkpoint_where_due();
}

void engine::committed() noexcept {
  commits_seen_.store(writer_->commits(), std::memory_order_relaxed);
  if (no_room_.load(std::memory_order_relaxed)) // there is room again
    no_room_.store(false, std::memory_order_relaxed);
}

void engine::checkpoint_where_due() {
  const int pages = writer_->wal_pages();
  if (pages < wal_pages_before_)
    next_checkpoint_ = defaults::checkpoint_pages; // the WAL began anew
  wal_pages_before_ = pages;
  if (pages >= next_checkpoint_) {
    // Not again at the next commit, where a long reader keeps the WAL from beginning anew: after as many pages more.
    next_checkpoint_ = pages + defaults::checkpoint_pages;
    // Past the second bound the WAL must start anew, which needs every snapshot gone; below it a passive one does.
    const bool restart = pages >= defaults::checkpoint_restart_pages;
    try {
      if (!restart) {
        leases_.recall();
        checkpoint(*writer_, checkpoint_mode::passive);
      } else if (!checkpoint_unless_pinned(checkpoint_mode::restart, defaults::restart_patience)
                      .complete) {
        // Ever rarer, so that a snapshot that stays costs the writer little.
        next_checkpoint_ = pages + std::max(defaults::checkpoint_pages, pages / 4);
        if (wakers_.wal_pinned && wakers_.wal_pinned(wal_bytes()))
          next_checkpoint_ = pages + defaults::checkpoint_pages; // what kept it ends
        base::log_limited(base::log_level::warning, "the WAL is pinned",
                          "the WAL has " + std::to_string(pages) +
                              " pages and cannot begin anew: a cursor, a transaction that "
                              "reads, a backup or another process keeps an old snapshot");
      }
    } catch (const error& e) {
      // The commit is safe in the WAL; the next one tries again. The log says why the WAL grows.
      base::log_limited(base::log_level::warning, "a checkpoint failed",
                        "checkpoint: " + to_string(e.info()));
    }
  }
  if (!checkpoint_armed_.load(std::memory_order_relaxed))
    arm(checkpoint_armed_, &wakers::arm_checkpoint);
}

namespace {

// After a sync failed: a checkpoint must copy nothing that a later sync only seems to have brought to the disk.
void secure_log(sqlite::connection& c) {
  if (!DBENGINE_MUTANT("trusts a log that was not synced"))
    sqlite::rewrite_wal(c);
}

} // namespace

checkpoint_result engine::checkpoint(sqlite::connection& c, checkpoint_mode mode) {
  if (mode != checkpoint_mode::passive)
    leases_.recall();
  // A reader that stays in its snapshot is waited for this long and no longer; the next commit tries again.
  sqlite::request_control patience(std::chrono::milliseconds(100), {});
  const sqlite::connection::request_scope r(c, patience);
  if (fencing_.load(std::memory_order_relaxed) == fencing::unsettled)
    secure_log(c);
  try {
    if (mode >= checkpoint_mode::restart) {
      // Once all is copied, snapshots that begin now read the file alone and are in nobody's way; else those that began since the
      // recall would hold the WAL as long as readers keep coming.
      c.checkpoint(checkpoint_mode::passive);
      leases_.recall();
    }
    auto result = c.checkpoint(mode);
    writer_counts_.checkpoints.add();
    return result;
  } catch (const error& e) {
    if (e.info().extended_code != SQLITE_IOERR_FSYNC)
      throw;
    try {
      secure_log(c);
    } catch (const error& still) { // no checkpoint until it is
      fence_with(fencing::unsettled, still.message());
    }
    throw;
  }
}

checkpoint_result engine::checkpoint_unless_pinned(checkpoint_mode mode,
                                                   std::chrono::milliseconds patience) {
  std::optional<sqlite::clock::time_point> give_up;
  for (;;) {
    leases_.recall();
    const auto moved = checkpoint(*writer_, checkpoint_mode::passive);
    if (moved.complete)
      return checkpoint(*writer_, mode);
    // A short read that began before the last commit: with more threads than cores there is nearly always one. The first
    // look does the work; the waiting begins after it.
    if (!give_up)
      give_up = sqlite::clock::now() + patience;
    if (sqlite::clock::now() >= *give_up)
      return moved;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool engine::idle_checkpoint() {
  // Armed all the while: who armed it meanwhile would start a second chain of ticks beside this one.
  if (!take_gate(gate_held))
    return accepting();
  bool again = false;
  try {
    if (writer_->commits() != commits_at_idle_) {
      commits_at_idle_ = writer_->commits();
      again = true; // not quiet yet: once more
    } else if (auto why = writer_->files().check_identity(); !why.empty()) {
      fence(std::move(why));
    } else {
      again = !checkpoint_unless_pinned(checkpoint_mode::truncate, {}).complete;
      if (!again)
        writer_->release_memory();
    }
  } catch (const error& e) {
    base::log_limited(base::log_level::warning, "a checkpoint failed",
                      "idle checkpoint: " + to_string(e.info()));
  } catch (...) {
    checkpoint_armed_.store(false, std::memory_order_seq_cst);
    writer_broken(base::current_exception_info());
    throw;
  }
  // With the gate: who commits after this one arms it anew.
  if (!again)
    checkpoint_armed_.store(false, std::memory_order_seq_cst);
  give_back_writer();
  return again && accepting();
}

error_info engine::settle(sqlite::connection& c, error_info why) {
  note_failure(why);
  if (DBENGINE_MUTANT("does not settle"))
    return why;
  // Where the index of the WAL got no memory, the commit is in the WAL all the same.
  const bool may_come_back = why.code == errc::io || (why.extended_code & 0xff) == SQLITE_NOMEM;
  if (!may_come_back || where_.memory)
    return why;
  c.rollback();
  const auto attempt = [](const char* what, auto&& f) {
    try {
      return f();
    } catch (...) { // whatever it was, the commit is not settled
      base::log(base::log_level::error, std::string(what) + " after an I/O error failed: " +
                                            to_string(base::current_exception_info()));
      return false;
    }
  };
  const bool doubtful = why.extended_code == SQLITE_IOERR_FSYNC ||
                        fencing_.load(std::memory_order_relaxed) == fencing::unsettled;
  const bool synced = !doubtful || attempt("writing the log again", [&] {
    secure_log(c);
    return true;
  });
  // The second way is for a WAL that a reader keeps from being emptied: a commit overwrites the failed one's frames.
  if (synced && (attempt("the checkpoint",
                         [&] { return checkpoint(c, checkpoint_mode::truncate).complete; }) ||
                 attempt("the commit", [&] {
                   c.commit_noop();
                   return true;
                 }))) {
    unfence();
    return why;
  }
  const auto text =
      "a commit failed and could not be settled, it may come back when the file is opened "
      "again: " +
      why.message;
  fence_with(fencing::unsettled, text);
  return {.code = errc::fenced,
          .outcome = outcome::unknown,
          .extended_code = why.extended_code,
          .message = text};
}

void engine::ready_to_write() {
  if (auto moved = writer_->files().check_identity_if_stale(); !moved.empty())
    fence(std::move(moved));
  if (fencing_.load(std::memory_order_relaxed) == fencing::none)
    return;
  check_fence();
  auto why = settle(*writer_, {.code = errc::io, .message = "tried again"});
  if (why.code == errc::fenced) {
    why.outcome = outcome::not_run;
    throw error(std::move(why));
  }
}

// -- the writer -------------------------------------------------------------------------------------

// Those answered together come back together, one after the other: a group that starts with the first of them makes the others
// wait for a whole commit more. So their number is waited for, as long as they keep coming.
void engine::gather() noexcept {
  if (options_->synchronous != synchronous::full)
    return; // a commit is cheaper than the wait
  auto before = writes_.size();
  for (int idle = 0; idle < defaults::gather_yields && before < last_group_; ++idle) {
    std::this_thread::yield();
    if (const auto now = writes_.size(); now > before) {
      before = now;
      idle = 0;
    }
  }
}

void engine::drain_writes() {
  flush_pending_.store(false, std::memory_order_seq_cst);
  std::uint32_t gate = gate_free;
  if (!gate_.compare_exchange_strong(gate, gate_held, std::memory_order_seq_cst)) {
    if (gate == gate_shut) // broken in another thread's hands, and its word of that was lost
      throw error(errc::unavailable, "the write connection broke");
    return; // who has it wakes the writer when it gives it back
  }
  ++turns_;
  try {
    for (;;) {
      gather();
      auto group = writes_.pop_group(defaults::group_max_requests, defaults::group_max_bytes);
      if (group.empty())
        break;
      if (group.front()->what == request::kind::acquire_writer) {
        auto& r = *group.front();
        if (r.start() && r.finish())
          return; // the gate is its sender's now
        continue;
      }
      const auto size = group.size();
      last_group_ = size;
      run_group(std::move(group));
      check_writer();
      if (size > 1)
        grouped_mode_.store(defaults::grouped_mode_patience, std::memory_order_relaxed);
      else if (const auto m = grouped_mode_.load(std::memory_order_relaxed); m > 0)
        grouped_mode_.store(m - 1, std::memory_order_relaxed);
      checkpoint_where_due();
    }
  } catch (...) {
    writer_broken(base::current_exception_info());
    throw;
  }
  give_back_writer();
  arm_sweep();
}

void engine::run_group(std::vector<request_ptr> group) {
  const auto show = [this](std::vector<request_ptr> current) {
    const std::lock_guard lock(current_mutex_);
    current_writes_ = std::move(current);
  };
  base::retry_on_bad_alloc([&] { show(group); }); // first: what comes may take long
  try {
    ready_to_write();
  } catch (const error& e) {
    show({});
    for (const auto& r : group)
      r->fail(e.info());
    return;
  } catch (...) { // none of them has run
    show({});
    writes_.push_front(group);
    arm(watch_armed_, &wakers::arm_watch);
    throw;
  }
  const auto now = sqlite::clock::now();
  for (const auto& r : group)
    writer_counts_.of(r->statistics_class()).wait.record(now - r->queued);
  write_group g(*writer_, hooks_);
  const auto book = [&] {
    show({});
    const auto& t = g.counts();
    writer_counts_.commits.add(t.commits);
    writer_counts_.groups.add(t.groups);
    writer_counts_.grouped.add(t.grouped);
    writer_counts_.largest_group.raise_to(t.largest);
    writer_counts_.rerun.add(t.rerun);
  };
  try {
    g.run(std::move(group));
  } catch (...) {
    const auto why = base::current_exception_info();
    book();
    group_failed(g, why);
    throw;
  }
  const bool any = g.counts().commits > 0;
  book();
  if (any)
    committed();
  commits_seen_.store(writer_->commits(), std::memory_order_relaxed);
}

void engine::group_failed(const write_group& g, const error_info& why) {
  // Before the rollback: the record tells of the group's own commit.
  const auto open = base::retry_on_bad_alloc([&] { return g.unanswered(); });
  std::vector<bool> committed;
  std::vector<request_ptr> again;
  base::retry_on_bad_alloc([&] { // what gets lost here is never answered
    committed.resize(open.size());
    again.reserve(open.size());
  });
  for (std::size_t i = 0; i < open.size(); ++i)
    committed[i] = g.committed(open[i]);
  writer_->rollback();
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto& r = open[i];
    if (committed[i] && r->now() == request::state::running) {
      // The commit record moved: what has its result is done, whatever became of the worker.
      const bool complete = r->what == request::kind::maintenance && g.task_done();
      if (!r->failure && r->result.index() == 0 && !complete) {
        error_info info{.code = errc::outcome_unknown,
                        .outcome = outcome::unknown,
                        .message =
                            "the writer failed in the middle of several commits: " + why.message};
        r->failure = std::move(info);
      }
      count_answer(writer_counts_, *r);
      r->finish();
      continue;
    }
    if (r->failure && r->failure->code == errc::fenced && r->now() == request::state::running) {
      // Its commit failed and is not settled: it may come back, so that it must not run again, nor be told that it did not run.
      count_answer(writer_counts_, *r);
      r->finish();
      continue;
    }
    r->failure.reset();
    r->result = {};
    const bool blamed = !g.blamed() || g.blamed() == r;
    if (r->now() == request::state::running && blamed &&
        ++r->attempts >= defaults::poison_attempts) {
      error_info info{.code = errc::poison,
                      .outcome = outcome::rolled_back,
                      .message = "the request failed " + std::to_string(r->attempts) +
                                 " workers: " + why.message};
      r->failure = std::move(info);
      count_answer(writer_counts_, *r);
      r->finish();
      continue;
    }
    base::retry_on_bad_alloc([&] { r->own_sets(); });
    r->wait_again();
    r->alone = r->alone || blamed;
    again.push_back(r);
  }
  writes_.push_front(again);
  arm(watch_armed_, &wakers::arm_watch); // nobody else looks at their deadlines
}

} // namespace dbengine::engine
