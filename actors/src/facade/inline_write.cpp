// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/inline_write.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"

#include <utility>

namespace dbengine::actors::facade {

std::optional<write_result> inline_write::run(std::string_view sql, const params_view& p,
                                              const queued_calls& calls, const request_options& o) {
  auto& w = core_->writer();
  const auto before = w.commits();
  std::optional<write_result> result;
  try {
    auto ctl = calls.control_of(o);
    core_->ready_to_write();
    DBENGINE_FAULT_POINT("inline.before_statement");
    result = w.execute(sql, p, ctl);
    DBENGINE_FAULT_POINT("inline.after_statement");
    finish(sql, *result, w.commits() != before);
  } catch (const error& e) {
    fail(e);
  } catch (...) {
    const auto why = base::current_exception_info();
    const bool committed = w.commits() != before;
    core_->writer_broken(why);
    if (!committed)
      result.reset();
  }
  return result;
}

void inline_write::finish(std::string_view sql, const write_result& result, bool committed) {
  auto& counts = core_->writer_counts().of(request_class::execute);
  if (committed) {
    core_->after_commit();
    core_->writer_counts().commits.add();
  }
  counts.count.add();
  counts.rows.add(static_cast<std::uint64_t>(result.changes));
  counts.run.record(result.elapsed);
  core_->slow().offer(sql, result.elapsed);
  core_->writer_counts().inline_writes.add();
  core_->give_back_writer();
  core_->arm_sweep();
}

void inline_write::fail(const error& e) {
  auto& w = core_->writer();
  w.rollback();
  auto why = core_->settle(w, e.info());
  auto& counts = core_->writer_counts().of(request_class::execute);
  counts.count.add();
  counts.errors.add();
  if (e.code() == errc::timeout)
    core_->writer_counts().timeouts.add();
  core_->give_back_writer();
  throw error(std::move(why));
}

} // namespace dbengine::actors::facade
