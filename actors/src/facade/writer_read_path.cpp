// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/writer_read_path.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"

namespace dbengine::actors::facade {

bool writer_read_path::is_worthwhile(engine::lease& l, std::string_view sql) const {
  auto& c = *l.conn;
  if (core_->file().read_only() || !c.is_known_cheap(sql))
    return false;
  // After several reads without a commit between them, refreshing the lease's own snapshot pays
  // off, and readers run in parallel.
  const auto newest = c.snapshot().newest_commit();
  l.quiet_reads = newest == l.newest_seen ? l.quiet_reads + 1 : 0;
  l.newest_seen = newest;
  return l.quiet_reads < defaults::quiet_reads;
}

bool writer_read_path::try_fetch(engine::lease& l, std::string_view sql, const params_view& p,
                                 sqlite::request_control& ctl, rows& result, int& failed_workers) {
  if (!is_worthwhile(l, sql) || !core_->writer().try_lock_for_statement())
    return false;
  auto& w = core_->writer().connection();
  ctl.deadline.set_preemptible(core_->writes().waiting());
  try {
    DBENGINE_FAULT_POINT("read_on_writer.before_statement");
    if (!w.is_cheap_here(sql, ctl)) {
      core_->writer().unlock();
      ctl.deadline.clear_preemptible();
      return false;
    }
    result = w.fetch(sql, p, ctl);
  } catch (const error&) {
    w.snapshot().drop();
    core_->writer().unlock();
    if (ctl.deadline.stop_reason() != errc::none && !ctl.deadline.was_preempted())
      throw;
    ctl.deadline.clear_preemptible();
    return false;
  } catch (...) {
    core_->writer().fail(base::current_exception_info());
    ++failed_workers;
    ctl.deadline.clear_preemptible();
    return false;
  }
  core_->writer().unlock();
  l.counts.on_writer.add();
  return true;
}

} // namespace dbengine::actors::facade
