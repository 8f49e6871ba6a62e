// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/engine.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/idempotency.hpp"
#include "sqlite/functions/user_code.hpp"
#include "sqlite/functions/user_functions.hpp"
#include "sqlite/id_clock.hpp"
#include "vfs/memory_vfs.hpp"

#include <pthread.h>

#include <algorithm>
#include <limits>

namespace dbengine::engine {

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
  // SQLite counts it in KiB, as an int.
  if (constexpr std::size_t most = std::numeric_limits<int>::max(); o.cache_size / 1024 > most)
    refuse("cache_size is " + std::to_string(o.cache_size) + " bytes, must be at most " +
           std::to_string(most * 1024));
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
  // What a wait is compared with may be any length; what is added up with times must leave room for them.
  constexpr auto most = std::chrono::hours(24 * 365 * 100);
  if (o.backup_interval > most || o.backup_pause > most || o.backup_cleanup_max_age > most)
    refuse("backup_interval, backup_pause and backup_cleanup_max_age must be at most 100 years");
  if (o.synchronous > synchronous::full)
    refuse("synchronous is no level: off, normal or full");
  if (o.temp_store > temp_store::memory)
    refuse("temp_store is no place: file or memory");
  sqlite::check_user_functions(o);
}

std::size_t lease_count(const options& o) {
  if (o.max_leases != 0)
    return o.max_leases;
  return std::max<std::size_t>(8, 2 * std::size_t{std::thread::hardware_concurrency()});
}

// As many as work. Where one peer has them all and others wait, a spare one works as well: the watch sees to it.
std::size_t peer_readers(const options& o) {
  return static_cast<std::size_t>(o.num_workers);
}

constexpr const char* unsound_writer = "it could not end a transaction";

const options& checked(const options& o) {
  check(o);
  return o;
}

} // namespace

engine::engine(std::string_view url, options o)
    : options_(std::make_shared<const options>(checked(o))), where_(sqlite::locate(url)),
      read_only_(o.read_only || where_.read_only), admission_{.max_requests = o.max_queue,
                                                              .max_bytes = o.max_queue_bytes},
      writes_(admission_), reads_(admission_, peer_readers(o)), upkeep_(admission_),
      leases_(lease_count(o), [this] { return open_reader(); }) {
  watch_forks();
  owner_pid_ = forks.load(std::memory_order_relaxed);
  const int readers = o.num_workers + std::min(o.num_workers, defaults::spare_readers);
  for (int i = 0; i < readers; ++i) {
    readers_.push_back(std::make_unique<reader_slot>());
    if (i >= o.num_workers)
      readers_.back()->part = reader_part::spare;
  }
  readers_.push_back(std::make_unique<reader_slot>());
  readers_.back()->part = reader_part::upkeep;
  hooks_.done = [this](request& r) { count_answer(writer_counts_, r); };
  hooks_.before_answers = [this](sqlite::connection& c) {
    if (auto why = c.files().check_identity(); !why.empty()) {
      fence(why);
      error_info info{.code = errc::fenced, .outcome = outcome::unknown, .message = why};
      throw error(std::move(info));
    }
  };
  where_.ids = std::make_shared<sqlite::id_clock>();
  hooks_.settle = [this](sqlite::connection& c, error_info why) {
    return settle(c, std::move(why));
  };
  if (!where_.memory) {
    open_file();
  } else {
    memory_ = vfs::hold_memory_database(where_.filename);
    if (!read_only_)
      open_first_writer();
  }
}

engine::~engine() = default;

void engine::start(wakers w) {
  wakers_ = std::move(w);
}

void engine::admit() const {
  check_process();
  refuse_nested();
  check_accepting();
}

void engine::check_accepting() const {
  if (!accepting_.load(std::memory_order_relaxed))
    throw error(errc::shut_down, "the engine is shut down");
}

void engine::refuse_nested() const {
  if (sqlite::user_code::runs() && sqlite::user_code::runs_for(*options_))
    throw error(errc::invalid_state, "this thread is in a function or collation that a statement "
                                     "of this engine calls: it cannot call the engine");
}

void engine::check_process() const {
  if (forked())
    throw error(errc::forked, "this engine belongs to the parent process; open another one here");
}

bool engine::forked() const noexcept {
  return forks.load(std::memory_order_relaxed) != owner_pid_;
}

sqlite::clock::time_point engine::deadline_of(const request_options& o) const noexcept {
  return sqlite::deadline_after(o.timeout.value_or(options_->request_timeout));
}

void engine::arm(std::atomic<bool>& flag, std::function<void()> wakers::*what) noexcept {
  // A look first: the flag is set nearly always, and to write it takes its line from every other core. Behind the fence, what
  // the caller did is seen by who clears the flag and looks once more.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!flag.load(std::memory_order_relaxed) && !flag.exchange(true, std::memory_order_seq_cst) &&
      accepting() && wakers_.*what && !base::try_with_retries(wakers_.*what))
    flag.store(
        false,
        std::memory_order_seq_cst); // no memory for a message: whoever comes next tries again
}

// -- queues ---------------------------------------------------------------------------------------

void engine::submit_write(request_ptr r) {
  check_process();
  check_accepting();
  if (read_only_)
    throw error(errc::read_only, "the engine is read-only");
  check_fence();
  r->queued = sqlite::clock::now();
  writes_.push(std::move(r));
  wake_writer();
  arm(watch_armed_, &wakers::arm_watch);
}

void engine::submit_read(request_ptr r) {
  check_process();
  check_accepting();
  r->queued = sqlite::clock::now();
  const bool of_peer = r->peer != 0;
  reads_.push(std::move(r));
  // What a peer may not run yet, a reader looks for when it is done with its last.
  if ((!of_peer || reads_.has_work()) && !wake_reader() && reads_.peers_under_way() != 0)
    help_others();
  arm(watch_armed_, &wakers::arm_watch);
}

void engine::submit_upkeep(request_ptr r) {
  check_process();
  check_accepting();
  r->queued = sqlite::clock::now();
  upkeep_.push(std::move(r));
  wake_upkeep();
  arm(watch_armed_, &wakers::arm_watch);
}

void engine::wake_upkeep() noexcept {
  auto& r = *readers_.back();
  if (r.alive.load(std::memory_order_relaxed) &&
      !r.scheduled.exchange(true, std::memory_order_seq_cst) && wakers_.flush_reader &&
      !base::try_with_retries([&] { wakers_.flush_reader(readers_.size() - 1); }))
    r.scheduled.store(false, std::memory_order_seq_cst); // as in `arm`
}

void engine::wake_writer() noexcept {
  if (!flush_pending_.exchange(true, std::memory_order_seq_cst) && wakers_.flush_writer &&
      !base::try_with_retries(wakers_.flush_writer))
    flush_pending_.store(false, std::memory_order_seq_cst); // as in `arm`
}

bool engine::wake_reader() noexcept {
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    auto& r = *readers_[i];
    if (r.part.load(std::memory_order_relaxed) != reader_part::active ||
        !r.alive.load(std::memory_order_relaxed) || r.scheduled.load(std::memory_order_seq_cst))
      continue;
    DBENGINE_OBSERVE_POINT("reader.chosen");
    if (!r.scheduled.exchange(true, std::memory_order_seq_cst)) {
      if (wakers_.flush_reader && !base::try_with_retries([&] { wakers_.flush_reader(i); }))
        r.scheduled.store(false, std::memory_order_seq_cst); // as in `arm`
      return true;
    }
  }
  return false;
}

// -- the gate -------------------------------------------------------------------------------------

bool engine::take_gate(std::uint32_t as) noexcept {
  std::uint32_t free = gate_free;
  return gate_.compare_exchange_strong(free, as, std::memory_order_seq_cst);
}

bool engine::try_take_writer() noexcept {
  if (grouped_mode_.load(std::memory_order_relaxed) > 0 || !writes_.empty() ||
      !take_gate(gate_held))
    return false;
  return own_gate();
}

bool engine::try_take_writer_briefly() noexcept {
  for (int looks = 0;; ++looks) {
    if (grouped_mode_.load(std::memory_order_relaxed) > 0 || !writes_.empty())
      return false;
    const auto now = gate_.load(std::memory_order_relaxed);
    if (now == gate_free && take_gate(gate_brief))
      return own_gate();
    if (now == gate_held || now == gate_shut || looks == defaults::gate_yields)
      return false;
    std::this_thread::yield();
  }
}

void engine::check_writer() const {
  if (!writer_->is_usable())
    throw error(errc::internal, unsound_writer);
}

// The gate was just taken.
bool engine::own_gate() noexcept {
  // `close_files` takes the gate after accepting ended: it sees this holder, or this holder sees the end.
  if (!accepting_.load(std::memory_order_seq_cst)) {
    give_back_writer();
    return false;
  }
  writer_thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  ++turns_;
  return true;
}

void engine::give_back_writer() noexcept {
  if (writer_) {
    if (!writer_->is_usable())
      return writer_broken({.code = errc::internal, .message = unsound_writer});
    const auto n = writer_->read_counters();
    writer_counts_.cache_hits.raise_to(n.cache_hits);
    writer_counts_.cache_misses.raise_to(n.cache_misses);
  }
  writer_thread_.store({}, std::memory_order_relaxed);
  gate_.store(gate_free, std::memory_order_seq_cst);
  if (closing_.load(std::memory_order_seq_cst))
    close_writer();
  else if (!writes_.empty())
    wake_writer();
}

void engine::writer_broken(const error_info& why) noexcept {
  writer_thread_.store({}, std::memory_order_relaxed);
  writer_.reset();
  gate_.store(gate_shut,
              std::memory_order_seq_cst); // nobody writes until the next writer has opened
  try {
    base::log(base::log_level::error, "the write connection failed: " + to_string(why));
  } catch (...) { // no memory for the text
  }
  if (closing_.load(std::memory_order_seq_cst))
    close_writer();              // nobody comes after this one
  else if (wakers_.writer_broke) // where its word is lost, the writer sees it when it is woken
    base::try_with_retries([&] { wakers_.writer_broke(why); });
}

bool engine::open_writer() {
  // Only while the gate is shut: else a caller's thread has the connection, or anybody may take it, and all is well.
  // Held meanwhile, so that who closes the files waits or finds nothing of it.
  std::uint32_t shut = gate_shut;
  if (gate_.compare_exchange_strong(shut, gate_held, std::memory_order_seq_cst)) {
    try {
      if (!writer_)
        writer_ = make_writer();
    } catch (...) {
      gate_.store(gate_shut, std::memory_order_seq_cst);
      if (closing_.load(std::memory_order_seq_cst))
        close_writer();
      throw;
    }
    give_back_writer();
  }
  flush_pending_.store(false, std::memory_order_seq_cst);
  if (!writes_.empty())
    wake_writer();
  return checkpoint_armed_.load(std::memory_order_seq_cst);
}

void engine::replace_writer() {
  if (auto why = writer_->files().check_identity(); !why.empty())
    fence(std::move(why));
  const bool statistics = writer_->auth().statistics_changed;
  writer_.reset(); // first: it may hold locks that the next one needs
  writer_ = make_writer();
  if (statistics)
    writer_->publish_statistics();
  checkpoint_where_due();
}

std::unique_ptr<sqlite::connection> engine::make_writer() const {
  auto w = std::make_unique<sqlite::connection>(where_, sqlite::connection::role::writer, options_);
  for (const auto& [name, text] : pragmas_)
    w->own_sql().set_pragma(name, text);
  return w;
}

void engine::set_pragma(sqlite::connection& c, const std::string& name, const std::string& text) {
  c.own_sql().set_pragma(name, text);
  pragmas_[name] = text;
}

void engine::check_fence() const {
  if (fencing_.load(std::memory_order_relaxed) == fencing::for_good)
    throw error(errc::fenced, "writing is stopped: " + fenced());
}

void engine::run_on_this_thread(const request_ptr& r) {
  std::vector<request_ptr> alone;
  try {
    alone.push_back(r);
  } catch (...) { // it is nowhere yet: its sender hears of it by this
    give_back_writer();
    throw;
  }
  r->queued = sqlite::clock::now();
  r->on_senders_thread.store(true, std::memory_order_relaxed);
  try {
    run_group(std::move(alone));
    writer_counts_.inline_writes.add();
    checkpoint_where_due();
  } catch (...) { // dealt with: the request is answered or in the queue, the writer restarts
    r->on_senders_thread.store(false, std::memory_order_relaxed);
    return writer_broken(base::current_exception_info());
  }
  give_back_writer();
  arm_sweep();
}

} // namespace dbengine::engine
