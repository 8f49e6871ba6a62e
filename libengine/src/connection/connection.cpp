// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Running statements.

#include "connection/connection.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/statement_cost.hpp"
#include "connection/statistics_change.hpp"
#include "connection/undo_point.hpp"
#include "sqlite/binder.hpp"
#include "sqlite/inserted_rowid.hpp"
#include "sqlite/row_collector.hpp"
#include "sqlite/sql_text.hpp"

#include <dbengine/defaults.hpp>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace dbengine::sqlite {

// -- preparing ------------------------------------------------------------------------------------

prepared* connection::prepare(std::string_view sql) {
  if (auto* found = cache_.find(sql)) {
    if (!found->reads_schema) [[likely]]
      return found;
    cache_.erase(found);
  }
  std::size_t consumed = 0;
  auto p = compiler_.compile(sql, &consumed);
  if (!p)
    throw error(errc::empty_statement, sql.empty()
                                           ? "the statement is empty"
                                           : "the statement has only white space and comments");
  if (!p->needs_writer) {
    if (const auto next = next_statement(sql, consumed); next != sql.npos) {
      error_info info{.code = errc::multiple_statements,
                      .message = "one call runs one statement, and a second one begins here"};
      info.offset = next;
      throw error(std::move(info));
    }
  }
  p->sql = sql;
  return cache_.insert(std::move(p));
}

bool connection::is_known_cheap(std::string_view sql) const noexcept {
  const auto* p = cache_.peek(sql);
  return p != nullptr && p->connection_independent && p->runs >= defaults::short_after_runs &&
         is_cheap(*p) && options_->functions.empty() && options_->collations.empty();
}

bool connection::is_cheap_here(std::string_view sql, request_control& c) {
  const request_scope r(*this, c);
  auto& p = *prepare(sql);
  if (p.schema_version != schema_.number())
    compiler_.refresh_facts(p);
  return p.connection_independent && is_cheap(p);
}

bool connection::needs_autocommit(std::string_view sql) {
  auto* p = prepare(sql);
  // It changes the file, but no table, index or setting: VACUUM.
  return p->stmt != nullptr && !p->read_only && !p->writes;
}

void connection::check_may_run(const prepared& p) const {
  // A host with a raw connection gets SQLite's own error for what a reader cannot do.
  if (role_ == role::reader &&
      (p.needs_writer || (!p.read_only && auth_.acting_as != authority::raw)))
    throw needs_writer{};
}

// These functions describe one connection. A read that is a request of its own runs on any of them,
// after another request's statement or none.
void connection::check_change_counts(const prepared& p) const {
  if (!p.uses_change_counts || !p.read_only) [[likely]]
    return;
  if (auth_.acting_as == authority::reader ||
      (auth_.acting_as == authority::writer && !auth_.in_transaction))
    throw error(
        errc::not_allowed,
        "last_insert_rowid(), changes() and total_changes() are not allowed here: they describe "
        "one connection's last statement, and this read is a separate request; use "
        "write_result::last_insert_rowid and write_result::changes, RETURNING, or call them inside "
        "write(), a transaction or a script");
}

// -- stepping -------------------------------------------------------------------------------------

// Before a statement of the writer: refreshes the snapshot in a transaction of the engine's own
// kind, and drops it for a statement that must not run beside a pending one.
void connection::prepare_snapshot(prepared& p) {
  if (role_ != role::writer)
    return; // the files are checked after a read
  files_.throw_if_fenced(outcome::not_run);
  if (!p.dml_only) {
    snapshot_.drop();
    schema_.note_change_in_transaction();
  } else {
    if (auth_.acting_as == authority::writer && !transaction_.is_open())
      snapshot_.refresh();
    if (p.schema_version != schema_.number())
      compiler_.refresh_facts(p);
  }
  DBENGINE_FAULT_POINT("writer.snapshot_renewed");
}

// While the snapshot is open, SQLite answers "busy" at once if another process writes or has
// written. Without it, SQLite waits.
int connection::first_step(prepared& p) noexcept {
  if (auto* c = handlers_.current(); c != nullptr && !transaction_.is_open())
    c->commit.begin_attempt(); // the statement before this one may have committed
  int rc = step(p.stmt);
  // The schema changed during SQLite's own attempts: tries again, on a snapshot that begins now.
  for (int tries = 0; tries < 3 && (rc & 0xff) == SQLITE_SCHEMA; ++tries) {
    sqlite3_reset(p.stmt);
    compiler_.drop_stale_snapshot();
    rc = step(p.stmt);
  }
  if ((rc & 0xff) != SQLITE_BUSY || role_ != role::writer || !snapshot_.is_open() ||
      transaction_.is_open())
    return rc;
  sqlite3_reset(p.stmt);
  snapshot_.drop();
  return step(p.stmt);
}

// Every step of a request's statement. `SQLITE_ERROR` if a collation of the host threw meanwhile.
int connection::step(sqlite3_stmt* s) noexcept {
  handlers_.set_stepping(s);
  const int rc = sqlite3_step(s);
  handlers_.set_stepping(nullptr);
  if (!handlers_.collation_failed()) [[likely]]
    return rc;
  // The statement ran by a wrong order: what it read must not be used. What it wrote must go, and
  // with it the transaction that holds it.
  sqlite3_reset(s);
  if (role_ == role::writer)
    transaction_.rollback();
  return SQLITE_ERROR;
}

// -- results --------------------------------------------------------------------------------------

rows connection::collect(prepared& p, std::size_t batch, bool& done, request_control& c) {
  constexpr auto none = std::numeric_limits<std::size_t>::max();
  row_collector result(
      p, {.rows = batch == 0 ? options_->max_rows : 0, // a cursor serves results of any size
          .bytes = std::min(options_->max_result_bytes != 0 ? options_->max_result_bytes : none,
                            c.results.remaining()),
          .batch_rows = batch,
          .batch_bytes = defaults::cursor_batch_bytes});
  done = false;
  bool first = true;
  while (!result.is_full()) {
    const int rc = first ? first_step(p) : step(p.stmt);
    first = false;
    if (rc != SQLITE_ROW) {
      if (rc != SQLITE_DONE)
        throw_failure(rc, c, &p);
      done = true;
      break;
    }
    if (!result.has_columns()) {
      compiler_.refresh_columns(p);
      result.set_columns();
    }
    result.append();
  }
  throw_if_truncated(p, c);
  if (!result.has_columns()) {
    compiler_.refresh_columns(p);
    result.set_columns();
  }
  c.results.charge(result.bytes());
  return result.finish();
}

rows connection::collect_all(prepared& p, request_control& c) {
  bool done = false;
  if (p.read_only)
    return collect(p, 0, done, c);
  conflicts_.save_change_count();
  try {
    return collect(p, 0, done, c);
  } catch (...) {
    discard_result(p);
    throw;
  }
}

rows connection::collect_or_undo(prepared& p, request_control& c) {
  undo_point undo(*this, p, c);
  try {
    auto result = collect_all(p, c);
    undo.keep(c);
    return result;
  } catch (const error& e) {
    if (e.outcome() == outcome::partially_applied)
      undo.keep(c); // SQLite's own rule, see `conflict_outcome`
    throw;
  }
}

// The result of a statement that writes is too large, or there is no memory for it. SQLite writes
// all rows before it returns the first, and treats a statement that is reset as one that succeeded.
void connection::discard_result(prepared& p) noexcept {
  if (sqlite3_stmt_busy(p.stmt) == 0)
    return; // the statement failed by itself, and SQLite has undone it
  const bool own = !transaction_.is_open();
  handlers_.forbid_commits(own);
  sqlite3_reset(p.stmt);
  handlers_.forbid_commits(false);
  if (own)
    transaction_.rollback(); // closes the snapshot that SQLite's own rollback ended
  conflicts_.set_holds_failed_rows(!own);
}

// -- requests -------------------------------------------------------------------------------------

rows connection::fetch(std::string_view sql, const params_view& v, request_control& c) {
  const request_scope r(*this, c);
  const statement_use p(cache_, prepare(sql));
  check_may_run(*p);
  check_change_counts(*p);
  binder(db_, *p).bind(v);
  statistics_change statistics(*this, *p, c);
  prepare_snapshot(*p);
  auto result = p->read_only ? collect_all(*p, c) : collect_or_undo(*p, c);
  record_cost(*p, result.memory(), c.deadline);
  statistics.keep(c);
  return result;
}

write_result connection::execute(std::string_view sql, const params_view& v, request_control& c) {
  const request_scope r(*this, c);
  const statement_use p(cache_, prepare(sql));
  check_may_run(*p);
  check_change_counts(*p);
  binder(db_, *p).bind(v);
  statistics_change statistics(*this, *p, c);
  prepare_snapshot(*p);
  const inserted_rowid rowid(db_, *rowid_mark_, *p);
  conflicts_.save_change_count();
  const auto start = clock::now();
  int rc = first_step(*p);
  while (rc == SQLITE_ROW)
    rc = step(p->stmt);
  if (rc != SQLITE_DONE)
    throw_failure(rc, c, &*p);
  throw_if_truncated(*p, c);
  write_result result;
  result.elapsed = clock::now() - start;
  if (!p->is_ddl && conflicts_.has_changes()) {
    result.changes = sqlite3_changes64(db_);
    result.last_insert_rowid = rowid.get();
  }
  statistics.keep(c);
  return result;
}

script_step connection::script_statement(std::string_view sql, std::size_t& consumed,
                                         request_control& c) {
  const request_scope r(*this, c);
  script_step step;
  // Finalized here: the statements of a script run once.
  const auto own = compiler_.compile(sql, &consumed, true);
  if (!own)
    return step;
  step.size = consumed;
  const inserted_rowid rowid(db_, *rowid_mark_, *own);
  const auto start = clock::now();
  if (own->needs_writer)
    throw needs_writer{};
  binder(db_, *own).bind(params_view{});
  statistics_change statistics(*this, *own, c);
  prepare_snapshot(*own);
  auto result = collect_or_undo(*own, c);
  step.written.elapsed = clock::now() - start;
  // For a step that only reads, SQLite would report what another statement changed.
  if (!own->read_only && !own->is_ddl && conflicts_.has_changes()) {
    step.written.changes = sqlite3_changes64(db_);
    step.written.last_insert_rowid = rowid.get();
  }
  statistics.keep(c);
  if (own->column_count > 0)
    step.result = std::move(result);
  return step;
}

// -- failures -------------------------------------------------------------------------------------

// Of a statement that ran while the files were truncated. In a transaction it is undone with that,
// because no commit succeeds any more (`request_handlers::on_commit`). With a commit of its own,
// what of it the file holds when it is opened again is unknown.
outcome connection::outcome_when_truncated(const prepared* p, const request_control& c,
                                           bool failed) const noexcept {
  if (p != nullptr && p->read_only)
    return outcome::not_run;
  const bool before_commit = failed && p != nullptr && p->dml_only && !c.commit.has_begun();
  return transaction_.is_open() || before_commit ? outcome::rolled_back : outcome::unknown;
}

void connection::throw_if_truncated(const prepared& p, const request_control& c) {
  if (files_.is_truncated()) [[unlikely]]
    files_.throw_if_fenced(outcome_when_truncated(&p, c, false));
}

void connection::throw_failure(int code, request_control& c, const prepared* p) {
  // `DROP … IF EXISTS` and `CREATE … IF NOT EXISTS` had nothing to do by the schema that this
  // reader remembered. SQLite compiled them to nothing, which reads, and found another schema at
  // their run.
  if (code == SQLITE_READONLY && role_ == role::reader && auth_.acting_as == authority::reader &&
      p != nullptr)
    throw needs_writer{};
  if (files_.is_truncated_now()) // missing pages look malformed
    files_.throw_if_fenced(outcome_when_truncated(p, c, true));
  // A cached statement that no longer compiles: a new preparation reports the error and its place.
  if ((code & 0xff) == SQLITE_SCHEMA && p != nullptr && !p->sql.empty())
    static_cast<void>(compiler_.compile(p->sql, nullptr));
  if (handlers_.collation_failed()) {
    error_info info{.code = errc::sql, .message = handlers_.collation_message()};
    info.extended_code = SQLITE_ERROR;
    info.outcome = p != nullptr && p->read_only ? outcome::not_run : outcome::rolled_back;
    handlers_.begin_statement(); // reported: the next statement is another one
    throw error(std::move(info));
  }
  auto info = base::last_error(db_, code);
  const auto why = c.deadline.stop_reason();
  if (why != errc::none && request_handlers::is_stop_code(code)) {
    info.code = why;
    info.offset.reset();
    info.message = why == errc::timeout ? "the deadline passed while the statement ran"
                   : why == errc::cancelled
                       ? "cancelled while the statement ran"
                       : "stopped while the statement ran: " + std::string(to_string(why));
  }
  if (info.code == errc::not_allowed && !auth_.denied().empty())
    info.message = auth_.denied() + " is not allowed here";
  info.outcome = conflicts_.outcome_of(code, p);
  // A read changes nothing, but one that was interrupted did run.
  if (info.outcome == outcome::not_run && why != errc::none && (code & 0xff) == SQLITE_INTERRUPT)
    info.outcome = outcome::rolled_back;
  throw error(std::move(info));
}

void connection::interrupt() noexcept {
  sqlite3_interrupt(db_);
}

} // namespace dbengine::sqlite
