// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/inline_write.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"

#include <utility>

namespace dbengine::actors::facade {

std::optional<write_result> inline_write::run(std::string_view sql, const params_view& p,
                                              const queued_calls& calls, const request_options& o) {
  auto& w = core_->writer().connection();
  const auto before = w.commits();
  std::optional<write_result> result;
  try {
    auto ctl = calls.control_of(o);
    core_->recovery().ensure_writable();
    DBENGINE_FAULT_POINT("inline.before_statement");
    result = w.execute(sql, p, ctl);
    DBENGINE_FAULT_POINT("inline.after_statement");
    finish(sql, *result, w.commits() != before);
  } catch (const error& e) {
    fail(e);
  } catch (...) {
    const auto why = base::current_exception_info();
    const bool committed = w.commits() != before;
    core_->writer().fail(why);
    if (!committed)
      result.reset();
  }
  return result;
}

void inline_write::finish(std::string_view sql, const write_result& result, bool committed) {
  auto& counts = core_->counters().writer.of(request_class::execute);
  if (committed) {
    core_->checkpoints().after_commit();
    core_->counters().writer.commits.add();
  }
  counts.count.add();
  counts.rows.add(static_cast<std::uint64_t>(result.changes));
  counts.run.record(result.elapsed);
  core_->counters().slow.offer(sql, result.elapsed);
  core_->counters().writer.inline_writes.add();
  core_->writer().unlock();
  core_->sweeper().arm();
}

void inline_write::fail(const error& e) {
  auto& w = core_->writer().connection();
  w.transaction().rollback();
  auto why = core_->recovery().resolve_failed_commit(w, e.info());
  auto& counts = core_->counters().writer.of(request_class::execute);
  counts.count.add();
  counts.errors.add();
  if (e.code() == errc::timeout)
    core_->counters().writer.timeouts.add();
  core_->writer().unlock();
  throw error(std::move(why));
}

} // namespace dbengine::actors::facade
