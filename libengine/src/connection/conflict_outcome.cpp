// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What becomes of the rows of a statement that fails, or whose result is refused.

#include "base/error_map.hpp"
#include "connection/connection.hpp"

#include <sqlite3.h>

#include <string>
#include <utility>

namespace dbengine::sqlite {

bool connection::is_stop_code(int code) noexcept {
  const int primary = code & 0xff;
  return primary == SQLITE_INTERRUPT || primary == SQLITE_BUSY || primary == SQLITE_ABORT ||
         code == SQLITE_CONSTRAINT_COMMITHOOK;
}

// Of a statement that ran while the files were cut short. In a transaction it is undone with that, because no commit goes through
// any more (`on_commit`); with a commit of its own nobody knows what of it is there when the file is opened again.
outcome connection::outcome_when_truncated(const prepared* p, const request_control& c,
                                           bool failed) const noexcept {
  if (p != nullptr && p->read_only)
    return outcome::not_run;
  const bool before_commit = failed && p != nullptr && p->dml_only && !c.commit.has_begun();
  return in_transaction() || before_commit ? outcome::rolled_back : outcome::unknown;
}

void connection::fail(int code, request_control& c, const prepared* p) {
  // `DROP … IF EXISTS` and `CREATE … IF NOT EXISTS` had nothing to do by the schema that this reader remembered: SQLite compiled
  // them to nothing, which reads, and found at their run that the file has another schema.
  if (code == SQLITE_READONLY && role_ == role::reader && auth_.acting_as == authority::reader &&
      p != nullptr)
    throw needs_writer{};
  if (where_.truncation &&
      where_.truncation->is_truncated(index_, db_, true)) // what is not there looks malformed
    throw_if_fenced(outcome_when_truncated(p, c, true));
  // A cached statement that no longer compiles: what a fresh preparation says is what is wrong, with its place.
  if ((code & 0xff) == SQLITE_SCHEMA && p != nullptr && !p->sql.empty())
    static_cast<void>(compile(p->sql, nullptr, 0));
  if (collations_ && collations_->has_failed()) {
    error_info info{.code = errc::sql, .message = collations_->message()};
    info.extended_code = SQLITE_ERROR;
    info.outcome = p != nullptr && p->read_only ? outcome::not_run : outcome::rolled_back;
    collations_->begin(); // it is told: what the connection runs next is another statement
    throw error(std::move(info));
  }
  auto info = base::last_error(db_, code);
  if (const auto why = c.deadline.stop_reason(); why != errc::none && is_stop_code(code)) {
    info.code = why;
    info.offset.reset();
    info.message = why == errc::timeout ? "the deadline passed while the statement ran"
                   : why == errc::cancelled
                       ? "cancelled while the statement ran"
                       : "stopped while the statement ran: " + std::string(to_string(why));
  }
  if (info.code == errc::not_allowed && !auth_.denied().empty())
    info.message = auth_.denied() + " is not allowed here";
  info.outcome = outcome_of(code, p);
  // A read changes nothing, but one that was interrupted did run.
  if (info.outcome == outcome::not_run && c.deadline.stop_reason() != errc::none &&
      (code & 0xff) == SQLITE_INTERRUPT)
    info.outcome = outcome::rolled_back;
  throw error(std::move(info));
}

void connection::save_change_count() noexcept {
  changes_before_ = sqlite3_total_changes64(db_);
  rows_left_ = false;
}

// Of a statement that SQLite ended with this code; of the transaction around it its caller knows more.
outcome connection::outcome_of(int code, const prepared* p) {
  if (p != nullptr && p->read_only)
    return outcome::not_run;
  return p != nullptr && rows_were_kept(code, *p) ? outcome::partially_applied
                                                  : outcome::rolled_back;
}

// It ended by `OR FAIL` or `RAISE(FAIL)`, which keep what it did before. Only a constraint does that; a foreign key (at the end
// of the statement or at its commit), a refused commit and every other failure undo the statement or the transaction. The count of
// all changes alone does not tell: virtual tables count what they write into tables of their own, and that is undone with
// the statement.
bool connection::rows_were_kept(int code, const prepared& p) {
  if ((code & 0xff) != SQLITE_CONSTRAINT || code == SQLITE_CONSTRAINT_COMMITHOOK ||
      code == SQLITE_CONSTRAINT_FOREIGNKEY)
    return false;
  if (sqlite3_total_changes64(db_) == changes_before_ || !p.dml_only)
    return false;
  return sqlite3_changes64(db_) != 0 || has_fail_conflict(p);
}

// No row of its own is kept, but its triggers may have written some: where its program has a way to end that keeps them.
bool connection::has_fail_conflict(const prepared& p) {
  constexpr int on_error_fail = 3; // OE_Fail: sqlite3.c, "OP_Halt"
  const auto question = "EXPLAIN " + std::string(sqlite3_sql(p.stmt));
  const auto before = std::exchange(auth_.acting_as, authority::engine);
  sqlite3_stmt* program = nullptr;
  bool can = false;
  int rc = sqlite3_prepare_v2(db_, question.c_str(), -1, &program, nullptr);
  while (!can && rc == SQLITE_OK && (rc = sqlite3_step(program)) == SQLITE_ROW) {
    rc = SQLITE_OK;
    const auto* name = reinterpret_cast<const char*>(sqlite3_column_text(program, 1));
    const std::string_view operation = name != nullptr ? name : "";
    const bool halts = operation == "Halt" || operation == "HaltIfNull";
    can = (halts && sqlite3_column_int(program, 2) != SQLITE_OK &&
           sqlite3_column_int(program, 3) == on_error_fail) ||
          (operation == "VUpdate" && sqlite3_column_int(program, 6) == on_error_fail);
  }
  sqlite3_finalize(program);
  auth_.acting_as = before;
  return can || (rc & 0xff) == SQLITE_NOMEM; // it could not be read, and may have one
}

// Around a statement of a host's transaction or raw connection that writes and returns rows: where its result fails, what it wrote
// must not stay, and the host may go on. A request has `give_up` instead, which costs nothing until it is needed.
class connection::undo_point {
public:
  undo_point(connection& c, const prepared& p, request_control& ctl)
      : connection_(&c), statement_(p.stmt) {
    if (c.auth_.acting_as == authority::writer || p.read_only || !p.writes || !p.dml_only ||
        p.column_count == 0)
      return;
    own_ = !c.in_transaction();
    if (own_)
      c.begin_immediate(ctl);
    else
      c.savepoint();
    set_ = true;
  }
  ~undo_point() {
    if (!set_)
      return;
    sqlite3_reset(statement_);
    if (own_)
      connection_->rollback();
    else
      connection_->rollback_to_savepoint();
  }
  undo_point(const undo_point&) = delete;
  undo_point& operator=(const undo_point&) = delete;

  /// The result is whole.
  void keep(request_control& ctl) {
    if (!set_)
      return;
    sqlite3_reset(statement_);
    if (own_)
      connection_->commit(ctl);
    else
      connection_->release_savepoint();
    set_ = false;
  }

private:
  connection* connection_;
  sqlite3_stmt* statement_;
  bool set_ = false;
  bool own_ = false;
};

rows connection::collect_all(prepared& p, request_control& c) {
  bool done = false;
  if (p.read_only)
    return collect(p, 0, done, c);
  save_change_count();
  try {
    return collect(p, 0, done, c);
  } catch (...) {
    discard_result(p);
    throw;
  }
}

// The result of a statement that writes cannot be had: it is too large, or there is no memory for it. SQLite writes all rows before
// it gives out the first, and takes a statement that is reset for one that succeeded.
void connection::discard_result(prepared& p) noexcept {
  if (sqlite3_stmt_busy(p.stmt) == 0)
    return; // it failed by itself, and SQLite has undone it
  const bool own = !in_transaction();
  refuses_commits_ = own;
  sqlite3_reset(p.stmt);
  refuses_commits_ = false;
  if (own)
    rollback(); // with the snapshot that SQLite's own rollback met
  rows_left_ = !own;
}

rows connection::collect_or_undo(prepared& p, request_control& c) {
  undo_point undo(*this, p, c);
  try {
    auto result = collect_all(p, c);
    undo.keep(c);
    return result;
  } catch (const error& e) {
    if (e.outcome() == outcome::partially_applied)
      undo.keep(c); // SQLite's own rule, see `kept_rows`
    throw;
  }
}

} // namespace dbengine::sqlite
