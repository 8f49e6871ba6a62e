// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads of the facade, on the caller's thread: on a lease, or on the idle write connection.

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "facade/local_backend.hpp"

namespace dbengine::actors::facade {

using sqlite::clock;
using sqlite::request_control;

namespace {

bool broke(const error& e) noexcept {
  return e.code() == errc::io || e.code() == errc::corrupt || e.code() == errc::internal ||
         e.code() == errc::not_a_database;
}

} // namespace

// Where somebody committed since the lease's snapshot was taken, a new one is dear: lock calls, and the connection's page
// cache is thrown away. The write connection kept its cache through its own commits, so a short read runs there while nobody
// writes or waits to. A writer that comes meanwhile waits for some microseconds; past the first look of the progress handler
// the read gives way and runs again on its lease.
bool local_backend::read_on_writer(engine::lease& l, std::string_view sql, const params_view& p,
                                   sqlite::request_control& ctl, rows& result,
                                   int& failed_workers) {
  auto& c = *l.conn;
  if (core_->file().read_only() || !c.known_short(sql))
    return false;
  // No commit for some reads: the lease's own snapshot is worth its price again, and readers run side by side.
  const auto newest = c.newest();
  l.quiet_reads = newest == l.newest_seen ? l.quiet_reads + 1 : 0;
  l.newest_seen = newest;
  if (l.quiet_reads >= defaults::quiet_reads || !core_->writer().try_lock_for_statement())
    return false;
  auto& w = core_->writer().connection();
  ctl.give_way_to(core_->writes().waiting());
  try {
    DBENGINE_FAULT_POINT("read_on_writer.before_statement");
    if (!w.fit_for_reads(sql, ctl)) {
      core_->writer().unlock();
      ctl.keep_going();
      return false;
    }
    result = w.fetch(sql, p, ctl);
  } catch (const error&) {
    w.drop_snapshot();
    core_->writer().unlock();
    if (ctl.stopped() != errc::none && !ctl.gave_way())
      throw; // its deadline, or its caller
    ctl.keep_going();
    return false; // whatever it was, the lease has the last word
  } catch (...) {
    core_->writer().fail(base::current_exception_info());
    ++failed_workers;
    ctl.keep_going();
    return false;
  }
  core_->writer().unlock();
  l.counts.on_writer.add();
  return true;
}

// -- reads ----------------------------------------------------------------------------------------

rows local_backend::fetch(std::string_view sql, const params_view& p, const request_options& o) {
  core_->calls().admit();
  if (!o.id.empty()) // it goes to the writer, which this thread may have
    check_writable();
  auto ctl = control_of(o);
  engine::lease* l = nullptr;
  try {
    l = o.id.empty() ? core_->leases().take() : nullptr;
  } catch (...) { // no connection can be opened now (descriptors, memory): the readers have theirs
    base::log(base::log_level::warning, "a lease: " + to_string(base::current_exception_info()));
  }
  if (l == nullptr)
    return fetch_queued(sql, p, o, !o.id.empty());
  int failed_workers = 0;
  auto& counts = l->counts;
  const auto number = counts.count.get();
  // A clock costs a tenth of a point read: one in 16 is timed, and each that ran long enough for the progress handler.
  const auto start = number % 16 == 0 ? clock::now() : clock::time_point{};
  try {
    DBENGINE_FAULT_POINT("lease.before_statement");
    rows result;
    auto& c = *l->conn;
    if (c.keep_snapshot()) {
      result = c.fetch(sql, p, ctl);
    } else if (!read_on_writer(*l, sql, p, ctl, result, failed_workers)) {
      c.refresh_snapshot();
      result = c.fetch(sql, p, ctl);
    }
    counts.count.add();
    counts.rows.add(result.size());
    if (start != clock::time_point{} || ctl.looked_again()) {
      const auto elapsed = clock::now() - (start != clock::time_point{} ? start : ctl.first_look());
      counts.run.record(elapsed);
      core_->counters().slow.offer(sql, elapsed);
      const auto n = c.count();
      counts.cache_hits.raise_to(n.cache_hits);
      counts.cache_misses.raise_to(n.cache_misses);
      counts.snapshots_reused.raise_to(n.snapshots_reused);
      counts.snapshots_opened.raise_to(n.snapshots_opened);
    }
    core_->leases().give_back(*l);
    core_->sweeper().arm();
    return result;
  } catch (const sqlite::needs_writer&) {
    core_->leases().give_back(*l);
    check_writable();
    return fetch_queued(sql, p, o, true);
  } catch (const error& e) {
    counts.count.add();
    counts.errors.add();
    if (e.code() == errc::timeout)
      counts.timeouts.add();
    if (e.code() == errc::fenced)
      core_->fence().raise_if_truncated();
    core_->leases().give_back(*l, broke(e));
    if (!core_->calls().accepting() && e.sqlite_code() == 9) // interrupted by the shutdown
      throw error(errc::shut_down, "the engine shut down while the statement ran");
    throw;
  } catch (...) { // the worker's failure, not the statement's: once more, on a reader actor
    const auto why = base::current_exception_info();
    core_->leases().give_back(*l, true);
    if (++failed_workers >= defaults::poison_attempts) {
      counts.count.add();
      counts.errors.add();
      throw error(errc::poison, "the request failed " + std::to_string(failed_workers) +
                                    " workers: " + why.message);
    }
  }
  return fetch_queued(sql, p, o, false, failed_workers);
}

} // namespace dbengine::actors::facade
