// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Engine core: deadlines, circuits, fences, and the end.

#include "engine/engine.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"

#include <algorithm>

namespace dbengine::engine {

namespace {

// Past its deadline for longer than an interrupt takes.
bool stuck(const request& r, sqlite::clock::time_point now) {
  return r.deadline != sqlite::clock::time_point::max() &&
         now >= r.deadline + defaults::interrupt_grace;
}

std::string milliseconds(sqlite::clock::duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}

std::string described(const request& r) {
  constexpr std::size_t most = 80;
  if (r.sql.empty())
    return r.what == request::kind::transaction ? "a transaction request" : "a maintenance request";
  return "request \"" + (r.sql.size() > most ? r.sql.substr(0, most) + "…" : r.sql) + "\"";
}

std::string stalled_note(const request& r, sqlite::clock::time_point now) {
  return "stalled for " + milliseconds(now - r.deadline) + " in " + described(r);
}

} // namespace

// -- the watch ------------------------------------------------------------------------------------------

bool engine::watch() {
  // Armed all the while: who armed it meanwhile would start a second chain of ticks beside this one.
  if (look_around())
    return true;
  watch_armed_.store(false, std::memory_order_seq_cst);
  // Who came since the look saw it armed.
  return look_around() && !watch_armed_.exchange(true, std::memory_order_seq_cst);
}

bool engine::look_around() {
  const auto now = sqlite::clock::now();
  for (auto* q : {&writes_, &reads_, &upkeep_})
    for (const auto& r : q->expire(now)) {
      const bool cancelled = r->cancelled();
      error_info info{.code = cancelled ? errc::cancelled : errc::timeout,
                      .message = cancelled ? "cancelled while it waited"
                                           : "the deadline passed while it waited"};
      r->fail(std::move(info));
    }
  // A worker that does not come back from code SQLite cannot interrupt: its callers are answered in its place.
  // (Waiting ones, too: the rest of a group behind a statement that stands still is in no queue any more.)
  const auto late = [&](const request_ptr& r) {
    // One of a group that has not begun: nothing has to be interrupted, and it need not wait for its turn to be told.
    const bool waits = r->now() == request::state::waiting;
    const bool cancelled = waits && r->cancelled();
    if (r->on_senders_thread.load(std::memory_order_relaxed) ||
        !(cancelled || stuck(*r, now) || (waits && now >= r->deadline)))
      return;
    if (const auto outcome = r->abandon()) {
      const auto code = cancelled ? errc::cancelled : errc::timeout;
      r->ctl.deadline.kill(code);
      r->refuse({.code = code,
                 .outcome = *outcome,
                 .message = cancelled ? "cancelled while it waited"
                            : waits
                                ? "the deadline passed while it waited"
                                : "the deadline passed and the statement cannot be interrupted"});
    }
  };
  // The gate after the queues: what was taken out of one and is in no list yet has its holder.
  bool busy = !writes_.empty() || !reads_.empty() || !upkeep_.empty() || held_by_somebody();
  std::vector<request_ptr> writing;
  {
    const std::lock_guard lock(current_mutex_);
    writing = current_writes_;
  }
  for (const auto& r : writing) {
    late(r);
    busy = busy || r->now() == request::state::running || r->now() == request::state::waiting;
    if (stuck(*r, now) && stuck_write_ != r.get()) {
      stuck_write_ = r.get();
      base::log_limited(base::log_level::error, "the writer is stuck",
                        "the writer is stuck in " + described(*r) +
                            "; it has SQLite's write lock and cannot be replaced: what waits is "
                            "answered at its deadline until it comes back");
      tell_stuck("writer", *r);
    }
  }
  watch_gate(now);
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    auto& s = *readers_[i];
    request_ptr r;
    {
      const std::lock_guard lock(s.mutex);
      r = s.current;
    }
    // Between the queue and its work, a request is in neither.
    busy = busy || (s.alive && s.scheduled && reader_works(i));
    if (!r || s.part == reader_part::retired)
      continue;
    late(r);
    busy = true;
    if (stuck(*r, now) && s.part != reader_part::upkeep)
      retire_reader(i, r);
  }
  if (reads_.peers_under_way() != 0)
    help_others();
  if (!busy)
    held_since_.store(0, std::memory_order_relaxed);
  return busy;
}

// A caller's thread that sits in the write connection is in no group: it is seen by nothing moving.
void engine::watch_gate(sqlite::clock::time_point now) {
  std::uint64_t moves = writer_counts_.commits.get();
  for (const auto& c : writer_counts_.classes)
    moves += c.count.get();
  const bool held = held_by_somebody();
  if (!held)
    held_since_.store(0, std::memory_order_relaxed);
  else if (moves != held_at_ || held_since_.load(std::memory_order_relaxed) == 0)
    held_since_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  held_at_ = moves;
}

// -- stuck readers --------------------------------------------------------------------------------------

void engine::retire_reader(std::size_t i, const request_ptr& stuck_in) {
  const auto name = [](std::size_t k) { return "reader " + std::to_string(k + 1); };
  std::string text = name(i) + " is stuck in " + described(*stuck_in);
  {
    const std::lock_guard lock(parts_mutex_);
    const std::lock_guard current(readers_[i]->mutex);
    if (readers_[i]->current != stuck_in)
      return; // it came back at this moment
    readers_[i]->part.store(reader_part::retired, std::memory_order_release);
    const auto spare = std::find_if(readers_.begin(), readers_.end(), [](const auto& s) {
      return s->part == reader_part::spare && s->alive;
    });
    if (spare != readers_.end()) {
      (*spare)->part.store(reader_part::active, std::memory_order_seq_cst);
      text += "; " + name(static_cast<std::size_t>(spare - readers_.begin())) + " takes its place";
    } else {
      text += "; no spare reader is left to take its place";
    }
    judge_readers({.code = errc::unavailable, .message = text});
  }
  base::log_limited(base::log_level::warning, "a reader is stuck", text);
  tell_stuck(name(i), *stuck_in);
  if (!reads_.empty())
    wake_reader();
}

void engine::tell_stuck(std::string worker, const request& r) const {
  escalate({.what = escalation_kind::worker_stuck,
            .worker = std::move(worker),
            .reason = {.code = errc::timeout, .message = "stuck in " + described(r)}});
}

void engine::reader_is_back(std::size_t i) {
  const std::lock_guard lock(parts_mutex_);
  const auto working = std::count_if(readers_.begin(), readers_.end(), [](const auto& s) {
    return s->part == reader_part::active && !s->resting;
  });
  const bool missing = working < options_->num_workers;
  readers_[i]->part.store(missing ? reader_part::active : reader_part::spare,
                          std::memory_order_release);
  judge_readers({.code = errc::unavailable, .message = "all readers that work rest"});
  base::log_limited(base::log_level::info, "a reader came back",
                    "reader " + std::to_string(i + 1) + " came back" +
                        (missing ? "" : " and is a spare one now"));
}

bool engine::reader_active(std::size_t i) const noexcept {
  return readers_[i]->part.load(std::memory_order_acquire) == reader_part::active;
}

// -- circuits and fences --------------------------------------------------------------------------------

void engine::open_circuit(bool writer_side, const error_info& why) {
  error_info info{.code = errc::unavailable,
                  .message = std::string("the ") + (writer_side ? "writer" : "readers") +
                             " failed too often and rest: " + why.message};
  for (const auto& r : (writer_side ? writes_ : reads_).close(info))
    r->fail(info);
}

void engine::close_circuit(bool writer_side) {
  (writer_side ? writes_ : reads_).open();
}

void engine::reader_circuit(std::size_t i, bool open, const error_info& why) {
  const std::lock_guard lock(parts_mutex_);
  readers_[i]->resting = open;
  if (!is_upkeep(i))
    return judge_readers(why);
  if (!open)
    return upkeep_.open();
  const error_info info{.code = errc::unavailable,
                        .message = "upkeep failed too often and rests: " + why.message};
  for (const auto& r : upkeep_.close(info))
    r->fail(info);
}

void engine::judge_readers(const error_info& why) {
  bool working = false;
  bool resting = false;
  for (const auto& s : readers_)
    if (s->part == reader_part::active)
      (s->resting ? resting : working) = true;
  const bool stop = resting && !working;
  if (stop && !reading_stopped_)
    open_circuit(false, why);
  else if (!stop && reading_stopped_)
    close_circuit(false);
  reading_stopped_ = stop;
}

void engine::escalate(const escalation& e) const noexcept {
  try {
    if (options_->on_escalation)
      options_->on_escalation(e);
  } catch (...) {
    try {
      base::log(base::log_level::error,
                "on_escalation failed: " + to_string(base::current_exception_info()));
    } catch (...) { // no memory for the text
    }
  }
}

void engine::supervision_lost(const error_info& why) {
  open_circuit(true, why);
  open_circuit(false, why);
  reader_circuit(readers_.size() - 1, true, why);
  escalate({.what = escalation_kind::supervision_lost, .worker = "supervisor", .reason = why});
}

std::string engine::fenced() const {
  const std::lock_guard lock(fence_mutex_);
  return fence_;
}

void engine::fence_where_cut() {
  if (const char* why = where_.truncation ? where_.truncation->failure() : nullptr)
    fence(why);
}

void engine::fence(std::string why) {
  fence_with(fencing::for_good, std::move(why));
}

void engine::fence_with(fencing f, std::string why) {
  {
    const std::lock_guard lock(fence_mutex_);
    if (fencing_.load(std::memory_order_relaxed) >= f)
      return;
    fence_ = why;
    fencing_.store(f, std::memory_order_seq_cst);
  }
  base::log(base::log_level::error, "writing is fenced: " + why);
  escalate({.what = escalation_kind::writing_fenced,
            .worker = "writer",
            .reason = {.code = errc::fenced, .message = std::move(why)}});
}

void engine::unfence() {
  {
    const std::lock_guard lock(fence_mutex_);
    if (fencing_.load(std::memory_order_relaxed) != fencing::unsettled)
      return;
    fence_.clear();
    fencing_.store(fencing::none, std::memory_order_seq_cst);
  }
  base::log(base::log_level::info, "the failed commit is settled, writing goes on");
  escalate({.what = escalation_kind::writing_resumed, .worker = "writer"});
}

engine::worker_view engine::view_writer() const {
  const std::lock_guard lock(current_mutex_);
  worker_view v;
  const auto now = sqlite::clock::now();
  for (const auto& r : current_writes_) {
    v.running = v.running || r->now() == request::state::running;
    if (!v.stalled && r->now() != request::state::answered && stuck(*r, now)) {
      v.stalled = true;
      v.note = stalled_note(*r, now);
    }
  }
  const auto since = held_since_.load(std::memory_order_relaxed);
  if (current_writes_.empty() && since != 0 && held_by_somebody()) {
    const auto held = now - sqlite::clock::time_point(sqlite::clock::duration(since));
    v.running = true;
    if (held > defaults::interrupt_grace)
      v.note = "a caller's thread has held the write connection for " + milliseconds(held);
  }
  return v;
}

engine::worker_view engine::view_reader(std::size_t i) const {
  auto& s = *readers_[i];
  worker_view v;
  v.spare = s.part == reader_part::spare;
  const std::lock_guard lock(s.mutex);
  if (!s.current)
    return v;
  const auto now = sqlite::clock::now();
  v.running = true;
  v.stalled = stuck(*s.current, now);
  if (v.stalled)
    v.note = stalled_note(*s.current, now);
  return v;
}

sqlite::clock::duration engine::stuck_for() const {
  const auto now = sqlite::clock::now();
  const auto none = sqlite::clock::duration(0);
  auto writer = none;
  {
    const std::lock_guard lock(current_mutex_);
    for (const auto& r : current_writes_)
      if (stuck(*r, now))
        writer = std::max(writer, now - r->deadline);
  }
  auto readers = sqlite::clock::duration::max();
  for (std::size_t i = 0; i + 1 < readers_.size(); ++i) {
    auto& s = *readers_[i];
    const std::lock_guard lock(s.mutex);
    const bool in_it = s.current && stuck(*s.current, now);
    readers = std::min(readers, in_it ? now - s.current->deadline : none);
  }
  return std::max(writer, readers);
}

bool engine::wait_drained(sqlite::clock::time_point deadline) {
  for (;;) {
    bool busy = !writes_.empty() || !reads_.empty() || !upkeep_.empty();
    for (std::size_t i = 0; i < readers_.size() && !busy; ++i)
      busy = view_reader(i).running;
    busy = busy || (!read_only_ && works_for_somebody());
    if (!busy)
      return true;
    if (sqlite::clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void engine::answer_rest() {
  const error_info info{.code = errc::shut_down,
                        .message = "the engine shut down before the request ran"};
  for (auto* q : {&writes_, &reads_, &upkeep_})
    for (const auto& r : q->close(info))
      r->fail(info);
  std::vector<request_ptr> running;
  base::retry_on_bad_alloc([&] { // first: nobody may wait for memory with a lock
    const std::lock_guard lock(current_mutex_);
    running = current_writes_;
    running.reserve(running.size() + readers_.size());
  });
  for (const auto& s : readers_) {
    const std::lock_guard lock(s->mutex);
    if (s->current)
      running.push_back(s->current);
  }
  for (const auto& r : running)
    r->ctl.deadline.kill(errc::shut_down);
}

void engine::leave_behind() {
  std::vector<request_ptr> left;
  base::retry_on_bad_alloc([&] {
    const std::lock_guard lock(current_mutex_);
    left = current_writes_;
    left.reserve(left.size() + readers_.size());
  });
  for (const auto& s : readers_) {
    const std::lock_guard lock(s->mutex);
    if (s->current)
      left.push_back(s->current);
  }
  for (const auto& r : left) {
    if (r->on_senders_thread.load(std::memory_order_relaxed))
      continue;
    if (const auto outcome = r->abandon())
      r->refuse({.code = errc::shut_down,
                 .outcome = *outcome,
                 .message = "the engine shut down and the statement cannot be interrupted"});
  }
}

void engine::close_files(sqlite::clock::time_point last_moment) {
  closing_.store(true, std::memory_order_seq_cst);
  while (works_for_somebody() && sqlite::clock::now() < last_moment)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  close_writer();
}

// Whoever gets the gate closes; a thread that has it comes here when it gives it back.
void engine::close_writer() noexcept {
  for (auto from : {gate_free, gate_shut}) {
    std::uint32_t expected = from;
    if (!gate_.compare_exchange_strong(expected, gate_held, std::memory_order_seq_cst))
      continue;
    if (writer_ && fencing_.load(std::memory_order_relaxed) != fencing::for_good) {
      try {
        writer_->own_sql().run("PRAGMA optimize");
        checkpoint(*writer_, checkpoint_mode::truncate);
      } catch (...) {
        const auto why = base::current_exception_info();
        base::try_with_retries([&] {
          base::log(base::log_level::warning, "the checkpoint at shutdown: " + to_string(why));
        });
      }
    }
    writer_.reset();
    keeps_backup_.reset();
    remove_unused();
    read_lock_.reset();
    lock_.release();
    gate_.store(gate_shut, std::memory_order_seq_cst);
    return;
  }
}

} // namespace dbengine::engine
