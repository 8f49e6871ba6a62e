// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/read/reader_set.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <algorithm>

namespace dbengine::engine {

namespace {

// A request that a reader has popped: counted as running for its peer until `end`.
class popped_request {
public:
  popped_request(request_queue& from, const request& r) : from_(&from), request_(&r) {}
  ~popped_request() { end(); }
  popped_request(const popped_request&) = delete;
  popped_request& operator=(const popped_request&) = delete;

  void end() noexcept {
    if (from_ != nullptr)
      from_->done(*request_);
    from_ = nullptr;
  }

private:
  request_queue* from_;
  const request* request_;
};

reader_slots make_slots(const options& o) {
  reader_slots slots;
  const int readers = o.num_workers + std::min(o.num_workers, defaults::spare_readers);
  for (int i = 0; i <= readers; ++i) {
    slots.push_back(std::make_unique<reader_slot>());
    slots.back()->role = i < o.num_workers ? reader_role::active
                         : i < readers     ? reader_role::spare
                                           : reader_role::maintenance;
  }
  return slots;
}

} // namespace

reader_set::reader_set(const parts& p)
    : p_(p), slots_(make_slots(p.opts)), roles_(slots_, p.queues, p.opts.num_workers),
      wake_ups_(slots_, p.signals) {}

void reader_set::submit(request_ptr r) {
  p_.calls.check_process();
  p_.calls.check_accepting();
  r->queued = sqlite::clock::now();
  auto& queue = p_.queues.reads;
  const bool of_peer = r->peer != 0;
  queue.push(std::move(r));
  // A request that its peer may not run yet is found by the reader that finishes one of the peer's.
  if ((!of_peer || queue.has_work()) && !wake_ups_.wake_any() && queue.peers_running() != 0)
    help_other_peers();
  p_.watchdog_timer.arm();
}

void reader_set::submit_maintenance(request_ptr r) {
  p_.calls.check_process();
  p_.calls.check_accepting();
  r->queued = sqlite::clock::now();
  p_.queues.maintenance.push(std::move(r));
  wake_ups_.wake(slots_.size() - 1);
  p_.watchdog_timer.arm();
}

// -- the life of a reader -------------------------------------------------------------------------

bool reader_set::accept_wake_up(std::size_t i) noexcept {
  if (is_active(i) || is_maintenance(i))
    return true;
  wake_ups_.set_asleep(i);
  // Checked again: a thread that made the reader active in between found it awake and sent nothing.
  return slots_[i]->role.load(std::memory_order_seq_cst) == reader_role::active;
}

bool reader_set::has_work(std::size_t i) noexcept {
  const auto& queue = queue_of(i);
  return queue.has_work() || !wake_ups_.fall_asleep(i, queue);
}

void reader_set::opened(std::size_t i) noexcept {
  if (is_active(i))
    p_.file.reader_opened();
}

std::uint64_t reader_set::started(std::size_t i) {
  auto& s = *slots_[i];
  if (s.role == reader_role::retired)
    roles_.return_to_work(i);
  std::uint64_t life = 0;
  {
    const base::scoped_lock lock(s.mutex);
    life = ++s.life;
    wake_ups_.set_asleep(i);
    s.alive.store(true);
  }
  if (!p_.queues.reads.empty())
    wake_ups_.wake_any();
  if (is_maintenance(i) && !p_.queues.maintenance.empty())
    wake_ups_.wake(i);
  return life;
}

void reader_set::failed(std::size_t i, std::uint64_t life) {
  {
    auto& s = *slots_[i];
    const base::scoped_lock lock(s.mutex);
    if (s.life != life)
      return;
    s.alive.store(false);
  }
  if (!p_.queues.reads.empty())
    wake_ups_.wake_any();
}

void reader_set::help_other_peers() {
  if (roles_.promote_spare_for_others())
    wake_ups_.wake_any();
}

// -- work -----------------------------------------------------------------------------------------

bool reader_set::keeps_working(std::size_t i) {
  if (is_maintenance(i))
    return true;
  if (slots_[i]->role.load(std::memory_order_acquire) == reader_role::retired)
    roles_.return_to_work(i);
  return is_active(i) && !roles_.step_down_if_surplus(i);
}

bool reader_set::drain(std::size_t i, sqlite::connection& c) {
  auto& s = *slots_[i];
  auto& queue = queue_of(i);
  // Also set at the reader's start, which is not a wake-up: a wake-up sent to a reader in a long
  // statement would help no request.
  wake_ups_.set_awake(i);
  for (;;) {
    if (!keeps_working(i)) {
      c.snapshot().drop();
      wake_ups_.set_asleep(i);
      if (!p_.queues.reads.empty())
        wake_ups_.wake_any();
      return false;
    }
    if (const auto r = queue.pop()) {
      run_request(i, c, r);
      continue;
    }
    if (wake_ups_.fall_asleep(i, queue))
      break;
  }
  c.snapshot().drop();
  const auto n = c.read_counters();
  s.counters.cache_hits.raise_to(n.cache_hits);
  s.counters.cache_misses.raise_to(n.cache_misses);
  s.counters.snapshots_reused.raise_to(n.snapshots_reused);
  s.counters.snapshots_opened.raise_to(n.snapshots_opened);
  return !is_maintenance(i) && c.transaction().is_usable();
}

void reader_set::run_request(std::size_t i, sqlite::connection& c, const request_ptr& r) {
  auto& s = *slots_[i];
  popped_request popped(queue_of(i), *r);
  if (!r->start())
    return;
  if (!is_maintenance(i) && p_.queues.reads.has_work())
    wake_ups_.wake_any(); // another reader may help
  s.set_running(r);
  const auto leave = [&] {
    s.set_running(nullptr);
    popped.end();
  };
  const auto begin = sqlite::clock::now();
  if (r->counted)
    s.counters.of(r->statistics_class()).wait.record(begin - r->queued);
  try {
    execute(i, c, *r);
  } catch (const sqlite::needs_writer&) {
    leave();
    return pass_to_writer(r);
  } catch (const error& e) {
    r->failure = e.info();
    if (e.code() == errc::fenced)
      p_.fence.raise_if_truncated();
  } catch (...) {
    const auto why = base::current_exception_info();
    leave();
    retry_or_refuse(i, r, why);
    throw;
  }
  if (r->counted) {
    const auto elapsed = sqlite::clock::now() - begin;
    p_.counters.count_answer(s.counters, *r);
    s.counters.of(r->statistics_class()).run.record(elapsed);
    p_.counters.slow.offer(r->sql, elapsed);
  }
  leave();
  r->finish();
}

void reader_set::execute(std::size_t i, sqlite::connection& c, request& r) {
  if (r.ctl.deadline.must_stop()) {
    error_info info{.code = r.ctl.deadline.stop_reason(),
                    .message = "the request was stopped before it started"};
    throw error(std::move(info));
  }
  DBENGINE_FAULT_POINT("reader.before_statement");
  if (r.what == request::kind::maintenance) {
    if (is_maintenance(i))
      c.snapshot().refresh(); // to see all commits that precede the request
    r.job(c);
  } else {
    r.ctl.results.reset();
    c.snapshot().refresh();
    std::vector<value_ref> refs;
    params_view view{&r.parameters, {}};
    if (!r.parameters.named()) {
      refs.assign(r.parameters.values().begin(), r.parameters.values().end());
      view = {nullptr, refs};
    }
    r.result = c.fetch(r.sql, view, r.ctl);
  }
  DBENGINE_FAULT_POINT("reader.after_statement");
}

void reader_set::pass_to_writer(const request_ptr& r) {
  r->wait_again();
  try {
    if (p_.file.read_only() || r->read_only)
      throw error(errc::read_only, "the statement writes, and this access is read-only");
    p_.writes.submit(r);
  } catch (const error& e) {
    r->fail(e.info());
  }
}

void reader_set::retry_or_refuse(std::size_t i, const request_ptr& r, const error_info& why) {
  slots_[i]->alive.store(false);
  r->result = {};
  if (++r->attempts >= defaults::poison_attempts) {
    error_info info{.code = errc::poison,
                    .message = "the request failed " + std::to_string(r->attempts) +
                               " workers: " + why.message};
    r->fail(std::move(info));
  } else {
    r->wait_again();
    base::retry_on_bad_alloc([&] { queue_of(i).push_front({r}); });
    p_.watchdog_timer.arm(); // no other thread checks its deadline
  }
  wake_ups_.wake_any();
}

// -- the watchdog's part --------------------------------------------------------------------------

reader_set::observation reader_set::observe(std::size_t i) const {
  const auto& s = *slots_[i];
  observation o;
  o.running = s.running();
  o.role = s.role;
  o.awake = s.alive && wake_ups_.is_awake(i) && (is_active(i) || is_maintenance(i));
  return o;
}

bool reader_set::retire(std::size_t i, const request_ptr& stuck_in) {
  const auto text = roles_.retire(i, stuck_in);
  if (text.empty())
    return false;
  base::log_limited(base::log_level::warning, "a reader is stuck", text);
  if (!p_.queues.reads.empty())
    wake_ups_.wake_any();
  return true;
}

void reader_set::stop(const error_info& why) {
  roles_.stop_reading(why);
  roles_.set_circuit(slots_.size() - 1, true, why);
}

} // namespace dbengine::engine
