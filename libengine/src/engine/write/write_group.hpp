// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Writes that wait together, run in one transaction, each with its own result.
// Thread rule: on the thread that holds the write connection. Ownership: shares the requests.

#pragma once

#include "connection/connection.hpp"
#include "engine/request.hpp"

#include <functional>
#include <vector>

namespace dbengine::engine {

/// Runs requests on the write connection so that each ends as if it had run alone, in their order, and commits as few times
/// as that allows.
///
/// A member that fails undoes only itself: a single statement by SQLite's own statement journal, several by a savepoint.
/// Some failures end the whole transaction (ROLLBACK conflicts, RAISE(ROLLBACK), an interrupt, a full disk, a result that
/// cannot be had of rows that were written) and a
/// deferred foreign key shows only at COMMIT: after each member the group looks at `sqlite3_get_autocommit` and at the pending
/// keys. Where the transaction is lost, the innocent run again, the culprit alone.
///
/// An exception that is no `dbengine::error` is the failure of the worker: it leaves `run`, and `unanswered` and `blamed` say
/// whom it hit; `committed` whether the commit record moved for the members that ran.
class write_group {
public:
  struct hooks {
    /// Each request as soon as its fate is known; after the commit that holds it.
    std::function<void(request&)> done;
    /// Looks at the file before anybody is told "done": throws `errc::fenced` where it is no longer there.
    std::function<void(sqlite::connection&)> before_answers;
    /// After an I/O error at COMMIT the rows may come back at the next open. Settles that and gives the error back, or fences
    /// and gives `errc::fenced`, `unknown`: nothing more is written then.
    std::function<error_info(sqlite::connection&, error_info)> settle;
  };

  struct tally {
    std::uint64_t commits = 0, groups = 0, grouped = 0, largest = 0, rerun = 0;
  };

  write_group(sqlite::connection& c, const hooks& h) : connection_(&c), hooks_(&h) {}

  void run(std::vector<request_ptr> members);

  /// After an exception left `run`: those without an answer, in order.
  std::vector<request_ptr> unanswered() const;
  /// The one that ran when it happened; null where it was at BEGIN or COMMIT.
  const request_ptr& blamed() const noexcept { return current_; }
  /// It was part of the transaction that was under way, and that is committed: it has its result and may be answered.
  /// Members before and after that transaction may hold results of an earlier try, which was undone.
  bool committed(const request_ptr& r) const noexcept;

  /// The maintenance task that ran last came to its end: it has no result here, and needs none.
  bool task_done() const noexcept { return task_done_; }

  const tally& counts() const noexcept { return tally_; }

private:
  using span = std::pair<std::size_t, std::size_t>; // [first, last) of members_

  /// What is left to do of the span, in order; nothing where all is answered.
  std::vector<span> run_together(span s);
  void run_alone(std::size_t i);
  void run_member(request& r);
  void statements(request& r);
  void script(request& r);
  void answer(span s);
  void refuse(span s);
  error_info settle(error_info why);
  bool expired(request& r);
  bool may_commit(span s) const;

  sqlite::connection* connection_;
  const hooks* hooks_;
  std::vector<request_ptr> members_;
  std::size_t answered_ = 0;
  request_ptr current_;
  std::uint64_t commits_before_ = 0;
  span under_way_{0, 0};
  bool in_flight_ = false;
  bool task_done_ = false;
  std::optional<error_info> fenced_; // from then on no member runs
  tally tally_;
};

} // namespace dbengine::engine
