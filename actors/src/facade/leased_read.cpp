// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/leased_read.hpp"

namespace dbengine::actors::facade {

namespace {

// The file or the connection is at fault, not the statement.
bool breaks_connection(const error& e) noexcept {
  return e.code() == errc::io || e.code() == errc::corrupt || e.code() == errc::internal ||
         e.code() == errc::not_a_database;
}

} // namespace

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

void leased_read::record_time(std::string_view sql, const sqlite::request_control& ctl) {
  auto& counts = lease_->counts;
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

void leased_read::discard(bool count_error) {
  core_->leases().give_back(*lease_, true);
  if (!count_error)
    return;
  lease_->counts.count.add();
  lease_->counts.errors.add();
}

} // namespace dbengine::actors::facade
