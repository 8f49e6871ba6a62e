// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How `write_group` runs the statements of one member.

#include "base/fault.hpp"
#include "engine/write/idempotency.hpp"
#include "engine/write/write_group.hpp"
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

// `refs` holds the values that the view refers to.
params_view view_of(const params& p, std::vector<value_ref>& refs) {
  if (p.named())
    return {&p, {}};
  refs.assign(p.values().begin(), p.values().end());
  return {nullptr, refs};
}

bool commits_each_statement(const request& r) {
  return r.what == request::kind::script && r.mode == script_mode::continue_on_error;
}

// Lets a member defer foreign keys to the end of its transaction. The setting ends with the member.
class deferred_keys {
public:
  deferred_keys(sqlite::connection& c, bool may_defer) : connection_(&c) {
    c.auth().in_transaction = may_defer;
  }
  ~deferred_keys() { connection_->auth().in_transaction = false; }
  deferred_keys(const deferred_keys&) = delete;
  deferred_keys& operator=(const deferred_keys&) = delete;

private:
  sqlite::connection* connection_;
};

} // namespace

void write_group::run_statements(request& r) {
  auto& c = *connection_;
  r.ctl.results.reset();
  const bool once = !r.id.empty() && r.what != request::kind::maintenance;
  if (once && commits_each_statement(r))
    throw error(
        errc::invalid_option,
        "a script with continue_on_error takes no id: each of its statements is committed by "
        "itself, so there is no single outcome to record");
  if (once && idempotency::lookup(c, r))
    return;
  const deferred_keys keys(
      c, (r.what == request::kind::transaction || r.what == request::kind::script) &&
             !commits_each_statement(r));
  DBENGINE_FAULT_POINT("writer.before_statement");
  run_kind(r);
  if (once)
    idempotency::store(c, r);
  DBENGINE_FAULT_POINT("writer.after_statement");
}

void write_group::run_kind(request& r) {
  auto& c = *connection_;
  std::vector<value_ref> refs;
  switch (r.what) {
  case request::kind::execute:
    r.result = c.execute(r.sql, view_of(r.parameters, refs), r.ctl);
    break;
  case request::kind::fetch: r.result = c.fetch(r.sql, view_of(r.parameters, refs), r.ctl); break;
  case request::kind::batch: r.result = c.execute_many(r.sql, r.batch(), r.ctl); break;
  case request::kind::transaction: run_operations(r); break;
  case request::kind::script: run_script(r); break;
  case request::kind::maintenance: {
    const auto begin = sqlite::clock::now();
    r.job(c);
    r.job_elapsed = sqlite::clock::now() - begin;
    job_done_ = true;
    break;
  }
  case request::kind::acquire_writer:
    throw error(errc::internal, "the write connection cannot be handed over in a group");
  }
}

void write_group::run_operations(request& r) {
  auto& c = *connection_;
  std::vector<value_ref> refs;
  std::vector<operation_result> results;
  results.reserve(r.operations.size());
  for (const auto& o : r.operations) {
    try {
      if (o.what == operation::kind::execute)
        results.emplace_back(c.execute(o.sql, view_of(o.parameters, refs), r.ctl));
      else
        results.emplace_back(c.fetch(o.sql, view_of(o.parameters, refs), r.ctl));
      if (!c.transaction().is_open())
        throw error(errc::sql, "the operation ended the transaction");
    } catch (const error& e) {
      throw error(at_index(e.info(), results.size()));
    }
  }
  r.result = std::move(results);
}

void write_group::run_script(request& r) {
  auto& c = *connection_;
  script_result result;
  const bool all = r.mode == script_mode::all_or_nothing;
  sqlite::throw_if_nul(r.sql);
  for (std::size_t at = 0; at < r.sql.size();) {
    const auto rest = std::string_view(r.sql).substr(at);
    std::size_t consumed = rest.size();
    script_step step;
    try {
      // A statement may end before the progress handler checks once.
      if (r.ctl.deadline.must_stop())
        throw error(r.ctl.deadline.stop_reason(), "stopped between two statements");
      step = c.script_statement(rest, consumed, r.ctl);
      if (!all && c.commits() != commits_before_)
        r.ctl.commit.mark_part_committed();
      if (step.size == 0)
        break; // only spaces and comments were left
      if (all && !c.transaction().is_open())
        throw error(errc::sql, "the statement ended the transaction");
    } catch (const error& e) {
      auto info = e.info();
      info.offset = info.offset.value_or(0) + at;
      continue_script(r, rest, step, std::move(info), result.steps.size());
      consumed = step.size;
    }
    step.offset = at;
    if (!r.ctl.results.charge(sizeof step + (step.failure ? step.failure->message.size() : 0)))
      throw error({.code = errc::too_big,
                   .outcome = all ? outcome::rolled_back : outcome::partially_applied,
                   .offset = at,
                   .index = result.steps.size(),
                   .message = "the results of the script exceed their memory limit"});
    result.steps.push_back(std::move(step));
    at += std::max<std::size_t>(consumed, 1);
  }
  r.result = std::move(result);
}

// A statement of a script failed. Sets the failure of its step and skips the statement, or throws
// if the script ends here. `results`: the number of statements before it.
void write_group::continue_script(request& r, std::string_view rest, script_step& step,
                                  error_info info, std::size_t results) {
  auto& c = *connection_;
  const bool all = r.mode == script_mode::all_or_nothing;
  if (all || r.ctl.deadline.stop_reason() != errc::none) {
    info = at_index(std::move(info), results);
    if (!all && c.commits() != commits_before_)
      info.outcome = outcome::partially_applied;
    throw error(std::move(info));
  }
  info = resolve(std::move(info)); // its commit may have failed
  if (fenced_) {                   // this script, too, writes nothing more
    info.index = results;
    if (info.outcome != outcome::unknown && c.commits() != commits_before_)
      info.outcome = outcome::partially_applied; // by the statements before it
    throw error(std::move(info));
  }
  step = {};
  step.size = sqlite::statement_end(rest);
  step.failure = std::move(info);
}

} // namespace dbengine::engine
