// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What one member of a group does.

#include "engine/write/write_group.hpp"

#include "base/fault.hpp"
#include "engine/idempotency.hpp"
#include "sqlite/sql_text.hpp"

#include <algorithm>
#include <utility>

namespace dbengine::engine {

namespace {

error_info at_index(error_info info, std::size_t i) {
  info.index = i;
  info.outcome = outcome::rolled_back;
  return info;
}

} // namespace

void write_group::statements(request& r) {
  auto& c = *connection_;
  r.ctl.results.reset();
  const bool each_by_itself =
      r.what == request::kind::script && r.mode == script_mode::continue_on_error;
  const bool once = !r.id.empty() && r.what != request::kind::maintenance;
  if (once && each_by_itself)
    throw error(
        errc::invalid_option,
        "a script with continue_on_error takes no id: each of its statements is committed by "
        "itself, so that it cannot be known as a whole whether it ran");
  if (once && idempotency::recall(c, r))
    return;
  // What may last to the end of a transaction is this request's own, and ends with it.
  struct deferring {
    sqlite::connection* c;
    explicit deferring(sqlite::connection& on, bool may) : c(&on) {
      c->auth().in_transaction = may;
    }
    ~deferring() { c->auth().in_transaction = false; }
    deferring(const deferring&) = delete;
    deferring& operator=(const deferring&) = delete;
  } const keys(c, r.what == request::kind::transaction ||
                      (r.what == request::kind::script && !each_by_itself));
  DBENGINE_FAULT_POINT("writer.before_statement");
  const auto view = [](const params& p, std::vector<value_ref>& refs) {
    if (p.named())
      return params_view{&p, {}};
    refs.assign(p.values().begin(), p.values().end());
    return params_view{nullptr, refs};
  };
  std::vector<value_ref> refs;
  switch (r.what) {
  case request::kind::execute: r.result = c.execute(r.sql, view(r.parameters, refs), r.ctl); break;
  case request::kind::fetch: r.result = c.fetch(r.sql, view(r.parameters, refs), r.ctl); break;
  case request::kind::batch:
    r.result = c.execute_many(
        r.sql, r.borrowed_sets.empty() ? std::span<const params>(r.sets) : r.borrowed_sets, r.ctl);
    break;
  case request::kind::transaction: {
    std::vector<operation_result> results;
    results.reserve(r.operations.size());
    for (const auto& o : r.operations) {
      try {
        if (o.what == operation::kind::execute)
          results.emplace_back(c.execute(o.sql, view(o.parameters, refs), r.ctl));
        else
          results.emplace_back(c.fetch(o.sql, view(o.parameters, refs), r.ctl));
        if (!c.in_transaction())
          throw error(errc::sql, "the operation ended the transaction");
      } catch (const error& e) {
        throw error(at_index(e.info(), results.size()));
      }
    }
    r.result = std::move(results);
    break;
  }
  case request::kind::script: script(r); break;
  case request::kind::maintenance: {
    const auto begin = sqlite::clock::now();
    r.task(c);
    r.task_elapsed = sqlite::clock::now() - begin;
    task_done_ = true;
    break;
  }
  case request::kind::acquire_writer:
    throw error(errc::internal, "a lease cannot be run in a group");
  }
  if (once)
    idempotency::record(c, r);
  DBENGINE_FAULT_POINT("writer.after_statement");
}

void write_group::script(request& r) {
  auto& c = *connection_;
  script_result result;
  const bool all = r.mode == script_mode::all_or_nothing;
  sqlite::throw_if_nul(r.sql);
  for (std::size_t at = 0; at < r.sql.size();) {
    const auto rest = std::string_view(r.sql).substr(at);
    std::size_t consumed = rest.size();
    script_step step;
    try {
      // Each statement may be too short for the looks of the progress handler.
      if (r.ctl.deadline.must_stop())
        throw error(r.ctl.deadline.stop_reason(), "stopped between two statements");
      step = c.script_statement(rest, consumed, r.ctl);
      if (!all && c.commits() != commits_before_)
        r.ctl.commit.mark_part_committed();
      if (step.size == 0)
        break; // only space and comment were left
      if (all && !c.in_transaction())
        throw error(errc::sql, "the statement ended the transaction");
      step.offset = at;
    } catch (const error& e) {
      auto info = e.info();
      if (info.offset)
        *info.offset += at;
      else
        info.offset = at;
      if (all || r.ctl.deadline.stop_reason() != errc::none) {
        info = at_index(std::move(info), result.steps.size());
        if (!all && c.commits() != commits_before_)
          info.outcome = outcome::partially_applied;
        throw error(std::move(info));
      }
      info = settle(std::move(info)); // it may have been its commit that failed
      if (fenced_) {                  // nothing is written any more, by this script either
        info.index = result.steps.size();
        if (info.outcome != outcome::unknown && c.commits() != commits_before_)
          info.outcome = outcome::partially_applied; // by the statements before it
        throw error(std::move(info));
      }
      consumed = sqlite::statement_end(rest); // it goes on behind it
      step.offset = at;
      step.size = consumed;
      step.failure = std::move(info);
    }
    if (!r.ctl.results.charge(sizeof step + (step.failure ? step.failure->message.size() : 0)))
      throw error({.code = errc::too_big,
                   .outcome = all ? outcome::rolled_back : outcome::partially_applied,
                   .offset = at,
                   .index = result.steps.size(),
                   .message = "the results of the script take more memory than they may"});
    result.steps.push_back(std::move(step));
    at += std::max<std::size_t>(consumed, 1);
  }
  r.result = std::move(result);
}

} // namespace dbengine::engine
