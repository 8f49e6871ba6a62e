// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "connection/connection.hpp"
#include "engine/request.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace dbengine::engine {

/// Runs write requests in one transaction, each with its own result.
///
/// Each member ends as if it had run alone, in the order of the members, with as few commits as
/// possible:
/// 1. A member that fails undoes only itself: a single statement by SQLite's statement journal,
///    several by a savepoint.
/// 2. Some failures end the whole transaction: ROLLBACK conflicts, RAISE(ROLLBACK), an interrupt, a
///    full disk, a result that cannot be returned for rows that were written. A deferred foreign
///    key shows only at COMMIT. So after each member the group checks `sqlite3_get_autocommit` and
///    the pending keys.
/// 3. If the transaction is lost, the members before the failed one run again together, and the
///    failed one alone.
/// Thread safety: the holder of the writer lock.
/// Ownership: shares the requests.
/// Errors: an exception other than `dbengine::error` is the worker's failure and leaves `run`. Then
/// `unanswered` and `blamed` report which members it concerns, and `committed` which of them the
/// commit record holds.
class write_group {
public:
  struct hooks {
    /// Called when a member's outcome is known, after the commit that holds it and before the
    /// answer.
    std::function<void(request&)> before_answer;
    /// Called after a commit, before any answer. Throws `errc::fenced` if the file no longer
    /// belongs to the engine.
    std::function<void(sqlite::connection&)> check_file;
    /// After a failed commit: returns the sender's error. With `errc::fenced` no further member
    /// runs.
    std::function<error_info(sqlite::connection&, error_info)> resolve_failed_commit;
  };

  struct counters {
    std::uint64_t commits = 0, groups = 0, grouped = 0, largest = 0, rerun = 0;
  };

  write_group(sqlite::connection& c, const hooks& h) : connection_(&c), hooks_(&h) {}

  void run(std::vector<request_ptr> members);

  /// The members without an answer, in order.
  std::vector<request_ptr> unanswered() const;
  /// The member that ran when the exception was thrown; null at BEGIN or COMMIT.
  const request_ptr& blamed() const noexcept { return current_; }
  /// Whether the member was part of the last transaction, and that is committed: the member has its
  /// result and may be answered. Members outside that transaction may hold results of an earlier
  /// attempt, which was undone.
  bool committed(const request_ptr& r) const noexcept;
  /// Whether the last maintenance job has returned: it has no result here, and needs none.
  bool job_done() const noexcept { return job_done_; }
  const counters& counts() const noexcept { return counters_; }

private:
  using span = std::pair<std::size_t, std::size_t>; // [first, last) of members_

  /// Each of these returns the remaining parts of the span, in order.
  std::vector<span> run_together(span s);
  std::vector<span> commit_all(span s, sqlite::request_control& control);
  std::vector<span> commit_before(span s, std::size_t i, sqlite::request_control& control);
  std::vector<span> split_at(span s, std::size_t i);
  static std::vector<span> one_by_one(span s);

  void run_alone(std::size_t i);
  /// Returns false if the member must run in a separate transaction, or in none.
  bool run_in_group(std::size_t i);
  void run_member(request& r);
  bool begin(span s, sqlite::request_control& control);
  void run_statements(request& r);
  void run_kind(request& r);
  void run_operations(request& r);
  void run_script(request& r);
  void continue_script(request& r, std::string_view rest, script_step& step, error_info info,
                       std::size_t results);
  void answer(span s);
  void answer_fenced(span s);
  /// Sets this error in the members that have none.
  void fail_all(span s, const error_info& why);
  error_info resolve(error_info why);
  bool is_over(request& r);
  bool may_commit(span s) const;

  sqlite::connection* connection_;
  const hooks* hooks_;
  std::vector<request_ptr> members_;
  request_ptr current_;
  std::uint64_t commits_before_ = 0;
  span transaction_{0, 0}; // the members of the last transaction
  bool in_flight_ = false; // it has begun, and its members are not answered yet
  bool job_done_ = false;
  std::optional<error_info> fenced_; // once set, no member runs
  counters counters_;
};

} // namespace dbengine::engine
