// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/watchdog.hpp"

#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/escalate.hpp"

#include <algorithm>

namespace dbengine::engine {

namespace {

std::string milliseconds(sqlite::clock::duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

std::string stall_note(const request& r, sqlite::clock::time_point now) {
  return "stalled for " + milliseconds(now - r.deadline) + " in " + r.describe();
}

// Answers the caller of a worker that stays in code which SQLite cannot interrupt. A member of a
// group that has not begun is answered as well: it is in no queue any more, and nothing needs to be
// interrupted for it.
void answer_if_overdue(request& r, sqlite::clock::time_point now) {
  if (r.on_senders_thread.load(std::memory_order_relaxed))
    return;
  const bool waits = r.now() == request::state::waiting;
  const bool cancelled = waits && r.cancelled();
  if (!cancelled && !r.is_stuck(now) && !(waits && now >= r.deadline))
    return;
  const auto outcome = r.abandon();
  if (!outcome)
    return;
  const auto code = cancelled ? errc::cancelled : errc::timeout;
  r.ctl.deadline.kill(code);
  r.refuse({.code = code,
            .outcome = *outcome,
            .message = cancelled ? "cancelled while it waited"
                       : waits   ? "the deadline passed while it waited"
                                 : "the deadline passed and the statement cannot be interrupted"});
}

} // namespace

bool watchdog::scan() {
  // The timer stays armed during the scan: otherwise a thread that arms it would start a second
  // chain of messages.
  if (scan_all())
    return true;
  p_.timer.disarm();
  // Repeated: a request queued during the scan may have found the timer armed.
  return scan_all() && p_.timer.rearm();
}

bool watchdog::scan_all() {
  const auto now = sqlite::clock::now();
  expire_queued(now);
  // The lock is checked after the queues: the holder of a request that was popped and is in no list
  // yet holds the lock.
  bool busy = !p_.queues.empty() || p_.lock.is_held();
  busy = scan_writes(now) || busy;
  scan_lock(now);
  for (std::size_t i = 0; i < p_.reads.count(); ++i)
    busy = scan_reader(i, now) || busy;
  if (p_.queues.reads.peers_running() != 0)
    p_.reads.help_other_peers();
  if (!busy)
    held_since_.store(0, std::memory_order_relaxed);
  return busy;
}

void watchdog::expire_queued(sqlite::clock::time_point now) {
  for (auto* q : p_.queues.all())
    for (const auto& r : q->expire(now)) {
      const bool cancelled = r->cancelled();
      error_info info{.code = cancelled ? errc::cancelled : errc::timeout,
                      .message = cancelled ? "cancelled while it waited"
                                           : "the deadline passed while it waited"};
      r->fail(std::move(info));
    }
}

bool watchdog::scan_writes(sqlite::clock::time_point now) {
  bool busy = false;
  for (const auto& r : p_.writes.running()) {
    answer_if_overdue(*r, now);
    busy = busy || r->now() == request::state::running || r->now() == request::state::waiting;
    if (!r->is_stuck(now) || stuck_write_ == r.get())
      continue;
    stuck_write_ = r.get();
    base::log_limited(
        base::log_level::error, "the writer is stuck",
        "the writer is stuck in " + r->describe() +
            "; it has SQLite's write lock and cannot be replaced: waiting requests are "
            "answered at their deadlines until it returns");
    report_stuck("writer", *r);
  }
  return busy;
}

// A caller's thread that holds the write connection is in no group: only the lack of results
// reveals it.
void watchdog::scan_lock(sqlite::clock::time_point now) {
  std::uint64_t results = p_.writer_counters.commits.get();
  for (const auto& c : p_.writer_counters.classes)
    results += c.count.get();
  if (!p_.lock.is_held())
    held_since_.store(0, std::memory_order_relaxed);
  else if (results != results_at_scan_ || held_since_.load(std::memory_order_relaxed) == 0)
    held_since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  results_at_scan_ = results;
}

bool watchdog::scan_reader(std::size_t i, sqlite::clock::time_point now) {
  const auto o = p_.reads.observe(i);
  if (!o.running || o.role == reader_role::retired)
    return o.awake;
  answer_if_overdue(*o.running, now);
  if (o.running->is_stuck(now) && o.role != reader_role::maintenance &&
      p_.reads.retire(i, o.running))
    report_stuck("reader " + std::to_string(i + 1), *o.running);
  return true;
}

void watchdog::report_stuck(std::string worker, const request& r) const {
  escalate(p_.opts, {.what = escalation_kind::worker_stuck,
                     .worker = std::move(worker),
                     .reason = {.code = errc::timeout, .message = "stuck in " + r.describe()}});
}

void watchdog::supervision_lost(const error_info& why) {
  p_.writes.open_circuit(why);
  p_.reads.stop(why);
  escalate(p_.opts,
           {.what = escalation_kind::supervision_lost, .worker = "supervisor", .reason = why});
}

std::vector<request_ptr> watchdog::running_requests() const {
  return base::retry_on_bad_alloc([this] {
    auto running = p_.writes.running();
    for (std::size_t i = 0; i < p_.reads.count(); ++i)
      if (auto r = p_.reads.observe(i).running)
        running.push_back(std::move(r));
    return running;
  });
}

void watchdog::abandon_requests() {
  for (const auto& r : running_requests()) {
    if (r->on_senders_thread.load(std::memory_order_relaxed))
      continue;
    if (const auto outcome = r->abandon())
      r->refuse({.code = errc::shut_down,
                 .outcome = *outcome,
                 .message = "the engine shut down and the statement cannot be interrupted"});
  }
}

// -- views ----------------------------------------------------------------------------------------

worker_view watchdog::view_writer() const {
  const auto group = p_.writes.running();
  worker_view v;
  const auto now = sqlite::clock::now();
  for (const auto& r : group) {
    v.running = v.running || r->now() == request::state::running;
    if (!v.stalled && r->now() != request::state::answered && r->is_stuck(now)) {
      v.stalled = true;
      v.note = stall_note(*r, now);
    }
  }
  const auto since = held_since_.load(std::memory_order_relaxed);
  if (group.empty() && since != 0 && p_.lock.is_held()) {
    const auto held = now - sqlite::clock::time_point(sqlite::clock::duration(since));
    v.running = true;
    if (held > defaults::interrupt_grace)
      v.note = "a caller's thread has held the write connection for " + milliseconds(held);
  }
  return v;
}

worker_view watchdog::view_reader(std::size_t i) const {
  const auto o = p_.reads.observe(i);
  worker_view v;
  v.spare = o.role == reader_role::spare;
  if (!o.running)
    return v;
  const auto now = sqlite::clock::now();
  v.running = true;
  v.stalled = o.running->is_stuck(now);
  if (v.stalled)
    v.note = stall_note(*o.running, now);
  return v;
}

sqlite::clock::duration watchdog::stuck_for() const {
  const auto now = sqlite::clock::now();
  const auto none = sqlite::clock::duration(0);
  const auto overdue = [&](const request_ptr& r) {
    return r && r->is_stuck(now) ? now - r->deadline : none;
  };
  auto writer = none;
  for (const auto& r : p_.writes.running())
    writer = std::max(writer, overdue(r));
  auto readers = sqlite::clock::duration::max();
  for (std::size_t i = 0; i < p_.reads.count(); ++i)
    if (!p_.reads.is_maintenance(i))
      readers = std::min(readers, overdue(p_.reads.observe(i).running));
  return std::max(writer, readers);
}

} // namespace dbengine::engine
