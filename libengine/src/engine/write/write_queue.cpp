// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/write_queue.hpp"

#include "base/error_map.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <thread>

namespace dbengine::engine {

write_queue::write_queue(const parts& p) : p_(p) {
  hooks_.before_answer = [this](request& r) { count_answer(r); };
  hooks_.check_file = [this](sqlite::connection& c) { p_.fence.check_identity(c); };
  hooks_.resolve_failed_commit = [this](sqlite::connection& c, error_info why) {
    return p_.recovery.resolve_failed_commit(c, std::move(why));
  };
}

void write_queue::submit(request_ptr r) {
  p_.calls.check_process();
  p_.calls.check_accepting();
  if (p_.file.read_only())
    throw error(errc::read_only, "the engine is read-only");
  p_.fence.check();
  r->queued = sqlite::clock::now();
  p_.queue.push(std::move(r));
  p_.wake_up.send();
  p_.watchdog_timer.arm();
}

void write_queue::run_on_this_thread(const request_ptr& r) {
  std::vector<request_ptr> group;
  try {
    group.push_back(r);
  } catch (...) { // the request is in no list yet: its sender gets this exception
    p_.lock.unlock();
    throw;
  }
  r->queued = sqlite::clock::now();
  r->on_senders_thread.store(true, std::memory_order_relaxed);
  try {
    run_group(std::move(group));
    p_.counters.writer.inline_writes.add();
    p_.checkpoints.run_if_due();
  } catch (...) { // the request is answered or queued, and the writer is restarted
    r->on_senders_thread.store(false, std::memory_order_relaxed);
    return p_.lock.fail(base::current_exception_info());
  }
  p_.lock.unlock();
  p_.sweeper.arm();
}

void write_queue::drain() {
  p_.wake_up.mark_received();
  if (!p_.lock.try_lock_for_worker()) {
    if (p_.lock.is_shut()) // another thread's failure, whose message was lost
      throw error(errc::unavailable, "the write connection failed");
    return; // the holder wakes the writer when it unlocks
  }
  p_.lock.count_turn();
  try {
    for (;;) {
      p_.grouping.wait_for_group();
      auto group = p_.queue.pop_group(defaults::group_max_requests, defaults::group_max_bytes);
      if (group.empty())
        break;
      if (group.front()->what != request::kind::acquire_writer)
        run_queued_group(std::move(group));
      else if (auto& r = *group.front(); r.start() && r.finish())
        return; // its sender holds the lock now
    }
  } catch (...) {
    p_.lock.fail(base::current_exception_info());
    throw;
  }
  p_.lock.unlock();
  p_.sweeper.arm();
}

void write_queue::run_queued_group(std::vector<request_ptr> group) {
  p_.grouping.begin_group(group.size());
  run_group(std::move(group));
  p_.lock.check_sound();
  p_.grouping.end_group();
  p_.checkpoints.run_if_due();
}

void write_queue::set_running(std::vector<request_ptr> group) {
  const base::scoped_lock lock(mutex_);
  running_ = std::move(group);
}

std::vector<request_ptr> write_queue::running() const {
  const base::scoped_lock lock(mutex_);
  return running_;
}

void write_queue::run_group(std::vector<request_ptr> group) {
  base::retry_on_bad_alloc([&] { set_running(group); }); // first: the next steps may take long
  try {
    p_.recovery.ensure_writable();
  } catch (const error& e) {
    set_running({});
    for (const auto& r : group)
      r->fail(e.info());
    return;
  } catch (...) { // no member has run
    set_running({});
    p_.queue.push_front(group);
    p_.watchdog_timer.arm();
    throw;
  }
  const auto now = sqlite::clock::now();
  for (const auto& r : group)
    p_.counters.writer.of(r->statistics_class()).wait.record(now - r->queued);
  write_group g(p_.lock.connection(), hooks_);
  try {
    g.run(std::move(group));
  } catch (...) {
    const auto why = base::current_exception_info();
    add_counters(g);
    group_failed(g, why);
    throw;
  }
  add_counters(g);
  p_.checkpoints.record_commits(g.counts().commits > 0);
}

void write_queue::add_counters(const write_group& g) {
  set_running({});
  const auto& t = g.counts();
  auto& w = p_.counters.writer;
  w.commits.add(t.commits);
  w.groups.add(t.groups);
  w.grouped.add(t.grouped);
  w.largest_group.raise_to(t.largest);
  w.rerun.add(t.rerun);
}

void write_queue::count_answer(request& r) {
  if (r.failure)
    p_.disk.record_failure(*r.failure);
  p_.counters.count_answer(p_.counters.writer, r);
}

void write_queue::group_failed(const write_group& g, const error_info& why) {
  // All of this precedes the rollback: the commit record still shows the group's own commit.
  const auto open = base::retry_on_bad_alloc([&] { return g.unanswered(); });
  std::vector<bool> committed;
  std::vector<request_ptr> again;
  base::retry_on_bad_alloc([&] { // a request that got lost here would never be answered
    committed.resize(open.size());
    again.reserve(open.size());
  });
  for (std::size_t i = 0; i < open.size(); ++i)
    committed[i] = g.committed(open[i]);
  p_.lock.connection().transaction().rollback();
  for (std::size_t i = 0; i < open.size(); ++i) {
    const auto& r = open[i];
    if (finish_failed_member(g, r, committed[i], why))
      continue;
    base::retry_on_bad_alloc([&] { r->copy_batch(); });
    r->wait_again();
    r->isolated = r->isolated || !g.blamed() || g.blamed() == r;
    again.push_back(r);
  }
  p_.queue.push_front(again);
  p_.watchdog_timer.arm(); // no other thread checks their deadlines
}

bool write_queue::finish_failed_member(const write_group& g, const request_ptr& r, bool committed,
                                       const error_info& why) {
  const auto finish = [&] {
    count_answer(*r);
    r->finish();
    return true;
  };
  const bool runs = r->now() == request::state::running;
  if (committed && runs) {
    // The commit record has advanced: a member with its result is done, even though the worker
    // failed.
    const bool complete = r->what == request::kind::maintenance && g.job_done();
    if (!r->failure && r->result.index() == 0 && !complete)
      r->failure = error_info{.code = errc::outcome_unknown,
                              .outcome = outcome::unknown,
                              .message = "the writer failed in the middle of several commits: " +
                                         why.message};
    return finish();
  }
  // Its commit failed and is not resolved. The commit may reappear, so the member must not run
  // again, nor be reported as not run.
  if (runs && r->failure && r->failure->code == errc::fenced)
    return finish();
  r->failure.reset();
  r->result = {};
  const bool blamed = !g.blamed() || g.blamed() == r;
  if (!runs || !blamed || ++r->attempts < defaults::poison_attempts)
    return false;
  r->failure = error_info{.code = errc::poison,
                          .outcome = outcome::rolled_back,
                          .message = "the request failed " + std::to_string(r->attempts) +
                                     " workers: " + why.message};
  return finish();
}

void write_queue::open_circuit(const error_info& why) {
  close_queue(p_.queue,
              {.code = errc::unavailable,
               .message = "the writer failed too often, its circuit is open: " + why.message});
}

} // namespace dbengine::engine
