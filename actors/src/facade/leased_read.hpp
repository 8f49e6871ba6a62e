// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One read on a leased connection: its path, its counts, and the return of the lease.
// Thread safety: the calling thread. Ownership: holds the lease until `finish`, `fail` or
// `discard`, one of which must be called.

#pragma once

#include "base/fault.hpp"
#include "engine/engine.hpp"
#include "facade/writer_read_path.hpp"

#include <string_view>

namespace dbengine::actors::facade {

/// Cost: `run` and `finish` are inline, because each read of the facade passes both once.
class leased_read {
public:
  leased_read(engine::engine& core, engine::lease& l)
      : core_(&core), lease_(&l),
        start_(l.counts.count.get() % timed_share == 0 ? sqlite::clock::now() : untimed) {}

  /// Runs the read on the kept snapshot, on the write connection, or on a new snapshot.
  rows run(writer_read_path& on_writer, std::string_view sql, const params_view& p,
           sqlite::request_control& ctl, int& failed_workers);
  void finish(std::string_view sql, const rows& result, sqlite::request_control& ctl);
  /// The statement failed.
  void fail(const error& e);
  /// The statement turned out to write: it runs again elsewhere, uncounted here.
  void release() { core_->leases().give_back(*lease_); }
  /// The connection failed: it is closed.
  void discard(bool count_error);

private:
  void record_time(std::string_view sql, const sqlite::request_control& ctl);

  /// Reading the clock costs a tenth of a point read: one read in 16 is timed, and each read that
  /// is long enough for the progress handler.
  static constexpr std::uint64_t timed_share = 16;
  static constexpr sqlite::clock::time_point untimed{};

  engine::engine* core_;
  engine::lease* lease_;
  sqlite::clock::time_point start_;
};

inline rows leased_read::run(writer_read_path& on_writer, std::string_view sql,
                             const params_view& p, sqlite::request_control& ctl,
                             int& failed_workers) {
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

inline void leased_read::finish(std::string_view sql, const rows& result,
                                sqlite::request_control& ctl) {
  auto& counts = lease_->counts;
  counts.count.add();
  counts.rows.add(result.size());
  if (start_ != untimed || ctl.deadline.was_checked_again()) [[unlikely]]
    record_time(sql, ctl);
  release();
  core_->sweeper().arm();
}

} // namespace dbengine::actors::facade
