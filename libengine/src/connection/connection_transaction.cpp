// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A connection's transactions, checkpoints and statistics.

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/connection.hpp"

#include <sqlite3.h>

#include <chrono>
#include <string>
#include <utility>

namespace dbengine::sqlite {

using kind = transaction_statements::kind;

bool connection::in_transaction() const noexcept {
  return transactions_.is_open();
}

void connection::begin_immediate(request_control& c) {
  const request_scope r(*this, c);
  DBENGINE_FAULT_POINT("writer.before_begin");
  files_.throw_if_fenced(outcome::not_run);
  if (auth_.acting_as == authority::writer || auth_.acting_as == authority::scope)
    snapshot_.refresh();
  DBENGINE_FAULT_POINT("writer.snapshot_renewed");
  int rc = transactions_.run(kind::begin_immediate);
  if ((rc & 0xff) == SQLITE_BUSY && snapshot_.is_open()) { // as in `first_step`
    snapshot_.drop();
    rc = transactions_.run(kind::begin_immediate);
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

void connection::begin_snapshot() {
  if (const int rc = transactions_.run(kind::begin); rc != SQLITE_DONE) {
    auto why = base::last_error(db_, rc, 0, "the snapshot could not begin");
    rollback(); // without memory it may have begun nevertheless
    throw error(std::move(why));
  }
  own_sql_.integer("SELECT count(*) FROM sqlite_schema");
}

void connection::commit(request_control& c) {
  const request_scope r(*this, c);
  DBENGINE_FAULT_POINT("writer.before_commit");
  if (const int rc = transactions_.run(kind::commit); rc != SQLITE_DONE) {
    const bool refused = (rc & 0xff) == SQLITE_CONSTRAINT;
    // A deferred constraint is reported with the message of an immediate one.
    auto info = base::last_error(db_, rc, 0, refused ? "" : "the commit failed");
    info.outcome = outcome::rolled_back;
    if (const char* why = files_.fence_reason(); why != nullptr) {
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
  schema_.committed();
  DBENGINE_FAULT_POINT("writer.after_commit");
}

void connection::rollback() noexcept {
  // The snapshot first: SQLite clears an interrupt only when no statement is open, and would
  // otherwise stop the ROLLBACK, too.
  if (role_ == role::writer)
    snapshot_.drop();
  transactions_.roll_back();
  snapshot_.set_closed();
  conflicts_.set_holds_failed_rows(false);
  schema_.rolled_back();
}

void connection::savepoint() {
  if (const int rc = transactions_.run(kind::savepoint); rc != SQLITE_DONE)
    throw error(base::last_error(db_, rc, 0, "SAVEPOINT"));
}

void connection::release_savepoint() {
  if (const int rc = transactions_.run(kind::release); rc != SQLITE_DONE)
    throw error(base::last_error(db_, rc, 0, "RELEASE"));
}

void connection::rollback_to_savepoint() noexcept {
  const bool undone = !in_transaction() || transactions_.roll_back_to_savepoint();
  conflicts_.set_holds_failed_rows(false);
  schema_.rolled_back_to_savepoint();
  if (!undone) // if undone in part, it must not be committed
    rollback();
}

bool connection::foreign_keys_pending() const noexcept {
  int current = 0;
  int high = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_DEFERRED_FKS, &current, &high, 0);
  return current != 0;
}

void connection::stop_deferring_keys() noexcept {
  if (!std::exchange(auth_.defers_keys, false))
    return;
  const engine_rights own(auth_);
  sqlite3_exec(db_, "PRAGMA defer_foreign_keys=0", nullptr, nullptr, nullptr);
}

// -- maintenance ----------------------------------------------------------------------------------

checkpoint_result connection::checkpoint(checkpoint_mode mode) {
  DBENGINE_FAULT_POINT("writer.checkpoint");
  static constexpr int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                                  SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
  if (mode > checkpoint_mode::truncate)
    throw error(errc::invalid_option, "no such checkpoint mode");
  // With a truncated index, a checkpoint copies too little and loses the remainder. From a
  // truncated database, it makes one that seems whole.
  files_.force_stat_check();
  if (auto why = files_.check_identity(); !why.empty())
    throw error(errc::fenced, why);
  snapshot_.drop();
  int frames = 0;
  int moved = 0;
  const int rc =
      sqlite3_wal_checkpoint_v2(db_, "main", modes[static_cast<int>(mode)], &frames, &moved);
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
    throw error(base::last_error(db_, rc, 0, "checkpoint"));
  if (rc == SQLITE_OK && mode >= checkpoint_mode::restart)
    snapshot_.commits().set_wal_pages(0);
  if (files_.is_truncated_now()) // otherwise this length counts from now on
    files_.throw_if_fenced(outcome::unknown);
  return {rc == SQLITE_OK && frames == moved, frames, moved};
}

void connection::commit_noop() {
  request_control patience(std::chrono::seconds(1), {});
  const request_scope r(*this, patience);
  DBENGINE_FAULT_POINT("writer.settle");
  const auto same =
      "PRAGMA user_version=" + std::to_string(own_sql_.integer("PRAGMA user_version"));
  own_sql_.run("BEGIN IMMEDIATE");
  try {
    own_sql_.run(same.c_str());
    own_sql_.run("COMMIT");
  } catch (...) {
    rollback();
    throw;
  }
}

void connection::release_memory() noexcept {
  snapshot_.drop();
  sqlite3_db_release_memory(db_);
  snapshot_.mapping().map(false);
}

void connection::allow_attach() noexcept {
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 10);
}

void connection::interrupt() noexcept {
  sqlite3_interrupt(db_);
}

} // namespace dbengine::sqlite
