// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/leased_read.hpp"

#include "base/fault.hpp"

namespace dbengine::actors::facade {

namespace {

// The file or the connection is at fault, not the statement.
bool breaks_connection(const error& e) noexcept {
  return e.code() == errc::io || e.code() == errc::corrupt || e.code() == errc::internal ||
         e.code() == errc::not_a_database;
}

} // namespace

rows leased_read::run(writer_read_path& on_writer, std::string_view sql, const params_view& p,
                      sqlite::request_control& ctl, int& failed_workers) {
  DBENGINE_FAULT_POINT("lease.before_statement");
  auto& c = *lease_->conn;
  if (c.snapshot().reuse())
    return c.fetch(sql, p, ctl);
  rows result;
  if (on_writer.try_fetch(*lease_, sql, p, ctl, result, failed_workers))
    return result;
  c.snapshot().refresh();
  return c.fetch(sql, p, ctl);
}

void leased_read::finish(std::string_view sql, const rows& result, sqlite::request_control& ctl) {
  auto& counts = lease_->counts;
  counts.count.add();
  counts.rows.add(result.size());
  if (start_ != untimed || ctl.deadline.was_checked_again()) {
    const auto elapsed =
        sqlite::clock::now() - (start_ != untimed ? start_ : ctl.deadline.first_check());
    counts.run.record(elapsed);
    core_->counters().slow.offer(sql, elapsed);
    const auto n = lease_->conn->read_counters();
    counts.cache_hits.raise_to(n.cache_hits);
    counts.cache_misses.raise_to(n.cache_misses);
    counts.snapshots_reused.raise_to(n.snapshots_reused);
    counts.snapshots_opened.raise_to(n.snapshots_opened);
  }
  core_->leases().give_back(*lease_);
  core_->sweeper().arm();
}

void leased_read::fail(const error& e) {
  auto& counts = lease_->counts;
  counts.count.add();
  counts.errors.add();
  if (e.code() == errc::timeout)
    counts.timeouts.add();
  if (e.code() == errc::fenced)
    core_->fence().raise_if_truncated();
  core_->leases().give_back(*lease_, breaks_connection(e));
}

void leased_read::release() {
  core_->leases().give_back(*lease_);
}

void leased_read::discard(bool count_error) {
  core_->leases().give_back(*lease_, true);
  if (!count_error)
    return;
  lease_->counts.count.add();
  lease_->counts.errors.add();
}

} // namespace dbengine::actors::facade
