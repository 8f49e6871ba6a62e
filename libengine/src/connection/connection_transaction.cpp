// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/connection_transaction.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/conflict_outcome.hpp"
#include "connection/engine_sql.hpp"
#include "connection/read_snapshot.hpp"
#include "connection/request_handlers.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/files/file_checks.hpp"
#include "sqlite/schema_version.hpp"

#include <sqlite3.h>

#include <utility>

namespace dbengine::sqlite {

using kind = transaction_statements::kind;

void connection_transaction::begin_immediate(request_control& c) {
  const request_scope r(p_.handlers, c);
  DBENGINE_FAULT_POINT("writer.before_begin");
  p_.files.throw_if_fenced(outcome::not_run);
  if (p_.auth.acting_as == authority::writer || p_.auth.acting_as == authority::scope)
    p_.snapshot.refresh();
  DBENGINE_FAULT_POINT("writer.snapshot_renewed");
  int rc = statements_.run(kind::begin_immediate);
  if ((rc & 0xff) == SQLITE_BUSY && p_.snapshot.is_open()) { // as in `first_step`
    p_.snapshot.drop();
    rc = statements_.run(kind::begin_immediate);
  }
  if (rc != SQLITE_DONE) {
    auto info = base::last_error(db_, rc, 0, "the transaction could not begin");
    if (const auto why = c.deadline.stop_reason();
        why != errc::none && request_handlers::is_stop_code(rc))
      info.code = why;
    throw error(std::move(info));
  }
  DBENGINE_FAULT_POINT("writer.after_begin");
}

void connection_transaction::begin_snapshot() {
  if (const int rc = statements_.run(kind::begin); rc != SQLITE_DONE) {
    auto why = base::last_error(db_, rc, 0, "the snapshot could not begin");
    rollback(); // without memory it may have begun nevertheless
    throw error(std::move(why));
  }
  p_.own_sql.integer("SELECT count(*) FROM sqlite_schema");
}

void connection_transaction::commit(request_control& c) {
  const request_scope r(p_.handlers, c);
  DBENGINE_FAULT_POINT("writer.before_commit");
  if (const int rc = statements_.run(kind::commit); rc != SQLITE_DONE) {
    const bool refused = (rc & 0xff) == SQLITE_CONSTRAINT;
    // A deferred constraint is reported with the message of an immediate one.
    auto info = base::last_error(db_, rc, 0, refused ? "" : "the commit failed");
    info.outcome = outcome::rolled_back;
    if (const char* why = p_.files.fence_reason(); why != nullptr) {
      info.code = errc::fenced;
      info.message = why;
      if (!refused) // the commit may reappear when the file is opened again
        info.outcome = outcome::unknown;
    } else if (c.deadline.stop_reason() != errc::none && request_handlers::is_stop_code(rc)) {
      info.code = c.deadline.stop_reason();
    }
    rollback();
    throw error(std::move(info));
  }
  p_.schema.committed();
  DBENGINE_FAULT_POINT("writer.after_commit");
}

void connection_transaction::rollback() noexcept {
  // The snapshot first: SQLite clears an interrupt only when no statement is open, and would
  // otherwise stop the ROLLBACK, too.
  if (p_.writer)
    p_.snapshot.drop();
  statements_.roll_back();
  p_.snapshot.set_closed();
  p_.conflicts.set_holds_failed_rows(false);
  p_.schema.rolled_back();
}

void connection_transaction::savepoint() {
  if (const int rc = statements_.run(kind::savepoint); rc != SQLITE_DONE)
    throw error(base::last_error(db_, rc, 0, "SAVEPOINT"));
}

void connection_transaction::release_savepoint() {
  if (const int rc = statements_.run(kind::release); rc != SQLITE_DONE)
    throw error(base::last_error(db_, rc, 0, "RELEASE"));
}

void connection_transaction::rollback_to_savepoint() noexcept {
  const bool undone = !is_open() || statements_.roll_back_to_savepoint();
  p_.conflicts.set_holds_failed_rows(false);
  p_.schema.rolled_back_to_savepoint();
  if (!undone) // if undone in part, it must not be committed
    rollback();
}

bool connection_transaction::foreign_keys_pending() const noexcept {
  int current = 0;
  int high = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &high, 0);
  return current != 0;
}

bool connection_transaction::holds_failed_rows() const noexcept {
  return p_.conflicts.holds_failed_rows();
}

void connection_transaction::stop_deferring_keys() noexcept {
  if (!std::exchange(p_.auth.defers_keys, false))
    return;
  const engine_rights own(p_.auth);
  sqlite3_exec(db_, "PRAGMA defer_foreign_keys=0", nullptr, nullptr, nullptr);
}

} // namespace dbengine::sqlite
