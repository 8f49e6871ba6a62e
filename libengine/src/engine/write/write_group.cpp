// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/write_group.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <iterator>

namespace dbengine::engine {

namespace {

// True if the request has more than one statement; SQLite undoes a single one.
bool needs_savepoint(const request& r) {
  return r.what == request::kind::batch || r.what == request::kind::transaction ||
         r.what == request::kind::script || !r.id.empty();
}

bool runs_outside_transactions(const request& r) {
  return r.what == request::kind::maintenance ||
         (r.what == request::kind::script && r.mode == script_mode::continue_on_error);
}

// The part that a failed statement kept was undone with the enclosing savepoint or transaction.
error_info undone(error_info info) {
  if (info.outcome == outcome::partially_applied)
    info.outcome = outcome::rolled_back;
  return info;
}

} // namespace

void write_group::run(std::vector<request_ptr> members) {
  members_ = std::move(members);
  ++counters_.groups;
  counters_.grouped += members_.size();
  counters_.largest = std::max<std::uint64_t>(counters_.largest, members_.size());
  // The remaining spans, the next at the back; always in the order of the members.
  std::vector<span> todo{{0, members_.size()}};
  while (!todo.empty()) {
    const auto s = todo.back();
    todo.pop_back();
    if (s.second - s.first == 0)
      continue;
    if (fenced_) {
      answer_fenced(s);
      continue;
    }
    if (s.second - s.first == 1 || members_[s.first]->isolated) {
      run_alone(s.first);
      todo.emplace_back(s.first + 1, s.second);
      continue;
    }
    const auto left = run_together(s);
    todo.insert(todo.end(), left.rbegin(), left.rend());
  }
}

void write_group::answer_fenced(span s) {
  auto why = *fenced_;
  why.outcome = outcome::not_run;
  for (auto i = s.first; i < s.second; ++i) {
    members_[i]->start();
    members_[i]->result = {};
    members_[i]->failure = why;
  }
  answer(s);
}

void write_group::fail_all(span s, const error_info& why) {
  for (auto i = s.first; i < s.second; ++i)
    if (!members_[i]->failure)
      members_[i]->failure = why;
}

error_info write_group::resolve(error_info why) {
  const auto before = connection_->commits();
  why = hooks_->resolve_failed_commit(*connection_, std::move(why));
  commits_before_ += connection_->commits() - before; // the resolving commit is no member's
  if (why.code == errc::fenced)
    fenced_ = why;
  return why;
}

// Returns false if a member was answered in the worker's place: its work must not be committed, so
// the others run again.
bool write_group::may_commit(span s) const {
  for (auto i = s.first; i < s.second; ++i)
    if (!members_[i]->failure && !members_[i]->ctl.commit.try_begin())
      return false;
  return true;
}

// Returns true for a member that must not run: answered, stopped or past its deadline. Its failure
// is set then.
bool write_group::is_over(request& r) {
  if (r.now() == request::state::waiting)
    r.start();
  if (r.now() != request::state::running) { // by its sender or by the watchdog
    r.failure = error_info{.code = errc::timeout,
                           .message = "the request was answered in the writer's place"};
    return true;
  }
  r.ctl.commit.begin_attempt(); // a new attempt
  if (!r.ctl.deadline.must_stop())
    return false;
  if (r.failure && r.failure->code == r.ctl.deadline.stop_reason())
    return true; // interrupted in the group's first run
  r.result = {};
  r.failure = error_info{.code = r.ctl.deadline.stop_reason(),
                         .message = "the request was stopped before it started"};
  return true;
}

// -- one transaction for several members ----------------------------------------------------------

std::vector<write_group::span> write_group::run_together(span s) {
  auto& c = *connection_;
  sqlite::request_control control;
  if (!begin(s, control))
    return {};
  for (auto i = s.first; i < s.second; ++i) {
    if (is_over(*members_[i]))
      continue;
    if (!run_in_group(i))
      return commit_before(s, i, control);
    if (!c.transaction().is_open() || c.transaction().foreign_keys_pending())
      return split_at(s, i);
    c.transaction().stop_deferring_keys();
  }
  return commit_all(s, control);
}

bool write_group::begin(span s, sqlite::request_control& control) {
  auto& c = *connection_;
  commits_before_ = c.commits();
  transaction_ = s;
  in_flight_ = true;
  try {
    c.transaction().begin_immediate(control);
    return true;
  } catch (const error& e) {
    for (auto i = s.first; i < s.second; ++i) {
      members_[i]->start();
      members_[i]->failure = e.info();
    }
    answer(s);
    return false;
  }
}

bool write_group::run_in_group(std::size_t i) {
  auto& c = *connection_;
  auto& r = *members_[i];
  bool isolated = r.isolated || runs_outside_transactions(r);
  r.failure.reset();
  r.result = {};
  current_ = members_[i];
  try {
    // A statement with an id is not compiled before its record is looked up: if the statement has
    // run once, it may no longer compile.
    if (!isolated && r.id.empty() &&
        (r.what == request::kind::execute || r.what == request::kind::fetch)) {
      const sqlite::connection::request_scope compiles(c, r.ctl);
      isolated = c.needs_autocommit(r.sql);
    }
    if (!isolated)
      run_member(r);
  } catch (const error& e) {
    r.failure = e.info();
  }
  current_.reset();
  return !isolated;
}

std::vector<write_group::span> write_group::one_by_one(span s) {
  std::vector<span> each;
  for (auto i = s.first; i < s.second; ++i)
    each.emplace_back(i, i + 1);
  return each;
}

// Member i must run alone: the members before it are committed first.
std::vector<write_group::span> write_group::commit_before(span s, std::size_t i,
                                                          sqlite::request_control& control) {
  auto& c = *connection_;
  members_[i]->isolated = true;
  const span before{s.first, i};
  if (i == s.first) {
    c.transaction().rollback();
    return {{i, i + 1}, {i + 1, s.second}};
  }
  if (!may_commit(before)) {
    c.transaction().rollback();
    return {s};
  }
  transaction_ = before;
  try {
    c.transaction().commit(control);
    ++counters_.commits;
  } catch (const error& e) {
    const auto why = resolve(e.info());
    if (!fenced_)
      return one_by_one(s);
    fail_all(before, why);
  }
  answer(before);
  return {{i, i + 1}, {i + 1, s.second}};
}

// The transaction is lost because of member i: the members before it run again, then i alone, then
// the others. After an interrupt i keeps its failure and is answered when its turn comes.
std::vector<write_group::span> write_group::split_at(span s, std::size_t i) {
  const auto& r = *members_[i];
  const auto code = r.failure ? r.failure->code : errc::none;
  const bool interrupted = r.ctl.deadline.stop_reason() != errc::none;
  connection_->transaction().rollback();
  counters_.rerun += i - s.first;
  if (!interrupted && (code == errc::disk_full || code == errc::io))
    return one_by_one(s);
  return {{s.first, i}, {i, i + 1}, {i + 1, s.second}};
}

std::vector<write_group::span> write_group::commit_all(span s, sqlite::request_control& control) {
  auto& c = *connection_;
  if (!may_commit(s)) {
    c.transaction().rollback();
    counters_.rerun += s.second - s.first;
    return {s};
  }
  if (DBENGINE_MUTANT("answers before the commit"))
    answer(s);
  try {
    c.transaction().commit(control);
  } catch (const error& e) {
    const auto why = resolve(e.info());
    if (!fenced_) {
      counters_.rerun += s.second - s.first;
      return one_by_one(s);
    }
    fail_all(s, why);
    answer(s);
    return {};
  }
  ++counters_.commits;
  answer(s);
  return {};
}

// -- members --------------------------------------------------------------------------------------

void write_group::run_alone(std::size_t i) {
  auto& c = *connection_;
  auto& r = *members_[i];
  commits_before_ = c.commits();
  transaction_ = {i, i + 1};
  in_flight_ = true;
  job_done_ = false;
  if (!is_over(r)) {
    r.failure.reset();
    r.result = {};
    current_ = members_[i];
    try {
      if (runs_outside_transactions(r) || !needs_savepoint(r)) {
        run_statements(r);
      } else {
        c.transaction().begin_immediate(r.ctl);
        run_statements(r);
        c.transaction().commit(r.ctl);
      }
      ++counters_.commits;
    } catch (const error& e) {
      const bool kept = !c.transaction().is_open();
      c.transaction().rollback();
      r.failure = resolve(kept ? e.info() : undone(e.info()));
    }
    current_.reset();
  }
  answer({i, i + 1});
}

void write_group::run_member(request& r) {
  auto& c = *connection_;
  const bool several = needs_savepoint(r);
  if (several)
    c.transaction().savepoint();
  try {
    run_statements(r);
  } catch (const error& e) {
    if (several) {
      c.transaction().rollback_to_savepoint();
      throw error(undone(e.info()));
    }
    // This is rare: the others run again, which costs less than a savepoint around every statement
    // that returns rows.
    if (c.transaction().holds_failed_rows())
      c.transaction().rollback();
    throw;
  }
  if (several)
    c.transaction().release_savepoint();
}

void write_group::answer(span s) {
  DBENGINE_FAULT_POINT("writer.before_answer");
  std::optional<error_info> fenced;
  try {
    hooks_->check_file(*connection_);
  } catch (const error& e) {
    fenced = e.info();
  }
  for (auto i = s.first; i < s.second; ++i) {
    auto& r = *members_[i];
    if (fenced && !r.failure)
      r.failure = fenced;
    hooks_->before_answer(r);
    if (!DBENGINE_MUTANT("drops an answer") || i == s.first)
      r.finish();
  }
  in_flight_ = false;
  DBENGINE_FAULT_POINT("writer.after_answer");
}

bool write_group::committed(const request_ptr& r) const noexcept {
  if (!in_flight_ || connection_->commits() == commits_before_ ||
      DBENGINE_MUTANT("forgets the commit record"))
    return false;
  const auto first = members_.begin() + static_cast<std::ptrdiff_t>(transaction_.first);
  const auto last = members_.begin() + static_cast<std::ptrdiff_t>(transaction_.second);
  return std::find(first, last, r) != last;
}

std::vector<request_ptr> write_group::unanswered() const {
  std::vector<request_ptr> left;
  std::copy_if(members_.begin(), members_.end(), std::back_inserter(left),
               [](const request_ptr& r) {
                 return r->now() == request::state::running || r->now() == request::state::waiting;
               });
  return left;
}

} // namespace dbengine::engine
