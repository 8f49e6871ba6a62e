// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Engine core: the queue of reads and what readers do with it.

#include "engine/engine.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/held_by_one_peer.hpp"

#include <algorithm>

namespace dbengine::engine {

namespace {

// A request that a reader has taken: its peer has one more under way for as long.
class taken {
public:
  taken(request_queue& from, const request& r) : from_(&from), request_(&r) {}
  ~taken() { end(); }
  taken(const taken&) = delete;
  taken& operator=(const taken&) = delete;

  void end() noexcept {
    if (from_ != nullptr)
      from_->done(*request_);
    from_ = nullptr;
  }

private:
  request_queue* from_;
  const request* request_;
};

} // namespace

std::unique_ptr<sqlite::connection> engine::open_reader() const {
  return std::make_unique<sqlite::connection>(where_, sqlite::connection::role::reader, options_);
}

bool engine::take_wake_up(std::size_t i) noexcept {
  if (reader_works(i))
    return true;
  auto& slot = *readers_[i];
  // Who made it active meanwhile found it woken, and sent nothing.
  slot.scheduled.store(false, std::memory_order_seq_cst);
  return slot.part.load(std::memory_order_seq_cst) == reader_part::active;
}

bool engine::work_waits(std::size_t i) noexcept {
  auto& slot = *readers_[i];
  const auto& queue = is_upkeep(i) ? upkeep_ : reads_;
  if (queue.has_work())
    return true;
  slot.scheduled.store(false, std::memory_order_seq_cst);
  return queue.has_work() && !slot.scheduled.exchange(true, std::memory_order_seq_cst);
}

std::uint64_t engine::reader_started(std::size_t i) {
  auto& s = *readers_[i];
  if (s.part == reader_part::retired)
    reader_is_back(i);
  std::uint64_t life = 0;
  {
    const std::lock_guard lock(s.mutex);
    life = ++s.life;
    s.scheduled.store(false);
    s.alive.store(true);
  }
  if (!reads_.empty())
    wake_reader();
  if (is_upkeep(i) && !upkeep_.empty())
    wake_upkeep();
  return life;
}

void engine::reader_failed(std::size_t i, std::uint64_t life) {
  {
    auto& s = *readers_[i];
    const std::lock_guard lock(s.mutex);
    if (s.life != life)
      return;
    s.alive.store(false);
  }
  if (!reads_.empty())
    wake_reader();
}

void engine::help_others() {
  if (!reads_.has_work() || DBENGINE_MUTANT("lets one peer have every reader"))
    return;
  const std::unique_lock lock(parts_mutex_, std::try_to_lock);
  if (!lock)
    return; // a sender waits for nobody who has it: the watch looks again
  const auto spare = std::find_if(readers_.begin(), readers_.end(), [](const auto& s) {
    return s->part == reader_part::spare && s->alive;
  });
  if (spare == readers_.end() || !held_by_one_peer(readers_, reader_part::active))
    return;
  one_had_all_.store(sqlite::clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  (*spare)->part.store(reader_part::active, std::memory_order_seq_cst);
  wake_reader();
}

// One more works than should, for a peer had them all: not any longer where for a while another one than that peer's was left.
bool engine::steps_back(std::size_t i) {
  const auto one_too_many = [this] {
    return std::count_if(readers_.begin(), readers_.end(), [](const auto& s) {
             return s->part == reader_part::active;
           }) > options_->num_workers;
  };
  if (!one_too_many())
    return false;
  const auto now = sqlite::clock::now();
  if (now.time_since_epoch().count() - one_had_all_.load(std::memory_order_relaxed) <
      sqlite::clock::duration(defaults::spare_reader_stays).count())
    return false;
  const std::lock_guard lock(parts_mutex_);
  if (!one_too_many())
    return false;
  if (held_by_one_peer(readers_, reader_part::active, readers_[i].get())) {
    one_had_all_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    return false;
  }
  readers_[i]->part.store(reader_part::spare, std::memory_order_release);
  return true;
}

bool engine::drain_reads(std::size_t i, sqlite::connection& c) {
  auto& slot = *readers_[i];
  const bool upkeep = is_upkeep(i);
  auto& queue = upkeep ? upkeep_ : reads_;
  const auto set_current = [&slot](request_ptr r) {
    const std::lock_guard lock(slot.mutex);
    slot.current = std::move(r);
  };
  const auto replaced = [&] {
    if (upkeep)
      return false;
    if (slot.part.load(std::memory_order_acquire) == reader_part::retired)
      reader_is_back(i);
    return slot.part.load(std::memory_order_relaxed) != reader_part::active || steps_back(i);
  };
  // Also where nobody woke it, at its start: a wake-up that is sent to a reader with a long statement would help nobody.
  slot.scheduled.store(true, std::memory_order_seq_cst);
  for (;;) {
    if (replaced()) {
      c.snapshot().drop();
      slot.scheduled.store(false, std::memory_order_seq_cst);
      if (!reads_.empty())
        wake_reader();
      return false;
    }
    auto r = queue.pop();
    if (!r) {
      slot.scheduled.store(false, std::memory_order_seq_cst);
      if (!queue.has_work() || slot.scheduled.exchange(true, std::memory_order_seq_cst))
        break;
      continue;
    }
    taken mine(queue, *r);
    if (!r->start())
      continue;
    if (!upkeep && reads_.has_work())
      wake_reader(); // another one may help
    set_current(r);
    const auto begin = sqlite::clock::now();
    if (r->counted)
      slot.counts.of(r->statistics_class()).wait.record(begin - r->queued);
    try {
      if (r->ctl.deadline.must_stop()) {
        error_info info{.code = r->ctl.deadline.stop_reason(),
                        .message = "it was stopped before it started"};
        throw error(std::move(info));
      }
      DBENGINE_FAULT_POINT("reader.before_statement");
      if (r->what == request::kind::maintenance) {
        if (upkeep)
          c.snapshot().refresh(); // what was committed before it came, it sees
        r->task(c);
      } else {
        r->ctl.results.reset();
        c.snapshot().refresh();
        std::vector<value_ref> refs;
        params_view view{&r->parameters, {}};
        if (!r->parameters.named()) {
          refs.assign(r->parameters.values().begin(), r->parameters.values().end());
          view = {nullptr, refs};
        }
        r->result = c.fetch(r->sql, view, r->ctl);
      }
      DBENGINE_FAULT_POINT("reader.after_statement");
    } catch (const sqlite::needs_writer&) {
      set_current(nullptr);
      mine.end();
      r->wait_again();
      try {
        if (read_only_ || r->read_only)
          throw error(errc::read_only, "the statement writes, and this access is read-only");
        submit_write(r);
      } catch (const error& e) {
        r->fail(e.info());
      }
      continue;
    } catch (const error& e) {
      r->failure = e.info();
      if (e.code() == errc::fenced)
        fence_where_cut();
    } catch (...) {
      const auto why = base::current_exception_info();
      set_current(nullptr);
      mine.end();
      slot.alive.store(false);
      r->result = {};
      if (++r->attempts >= defaults::poison_attempts) {
        error_info info{.code = errc::poison,
                        .message = "the request failed " + std::to_string(r->attempts) +
                                   " workers: " + why.message};
        r->fail(std::move(info));
      } else {
        r->wait_again();
        base::retry_on_bad_alloc([&] { queue.push_front({r}); });
        arm(watch_armed_, &wakers::arm_watch); // nobody else looks at its deadline
      }
      wake_reader();
      throw;
    }
    if (r->counted) {
      const auto elapsed = sqlite::clock::now() - begin;
      count_answer(slot.counts, *r);
      slot.counts.of(r->statistics_class()).run.record(elapsed);
      slow_.offer(r->sql, elapsed);
    }
    set_current(nullptr);
    mine.end();
    r->finish();
  }
  c.snapshot().drop();
  const auto n = c.read_counters();
  slot.counts.cache_hits.raise_to(n.cache_hits);
  slot.counts.cache_misses.raise_to(n.cache_misses);
  slot.counts.snapshots_reused.raise_to(n.snapshots_reused);
  slot.counts.snapshots_opened.raise_to(n.snapshots_opened);
  return !upkeep && c.is_usable();
}

bool engine::sweep() {
  // Armed all the while: who arms it meanwhile would start a second chain of ticks beside this one. A new pool begins unasked.
  sweep_armed_.store(true, std::memory_order_seq_cst);
  const auto all = [this] {
    const bool leases = leases_.sweep();
    return sweep_writer() || leases;
  };
  if (all())
    return true;
  sweep_armed_.store(false, std::memory_order_seq_cst);
  // Who opened a snapshot since the look saw it armed.
  return all() && !sweep_armed_.exchange(true, std::memory_order_seq_cst);
}

// The write connection's snapshot, like those of the leases, goes when it was not used from one sweep to the next.
bool engine::sweep_writer() noexcept {
  if (read_only_)
    return false;
  if (!take_gate(gate_brief))
    return gate_.load(std::memory_order_relaxed) !=
           gate_shut; // a writer that opens has no snapshot
  if (turns_ == turns_at_sweep_)
    writer_->snapshot().drop();
  turns_at_sweep_ = turns_;
  const bool open = writer_->snapshot().is_open();
  give_back_writer();
  return open;
}

} // namespace dbengine::engine
