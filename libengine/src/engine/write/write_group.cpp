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

// More than one statement. A single one is undone by SQLite.
bool needs_savepoint(const request& r) {
  return r.what == request::kind::batch || r.what == request::kind::transaction ||
         r.what == request::kind::script || !r.id.empty();
}

bool outside_transactions(const request& r) {
  return r.what == request::kind::maintenance ||
         (r.what == request::kind::script && r.mode == script_mode::continue_on_error);
}

// What was kept of a failed statement went with the savepoint or transaction around it.
error_info undone(error_info info) {
  if (info.outcome == outcome::partially_applied)
    info.outcome = outcome::rolled_back;
  return info;
}

} // namespace

void write_group::run(std::vector<request_ptr> members) {
  members_ = std::move(members);
  answered_ = 0;
  ++tally_.groups;
  tally_.grouped += members_.size();
  tally_.largest = std::max<std::uint64_t>(tally_.largest, members_.size());
  // What is still to do, the next at the back; always in the order of the members.
  std::vector<span> todo{{0, members_.size()}};
  while (!todo.empty()) {
    const auto s = todo.back();
    todo.pop_back();
    if (s.second - s.first == 0)
      continue;
    if (fenced_) {
      refuse(s);
      continue;
    }
    if (s.second - s.first == 1 || members_[s.first]->alone) {
      run_alone(s.first);
      todo.emplace_back(s.first + 1, s.second);
      continue;
    }
    const auto rest = run_together(s);
    todo.insert(todo.end(), rest.rbegin(), rest.rend());
  }
}

void write_group::refuse(span s) {
  auto why = *fenced_;
  why.outcome = outcome::not_run;
  for (auto i = s.first; i < s.second; ++i) {
    members_[i]->start();
    members_[i]->result = {};
    members_[i]->failure = why;
  }
  answer(s);
}

error_info write_group::settle(error_info why) {
  const auto before = connection_->commits();
  why = hooks_->settle(*connection_, std::move(why));
  commits_before_ += connection_->commits() - before; // what settles is no commit of a member
  if (why.code == errc::fenced)
    fenced_ = why;
  return why;
}

// False where one of those that ran was answered in the worker's place: it must not be committed, the others run again.
bool write_group::may_commit(span s) const {
  for (auto i = s.first; i < s.second; ++i)
    if (!members_[i]->failure && !members_[i]->ctl.commit.try_begin())
      return false;
  return true;
}

bool write_group::expired(request& r) {
  if (r.now() == request::state::waiting)
    r.start();
  if (r.now() != request::state::running) { // its sender has left, or the watch answered
    r.failure = error_info{.code = errc::timeout, .message = "it was answered meanwhile"};
    return true;
  }
  r.ctl.commit.begin_attempt(); // where it runs again
  if (!r.ctl.deadline.must_stop())
    return false;
  if (r.failure && r.failure->code == r.ctl.deadline.stop_reason())
    return true; // it was interrupted in the group's first run
  r.result = {};
  r.failure = error_info{.code = r.ctl.deadline.stop_reason(),
                         .message = "it was stopped before it started"};
  return true;
}

std::vector<write_group::span> write_group::run_together(span s) {
  auto& c = *connection_;
  sqlite::request_control group_control;
  commits_before_ = c.commits();
  under_way_ = s;
  in_flight_ = true;
  try {
    c.begin_immediate(group_control);
  } catch (const error& e) {
    for (auto i = s.first; i < s.second; ++i) {
      members_[i]->start();
      members_[i]->failure = e.info();
    }
    answer(s);
    return {};
  }
  const auto one_by_one = [](span x) {
    std::vector<span> each;
    for (auto i = x.first; i < x.second; ++i)
      each.emplace_back(i, i + 1);
    return each;
  };
  // The transaction is lost because of member i: what ran before it runs again, then i alone, then the others.
  const auto split = [&](std::size_t i, bool full) -> std::vector<span> {
    c.rollback();
    tally_.rerun += i - s.first;
    if (full)
      return one_by_one(s);
    return {{s.first, i}, {i, i + 1}, {i + 1, s.second}};
  };
  for (auto i = s.first; i < s.second; ++i) {
    auto& r = *members_[i];
    if (expired(r))
      continue;
    bool apart = r.alone || outside_transactions(r);
    r.failure.reset();
    r.result = {};
    current_ = members_[i];
    try {
      // With an id it is not looked at before its record: what was done once may not even compile again.
      if (!apart && r.id.empty() &&
          (r.what == request::kind::execute || r.what == request::kind::fetch)) {
        const sqlite::connection::request_scope looked_at(c, r.ctl);
        apart = c.needs_autocommit(r.sql);
      }
      if (!apart)
        run_member(r);
    } catch (const error& e) {
      r.failure = e.info();
    }
    current_.reset();
    if (apart) { // commit what ran so far, then this one, then the others
      r.alone = true;
      if (i == s.first) {
        c.rollback();
        return {{i, i + 1}, {i + 1, s.second}};
      }
      if (!may_commit({s.first, i})) {
        c.rollback();
        return {s};
      }
      under_way_ = {s.first, i};
      try {
        c.commit(group_control);
        ++tally_.commits;
      } catch (const error& e) {
        if (const auto why = settle(e.info()); fenced_)
          for (auto k = s.first; k < i; ++k)
            if (!members_[k]->failure)
              members_[k]->failure = why;
        if (!fenced_)
          return one_by_one(s);
      }
      answer({s.first, i});
      return {{i, i + 1}, {i + 1, s.second}};
    }
    if (!c.in_transaction() || c.foreign_keys_pending()) {
      const auto code = r.failure ? r.failure->code : errc::none;
      if (r.ctl.deadline.stop_reason() !=
          errc::none) { // its interrupt undid the others: they run again, it is answered
        c.rollback();
        tally_.rerun += i - s.first;
        return {{s.first, i}, {i, i + 1}, {i + 1, s.second}};
      }
      return split(i, code == errc::disk_full || code == errc::io);
    }
    c.stop_deferring_keys();
  }
  if (!may_commit(s)) {
    c.rollback();
    tally_.rerun += s.second - s.first;
    return {s};
  }
  if (DBENGINE_MUTANT("answers before the commit"))
    answer(s);
  try {
    c.commit(group_control);
  } catch (const error& e) {
    if (const auto why = settle(e.info()); fenced_) {
      for (auto i = s.first; i < s.second; ++i)
        if (!members_[i]->failure)
          members_[i]->failure = why;
      answer(s);
      return {};
    }
    tally_.rerun += s.second - s.first;
    return one_by_one(s);
  }
  ++tally_.commits;
  answer(s);
  return {};
}

void write_group::run_alone(std::size_t i) {
  auto& c = *connection_;
  auto& r = *members_[i];
  commits_before_ = c.commits();
  under_way_ = {i, i + 1};
  in_flight_ = true;
  task_done_ = false;
  if (!expired(r)) {
    r.failure.reset();
    r.result = {};
    current_ = members_[i];
    try {
      if (outside_transactions(r) || !needs_savepoint(r)) {
        statements(r);
      } else {
        c.begin_immediate(r.ctl);
        statements(r);
        c.commit(r.ctl);
      }
      ++tally_.commits;
    } catch (const error& e) {
      const bool kept = !c.in_transaction();
      c.rollback();
      r.failure = settle(kept ? e.info() : undone(e.info()));
    }
    current_.reset();
  }
  answer({i, i + 1});
}

void write_group::run_member(request& r) {
  auto& c = *connection_;
  const bool several = needs_savepoint(r);
  if (several)
    c.savepoint();
  try {
    statements(r);
  } catch (const error& e) {
    if (several) {
      c.rollback_to_savepoint();
      throw error(undone(e.info()));
    }
    if (c.holds_failed_rows())
      c.rollback(); // rare: the others run again, without a savepoint around every statement that returns rows
    throw;
  }
  if (several)
    c.release_savepoint();
}

void write_group::answer(span s) {
  DBENGINE_FAULT_POINT("writer.before_answer");
  std::optional<error_info> fenced;
  try {
    hooks_->before_answers(*connection_);
  } catch (const error& e) {
    fenced = e.info();
  }
  for (auto i = s.first; i < s.second; ++i) {
    auto& r = *members_[i];
    if (fenced && !r.failure)
      r.failure = fenced;
    answered_ = i + 1;
    hooks_->done(r);
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
  const auto first = members_.begin() + static_cast<std::ptrdiff_t>(under_way_.first);
  const auto last = members_.begin() + static_cast<std::ptrdiff_t>(under_way_.second);
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
