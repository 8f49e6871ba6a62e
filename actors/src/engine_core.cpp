// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine_core.hpp"

#include "backup_restore.hpp"
#include "error_map.hpp"
#include "fault.hpp"
#include "log.hpp"
#include "memory_vfs.hpp"

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace dbengine::detail {

namespace {

// Counted up in every forked child: an engine made before knows that it is not its own any more.
std::atomic<int> forks{0};

void count_fork() {
  forks.fetch_add(1, std::memory_order_relaxed);
}

int watch_forks() {
  static const int once = [] { return ::pthread_atfork(nullptr, nullptr, &count_fork); }();
  return once;
}

void check(const options& o) {
  const auto refuse = [](std::string text) { throw error(errc::invalid_option, std::move(text)); };
  if (o.num_workers < 1 || o.num_workers > defaults::max_num_workers)
    refuse("num_workers is " + std::to_string(o.num_workers) + ", must be 1 to " +
           std::to_string(defaults::max_num_workers));
  if (o.max_leases > 1024)
    refuse("max_leases is " + std::to_string(o.max_leases) + ", must be at most 1024");
  if (o.backup_interval < defaults::min_backup_interval)
    refuse("backup_interval is " + std::to_string(o.backup_interval.count()) +
           " ms, must be at least 1 s");
  if (o.backup_cleanup_keep_count < 1)
    refuse("backup_cleanup_keep_count is " + std::to_string(o.backup_cleanup_keep_count) +
           ", must be at least 1");
  if (o.backup_pages_per_step < 1)
    refuse("backup_pages_per_step must be at least 1");
  if (o.backup_cleanup_max_age.count() < 0)
    refuse("backup_cleanup_max_age is negative");
  if (o.busy_timeout.count() < 0 || o.backup_pause.count() < 0 || o.shutdown_timeout.count() < 0)
    refuse("busy_timeout, backup_pause and shutdown_timeout must not be negative");
  if (o.request_timeout.count() <= 0)
    refuse("request_timeout is " + std::to_string(o.request_timeout.count()) +
           " ms, must be above 0");
  if (o.max_queue == 0 || o.max_queue_bytes == 0)
    refuse("max_queue and max_queue_bytes must be above 0");
}

std::size_t lease_count(const options& o) {
  if (o.max_leases != 0)
    return o.max_leases;
  return std::max<std::size_t>(4, 2 * std::size_t{std::thread::hardware_concurrency()});
}

const options& checked(const options& o) {
  check(o);
  return o;
}

} // namespace

engine_core::engine_core(std::string_view url, options o)
    : options_(std::make_shared<const options>(checked(o))), where_(locate(url)),
      read_only_(o.read_only || where_.read_only), admission_{.max_requests = o.max_queue,
                                                              .max_bytes = o.max_queue_bytes},
      writes_(admission_), reads_(admission_),
      leases_(lease_count(o), [this] { return open_reader(); }) {
  watch_forks();
  owner_pid_ = forks.load(std::memory_order_relaxed);
  for (int i = 0; i < o.num_workers; ++i)
    readers_.push_back(std::make_unique<reader_slot>());
  hooks_.done = [this](request& r) { count_answer(writer_counts_, r); };
  hooks_.before_answers = [this](connection& c) {
    if (auto why = c.moved(); !why.empty()) {
      fence(why);
      error_info info{.code = errc::fenced, .outcome = fate::unknown, .message = why};
      throw error(std::move(info));
    }
  };
  if (where_.memory)
    memory_ = hold_memory_database(where_.filename);
  hooks_.settle = [this](connection& c) { settle(c); };
  if (read_only_) {
    if (!where_.memory)
      (void)open_reader();
    return;
  }
  if (!where_.memory) {
    // The directory must be there before a lock file is put into it.
    std::error_code ec;
    if (!std::filesystem::is_directory(where_.path.parent_path(), ec))
      throw error(errc::cannot_open, "\"" + where_.path.string() + "\": the directory \"" +
                                         where_.path.parent_path().string() + "\" does not exist");
    if (!where_.create && !std::filesystem::exists(where_.path, ec))
      throw error(errc::cannot_open,
                  "\"" + where_.path.string() + "\" does not exist (mode=rw creates nothing)");
    lock_ = file_lock(where_.path);
    clean_after_restore(where_.path);
  }
  writer_ = std::make_unique<connection>(where_, connection::role::writer, options_);
  try {
    writer_->engine_sql("PRAGMA optimize");
  } catch (const error& e) {
    if (e.code() != errc::busy)
      throw;
  }
}

engine_core::~engine_core() = default;

void engine_core::start(wakers w) {
  wakers_ = std::move(w);
}

void engine_core::admit() const {
  if (!accepting_.load(std::memory_order_relaxed))
    throw error(errc::shut_down, "the engine is shut down");
  if (forks.load(std::memory_order_relaxed) != owner_pid_)
    throw error(errc::forked, "this engine belongs to the parent process; open another one here");
}

clock::time_point engine_core::deadline_of(const request_options& o) const noexcept {
  const auto t = o.timeout.value_or(options_->request_timeout);
  return t > std::chrono::hours(24 * 365) ? clock::time_point::max() : clock::now() + t;
}

void engine_core::arm(std::atomic<bool>& flag, std::function<void()> wakers::*what) noexcept {
  if (!flag.exchange(true, std::memory_order_seq_cst) && accepting() && wakers_.*what)
    (wakers_.*what)();
}

// -- queues ---------------------------------------------------------------------------------------

void engine_core::submit_write(request_ptr r) {
  admit();
  if (read_only_)
    throw error(errc::read_only, "the engine is read-only");
  check_fence();
  r->queued = clock::now();
  writes_.push(std::move(r));
  wake_writer();
  arm(watch_armed_, &wakers::arm_watch);
}

void engine_core::submit_read(request_ptr r) {
  admit();
  r->queued = clock::now();
  reads_.push(std::move(r));
  wake_reader();
  arm(watch_armed_, &wakers::arm_watch);
}

void engine_core::wake_writer() noexcept {
  if (!flush_pending_.exchange(true, std::memory_order_seq_cst) && wakers_.flush_writer)
    wakers_.flush_writer();
}

void engine_core::wake_reader() noexcept {
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    auto& r = *readers_[i];
    if (r.alive.load(std::memory_order_relaxed) && !r.scheduled.load(std::memory_order_relaxed) &&
        !r.scheduled.exchange(true, std::memory_order_seq_cst)) {
      if (wakers_.flush_reader)
        wakers_.flush_reader(i);
      return;
    }
  }
}

// -- the gate -------------------------------------------------------------------------------------

bool engine_core::try_take_writer() noexcept {
  if (grouped_mode_.load(std::memory_order_relaxed) > 0 || !writes_.empty())
    return false;
  std::uint32_t free = 0;
  if (!gate_.compare_exchange_strong(free, 1, std::memory_order_seq_cst))
    return false;
  writer_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  return true;
}

void engine_core::give_back_writer() noexcept {
  writer_thread_.store({}, std::memory_order_relaxed);
  gate_.store(0, std::memory_order_seq_cst);
  if (!writes_.empty())
    wake_writer();
}

void engine_core::writer_broken(const error_info& why) noexcept {
  writer_thread_.store({}, std::memory_order_relaxed);
  writer_.reset(); // the gate stays held: nobody writes until the next writer has opened
  log(log_level::error, "the write connection failed: " + to_string(why));
  if (wakers_.writer_broke)
    wakers_.writer_broke(why);
}

void engine_core::open_writer() {
  if (read_only_)
    return;
  if (!writer_)
    writer_ = std::make_unique<connection>(where_, connection::role::writer, options_);
  writer_thread_.store({}, std::memory_order_relaxed);
  flush_pending_.store(false, std::memory_order_seq_cst);
  gate_.store(0, std::memory_order_seq_cst);
  if (!writes_.empty())
    wake_writer();
}

void engine_core::replace_writer() {
  writer_->rollback();
  writer_ = std::make_unique<connection>(where_, connection::role::writer, options_);
}

void engine_core::check_fence() const {
  if (fenced_.load(std::memory_order_relaxed))
    throw error(errc::fenced, "writing is stopped: " + fenced());
}

void engine_core::run_on_this_thread(const request_ptr& r) {
  r->queued = clock::now();
  try {
    run_group({r});
  } catch (...) { // dealt with: the request is answered or in the queue, the writer restarts
    return;
  }
  writer_counts_.inline_writes.add();
  checkpoint_where_due();
  give_back_writer();
}

void engine_core::after_commit() {
  if (auto why = writer_->moved(); !why.empty()) {
    fence(why);
    error_info info{.code = errc::fenced, .outcome = fate::unknown, .message = why};
    throw error(std::move(info));
  }
  commits_seen_.store(writer_->commits(), std::memory_order_relaxed);
  checkpoint_where_due();
}

void engine_core::checkpoint_where_due() {
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
      leases_.recall();
      if (restart)
        checkpoint_unless_pinned(checkpoint_mode::restart);
      else
        checkpoint(*writer_, checkpoint_mode::passive);
    } catch (const error& e) {
      // The commit is safe in the WAL; the next one tries again. The log says why the WAL grows.
      log(log_level::warning, "checkpoint: " + to_string(e.info()));
    }
  }
  if (!checkpoint_armed_.load(std::memory_order_relaxed))
    arm(checkpoint_armed_, &wakers::arm_checkpoint);
}

checkpoint_result engine_core::checkpoint(connection& c, checkpoint_mode mode) {
  if (mode != checkpoint_mode::passive)
    leases_.recall();
  // A reader that stays in its snapshot is waited for this long and no longer; the next commit tries again.
  control patience(std::chrono::milliseconds(100), {});
  const connection::running r(c, patience);
  auto result = c.checkpoint(mode);
  writer_counts_.checkpoints.add();
  return result;
}

checkpoint_result engine_core::checkpoint_unless_pinned(checkpoint_mode mode) {
  leases_.recall();
  const auto moved = checkpoint(*writer_, checkpoint_mode::passive);
  return moved.complete ? checkpoint(*writer_, mode) : moved;
}

bool engine_core::idle_checkpoint() {
  checkpoint_armed_.store(false, std::memory_order_seq_cst);
  std::uint32_t free = 0;
  if (!gate_.compare_exchange_strong(free, 1, std::memory_order_seq_cst)) {
    checkpoint_armed_.store(true, std::memory_order_seq_cst);
    return accepting();
  }
  bool again = false;
  try {
    if (writer_->commits() != commits_at_idle_) {
      commits_at_idle_ = writer_->commits();
      again = true; // not quiet yet: once more
    } else if (!writer_->moved().empty()) {
      fence(writer_->moved());
    } else {
      again = !checkpoint_unless_pinned(checkpoint_mode::truncate).complete;
    }
  } catch (const error& e) {
    log(log_level::warning, "idle checkpoint: " + to_string(e.info()));
  }
  give_back_writer();
  if (again)
    checkpoint_armed_.store(true, std::memory_order_seq_cst);
  return again && accepting();
}

void engine_core::settle(connection& c) {
  try {
    if (checkpoint(c, checkpoint_mode::truncate).complete)
      return;
  } catch (const error& e) {
    log(log_level::error, "the checkpoint after an I/O error failed: " + to_string(e.info()));
  }
  fence(
      "a commit failed with an I/O error and could not be settled; it may come back when the file is opened again");
}

// -- the writer -------------------------------------------------------------------------------------

void engine_core::drain_writes() {
  flush_pending_.store(false, std::memory_order_seq_cst);
  std::uint32_t free = 0;
  if (!gate_.compare_exchange_strong(free, 1, std::memory_order_seq_cst))
    return; // who has it wakes the writer when it gives it back
  for (;;) {
    auto group = writes_.pop_group(defaults::group_max_requests, defaults::group_max_bytes);
    if (group.empty())
      break;
    if (group.front()->what == request::kind::lend) {
      auto& r = *group.front();
      if (r.start() && r.finish())
        return; // the gate is its sender's now
      continue;
    }
    const auto size = group.size();
    run_group(std::move(group));
    if (size > 1)
      grouped_mode_.store(defaults::grouped_mode_patience, std::memory_order_relaxed);
    else if (const auto m = grouped_mode_.load(std::memory_order_relaxed); m > 0)
      grouped_mode_.store(m - 1, std::memory_order_relaxed);
    checkpoint_where_due();
  }
  give_back_writer();
}

void engine_core::run_group(std::vector<request_ptr> group) {
  if (fenced_.load(std::memory_order_relaxed)) {
    const error_info why{.code = errc::fenced, .message = "writing is stopped: " + fenced()};
    for (const auto& r : group)
      r->fail(why);
    return;
  }
  const auto now = clock::now();
  for (const auto& r : group)
    writer_counts_.of(r->statistics_class()).wait.record(now - r->queued);
  {
    const std::lock_guard lock(current_mutex_);
    current_writes_ = group;
  }
  write_group g(*writer_, hooks_);
  const auto book = [&] {
    const std::lock_guard lock(current_mutex_);
    current_writes_.clear();
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
    const auto why = current_exception_info();
    book();
    group_failed(g, why);
    writer_broken(why);
    throw;
  }
  book();
  commits_seen_.store(writer_->commits(), std::memory_order_relaxed);
}

void engine_core::group_failed(const write_group& g, const error_info& why) {
  const bool committed = g.committed();
  writer_->rollback();
  std::vector<request_ptr> again;
  for (const auto& r : g.unanswered()) {
    if (committed && r->now() == request::state::running) {
      // The commit record moved: what has its result is done, whatever became of the worker.
      if (!r->failure && r->result.index() == 0) {
        error_info info{.code = errc::outcome_unknown,
                        .outcome = fate::unknown,
                        .message =
                            "the writer failed in the middle of several commits: " + why.message};
        r->failure = std::move(info);
      }
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
                      .outcome = fate::rolled_back,
                      .message = "the request failed " + std::to_string(r->attempts) +
                                 " workers: " + why.message};
      r->failure = std::move(info);
      count_answer(writer_counts_, *r);
      r->finish();
      continue;
    }
    r->own_sets();
    r->wait_again();
    r->alone = r->alone || blamed;
    again.push_back(r);
  }
  writes_.push_front(again);
}

void engine_core::count_answer(worker_counters& w, const request& r) {
  auto& c = w.of(r.statistics_class());
  c.count.add();
  if (r.failure) {
    c.errors.add();
    if (r.failure->code == errc::timeout)
      w.timeouts.add();
  }
  std::chrono::nanoseconds elapsed{0};
  std::uint64_t rows = 0;
  if (const auto* x = std::get_if<write_result>(&r.result)) {
    elapsed = x->elapsed;
    rows = static_cast<std::uint64_t>(x->changes);
  } else if (const auto* b = std::get_if<batch_result>(&r.result)) {
    elapsed = b->elapsed;
    rows = static_cast<std::uint64_t>(b->changes);
  } else if (const auto* f = std::get_if<dbengine::rows>(&r.result)) {
    rows = f->size();
  }
  c.rows.add(rows);
  if (elapsed.count() > 0) {
    c.run.record(elapsed);
    slow_.offer(r.sql, elapsed);
  }
}

// -- readers ----------------------------------------------------------------------------------------

std::unique_ptr<connection> engine_core::open_reader() const {
  return std::make_unique<connection>(where_, connection::role::reader, options_);
}

void engine_core::reader_started(std::size_t i) {
  readers_[i]->scheduled.store(false);
  readers_[i]->alive.store(true);
  if (!reads_.empty())
    wake_reader();
}

void engine_core::reader_failed(std::size_t i) {
  readers_[i]->alive.store(false);
  if (!reads_.empty())
    wake_reader();
}

bool engine_core::drain_reads(std::size_t i, connection& c) {
  auto& slot = *readers_[i];
  const auto set_current = [&slot](request_ptr r) {
    const std::lock_guard lock(slot.mutex);
    slot.current = std::move(r);
  };
  for (;;) {
    auto r = reads_.pop();
    if (!r) {
      slot.scheduled.store(false, std::memory_order_seq_cst);
      if (reads_.empty() || slot.scheduled.exchange(true, std::memory_order_seq_cst))
        break;
      continue;
    }
    if (!r->start())
      continue;
    if (!reads_.empty())
      wake_reader(); // another one may help
    set_current(r);
    const auto begin = clock::now();
    slot.counts.of(r->statistics_class()).wait.record(begin - r->queued);
    try {
      if (r->ctl.must_stop()) {
        error_info info{.code = r->ctl.stopped(), .message = "it was stopped before it started"};
        throw error(std::move(info));
      }
      DBENGINE_FAULT_POINT("reader.before_statement");
      if (r->what == request::kind::task) {
        r->task(c);
      } else {
        c.refresh_snapshot();
        std::vector<value_ref> refs;
        params_view view{&r->parameters, {}};
        if (!r->parameters.named()) {
          refs.assign(r->parameters.values().begin(), r->parameters.values().end());
          view = {nullptr, refs};
        }
        r->result = c.fetch(r->sql, view, r->ctl);
      }
      DBENGINE_FAULT_POINT("reader.after_statement");
    } catch (const needs_writer&) {
      set_current(nullptr);
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
    } catch (...) {
      const auto why = current_exception_info();
      set_current(nullptr);
      slot.alive.store(false);
      r->result = {};
      if (++r->attempts >= defaults::poison_attempts) {
        error_info info{.code = errc::poison,
                        .message = "the request failed " + std::to_string(r->attempts) +
                                   " workers: " + why.message};
        r->fail(std::move(info));
      } else {
        r->wait_again();
        reads_.push_front({r});
      }
      wake_reader();
      throw;
    }
    const auto elapsed = clock::now() - begin;
    auto& counts = slot.counts.of(r->statistics_class());
    count_answer(slot.counts, *r);
    counts.run.record(elapsed);
    slow_.offer(r->sql, elapsed);
    set_current(nullptr);
    r->finish();
  }
  c.drop_snapshot();
  const auto n = c.count();
  slot.counts.cache_hits.raise_to(n.cache_hits);
  slot.counts.cache_misses.raise_to(n.cache_misses);
  slot.counts.snapshots_reused.raise_to(n.snapshots_reused);
  slot.counts.snapshots_opened.raise_to(n.snapshots_opened);
  return true;
}

bool engine_core::sweep() {
  sweep_armed_.store(false, std::memory_order_seq_cst);
  const bool again = leases_.sweep();
  if (again)
    sweep_armed_.store(true, std::memory_order_seq_cst);
  return again;
}

// -- supervision --------------------------------------------------------------------------------------

bool engine_core::watch() {
  watch_armed_.store(false, std::memory_order_seq_cst);
  const auto now = clock::now();
  for (auto* q : {&writes_, &reads_})
    for (const auto& r : q->expire(now)) {
      const bool cancelled = r->cancelled();
      error_info info{.code = cancelled ? errc::cancelled : errc::timeout,
                      .message = cancelled ? "cancelled while it waited"
                                           : "the deadline passed while it waited"};
      r->fail(std::move(info));
    }
  // A worker that does not come back from code SQLite cannot interrupt: its callers are answered in its place.
  const auto late = [&](const request_ptr& r) {
    if (!r || r->now() != request::state::running || now < r->deadline + defaults::interrupt_grace)
      return;
    bool running = false;
    if (r->abandon(running)) {
      r->ctl.kill(errc::timeout);
      error_info info{.code = errc::timeout,
                      .outcome = r->what == request::kind::fetch ? fate::not_run : fate::unknown,
                      .message = "the deadline passed and the statement cannot be interrupted"};
      r->refuse(info);
    }
  };
  bool busy = !writes_.empty() || !reads_.empty();
  {
    std::vector<request_ptr> running;
    {
      const std::lock_guard lock(current_mutex_);
      running = current_writes_;
    }
    busy = busy || !running.empty();
    for (const auto& r : running)
      late(r);
  }
  for (const auto& s : readers_) {
    request_ptr r;
    {
      const std::lock_guard lock(s->mutex);
      r = s->current;
    }
    busy = busy || r;
    late(r);
  }
  if (busy)
    watch_armed_.store(true, std::memory_order_seq_cst);
  return busy;
}

void engine_core::open_circuit(bool writer_side, const error_info& why) {
  error_info info{.code = errc::unavailable,
                  .message = std::string("the ") + (writer_side ? "writer" : "readers") +
                             " failed too often and rest: " + why.message};
  for (const auto& r : (writer_side ? writes_ : reads_).close(info))
    r->fail(info);
}

void engine_core::close_circuit(bool writer_side) {
  (writer_side ? writes_ : reads_).open();
}

void engine_core::reader_circuit(bool open, const error_info& why) {
  if (open) {
    if (readers_resting_.fetch_add(1) + 1 == readers_.size())
      open_circuit(false, why);
  } else if (readers_resting_.fetch_sub(1) == readers_.size()) {
    close_circuit(false);
  }
}

std::string engine_core::fenced() const {
  const std::lock_guard lock(fence_mutex_);
  return fence_;
}

void engine_core::fence(std::string why) {
  {
    const std::lock_guard lock(fence_mutex_);
    if (!fence_.empty())
      return;
    fence_ = why;
  }
  fenced_.store(true, std::memory_order_seq_cst);
  log(log_level::error, "writing is fenced: " + why);
}

engine_core::worker_view engine_core::view_writer() const {
  const std::lock_guard lock(current_mutex_);
  worker_view v;
  const auto now = clock::now();
  for (const auto& r : current_writes_) {
    v.running = v.running || r->now() == request::state::running;
    v.stalled = v.stalled || (r->now() != request::state::answered &&
                              now >= r->deadline + defaults::interrupt_grace);
  }
  return v;
}

engine_core::worker_view engine_core::view_reader(std::size_t i) const {
  auto& s = *readers_[i];
  const std::lock_guard lock(s.mutex);
  if (!s.current)
    return {};
  return {true, clock::now() >= s.current->deadline + defaults::interrupt_grace};
}

bool engine_core::wait_drained(clock::time_point deadline) {
  for (;;) {
    bool busy = !writes_.empty() || !reads_.empty();
    for (std::size_t i = 0; i < readers_.size() && !busy; ++i)
      busy = view_reader(i).running;
    busy = busy || (!read_only_ && gate_.load(std::memory_order_seq_cst) != 0);
    if (!busy)
      return true;
    if (clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void engine_core::answer_rest() {
  const error_info info{.code = errc::shut_down,
                        .message = "the engine shut down before the request ran"};
  for (auto* q : {&writes_, &reads_})
    for (const auto& r : q->close(info))
      r->fail(info);
  std::vector<request_ptr> running;
  {
    const std::lock_guard lock(current_mutex_);
    running = current_writes_;
  }
  for (const auto& s : readers_) {
    const std::lock_guard lock(s->mutex);
    if (s->current)
      running.push_back(s->current);
  }
  for (const auto& r : running)
    r->ctl.kill(errc::shut_down);
}

void engine_core::close_files() {
  if (writer_) {
    if (fenced().empty()) {
      try {
        writer_->engine_sql("PRAGMA optimize");
        checkpoint(*writer_, checkpoint_mode::truncate);
      } catch (const error& e) {
        log(log_level::warning, "the checkpoint at shutdown: " + to_string(e.info()));
      }
    }
    writer_.reset();
  }
  lock_.release();
}

// -- statistics -----------------------------------------------------------------------------------------

std::uint64_t engine_core::wal_bytes() const {
  if (where_.memory)
    return 0;
  struct stat st {};
  return ::stat((where_.path.string() + "-wal").c_str(), &st) == 0
             ? static_cast<std::uint64_t>(st.st_size)
             : 0;
}

dbengine::statistics engine_core::sample() const {
  dbengine::statistics s;
  struct merged {
    histogram::sums wait, run;
  };
  auto sums = std::make_unique<std::array<merged, request_class_count>>();
  const auto add = [&](const worker_counters& w) {
    for (std::size_t i = 0; i < request_class_count; ++i) {
      s.classes[i].count += w.classes[i].count.get();
      s.classes[i].errors += w.classes[i].errors.get();
      s.classes[i].rows += w.classes[i].rows.get();
      w.classes[i].wait.add_to((*sums)[i].wait);
      w.classes[i].run.add_to((*sums)[i].run);
    }
    s.timeouts += w.timeouts.get();
    s.commits += w.commits.get();
    s.groups += w.groups.get();
    s.grouped_requests += w.grouped.get();
    s.largest_group = std::max(s.largest_group, w.largest_group.get());
    s.groups_rerun += w.rerun.get();
    s.inline_writes += w.inline_writes.get();
    s.checkpoints += w.checkpoints.get();
    s.statement_cache_hits += w.cache_hits.get();
    s.statement_cache_misses += w.cache_misses.get();
    s.snapshots_reused += w.snapshots_reused.get();
    s.snapshots_opened += w.snapshots_opened.get();
  };
  add(writer_counts_);
  for (const auto& r : readers_)
    add(r->counts);
  const auto fetch = static_cast<std::size_t>(request_class::fetch);
  leases_.for_each([&](const lease_counters& l) {
    s.classes[fetch].count += l.count.get();
    s.classes[fetch].errors += l.errors.get();
    s.classes[fetch].rows += l.rows.get();
    s.timeouts += l.timeouts.get();
    s.statement_cache_hits += l.cache_hits.get();
    s.statement_cache_misses += l.cache_misses.get();
    s.snapshots_reused += l.snapshots_reused.get();
    s.snapshots_opened += l.snapshots_opened.get();
    l.run.add_to((*sums)[fetch].run);
  });
  for (std::size_t i = 0; i < request_class_count; ++i) {
    s.classes[i].wait = (*sums)[i].wait.read();
    s.classes[i].run = (*sums)[i].run.read();
    s.requests += s.classes[i].count;
    s.errors += s.classes[i].errors;
  }
  s.queue_size = admission_.requests.load(std::memory_order_relaxed);
  s.queue_bytes = admission_.bytes.load(std::memory_order_relaxed);
  s.overloaded = admission_.refused.load(std::memory_order_relaxed);
  s.errors += s.overloaded;
  s.requests += s.overloaded;
  s.wal_bytes = wal_bytes();
  s.leases_open = leases_.open_count();
  s.slowest = slow_.read();
  s.backup_enabled = options_->backup_enabled;
  s.backup_interval = options_->backup_interval;
  s.backup_dir = options_->backup_dir;
  return s;
}

} // namespace dbengine::detail
