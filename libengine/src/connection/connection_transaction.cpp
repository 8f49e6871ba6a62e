// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A connection's transactions, its snapshot, its checkpoints, and the watch over its file.

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/connection.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <utility>

namespace dbengine::sqlite {

namespace {

// A transaction that could not be ended (out of memory).
bool keeps_open(sqlite3* db) noexcept {
  return sqlite3_get_autocommit(db) == 0 && !DBENGINE_MUTANT("keeps open transactions");
}

} // namespace

// -- transactions -----------------------------------------------------------------------------------

bool connection::in_transaction() const noexcept {
  return db_ != nullptr && sqlite3_get_autocommit(db_) == 0;
}

void connection::begin_immediate(request_control& c) {
  const request_scope r(*this, c);
  DBENGINE_FAULT_POINT("writer.before_begin");
  throw_if_fenced(outcome::not_run);
  if (auth_.acting_as == authority::writer || auth_.acting_as == authority::scope)
    refresh_snapshot();
  DBENGINE_FAULT_POINT("writer.snapshot_renewed");
  int rc = step_own(begin_immediate_);
  if ((rc & 0xff) == SQLITE_BUSY && snapshot_open_) { // as in `first_step`
    drop_snapshot();
    rc = step_own(begin_immediate_);
  }
  if (rc != SQLITE_DONE) {
    auto info = base::last_error(db_, rc, 0, "the transaction could not begin");
    if (c.deadline.stop_reason() != errc::none && is_stop_code(rc))
      info.code = c.deadline.stop_reason();
    throw error(std::move(info));
  }
  DBENGINE_FAULT_POINT("writer.after_begin");
}

void connection::begin_deferred() {
  if (const int rc = step_own(begin_); rc != SQLITE_DONE) {
    auto why = base::last_error(db_, rc, 0, "the snapshot could not begin");
    rollback(); // out of memory it may have begun all the same
    throw error(std::move(why));
  }
}

void connection::begin_snapshot() {
  begin_deferred();
  engine_integer("SELECT count(*) FROM sqlite_schema");
}

void connection::commit(request_control& c) {
  const request_scope r(*this, c);
  DBENGINE_FAULT_POINT("writer.before_commit");
  if (const int rc = step_own(commit_); rc != SQLITE_DONE) {
    // A constraint that was deferred speaks for itself, wherever it is met.
    auto info =
        base::last_error(db_, rc, 0, (rc & 0xff) == SQLITE_CONSTRAINT ? "" : "the commit failed");
    info.outcome = outcome::rolled_back;
    if (const char* why = fence_reason();
        why != nullptr) { // any failure but a refusal may come back
      info.code = errc::fenced;
      info.message = why;
      if ((rc & 0xff) != SQLITE_CONSTRAINT)
        info.outcome = outcome::unknown;
    } else if (c.deadline.stop_reason() != errc::none && is_stop_code(rc)) {
      info.code = c.deadline.stop_reason();
    }
    rollback();
    throw error(std::move(info));
  }
  schema_touched_ = false;
  DBENGINE_FAULT_POINT("writer.after_commit");
}

void connection::rollback() noexcept {
  auto* const stopped = std::exchange(current_, nullptr); // nothing stops an undo
  // First: SQLite forgets an interrupt only when no statement is open, and would stop the ROLLBACK as well.
  if (role_ == role::writer)
    drop_snapshot();
  if (in_transaction() && step_own(rollback_) != SQLITE_DONE)
    broken_ = broken_ || keeps_open(db_);
  current_ = stopped;
  rows_left_ = false;
  snapshot_open_ = false;
  if (std::exchange(schema_touched_, false))
    ++schema_;
}

void connection::savepoint() {
  if (const int rc = step_own(savepoint_); rc != SQLITE_DONE)
    throw error(base::last_error(db_, rc, 0, "SAVEPOINT"));
}

void connection::release_savepoint() {
  if (const int rc = step_own(release_); rc != SQLITE_DONE)
    throw error(base::last_error(db_, rc, 0, "RELEASE"));
}

void connection::rollback_to_savepoint() noexcept {
  const auto before = auth_.acting_as;
  auth_.acting_as = authority::engine;
  auto* const stopped = std::exchange(current_, nullptr); // nothing stops an undo
  const bool undone =
      !in_transaction() || sqlite3_exec(db_, "ROLLBACK TO dbengine; RELEASE dbengine", nullptr,
                                        nullptr, nullptr) == SQLITE_OK;
  current_ = stopped;
  auth_.acting_as = before;
  rows_left_ = false;
  if (schema_touched_)
    ++schema_;
  if (!undone) // half undone it must not be committed
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
  const auto before = auth_.acting_as;
  auth_.acting_as = authority::engine;
  sqlite3_exec(db_, "PRAGMA defer_foreign_keys=0", nullptr, nullptr, nullptr);
  auth_.acting_as = before;
}

// -- snapshots --------------------------------------------------------------------------------------

bool connection::reuse_snapshot() noexcept {
  if (!snapshot_open_) // there may be no index: in rollback mode there is none
    return false;
  if (!index_.equals(header_) &&
      !(role_ == role::reader && DBENGINE_MUTANT("reads an old snapshot")))
    return false;
  ++reused_;
  if (!mapping_ && role_ == role::reader && ++reads_of_snapshot_ == defaults::mmap_after_reads)
    use_mapping(true);
  return true;
}

void connection::refresh_snapshot() {
  if (reuse_snapshot())
    return;
  if (snapshot_open_) {
    drop_snapshot();
    // Each new snapshot makes SQLite give up its mapping of the file: where they come often, reading is cheaper without.
    if (role_ == role::reader && mapping_) {
      const bool brief = reused_ - reused_before_ < defaults::mmap_brief_reads;
      brief_snapshots_ = brief ? brief_snapshots_ + 1 : 0;
      if (brief_snapshots_ == defaults::mmap_brief_snapshots)
        use_mapping(false);
    }
    reused_before_ = reused_;
    reads_of_snapshot_ = 0;
  }
  if (broken_) // the worker's failure: what was asked runs on another connection
    throw std::runtime_error("a connection could not end its snapshot");
  if (!index_.attached())
    return;                // not in WAL mode: each read is its own transaction
  header_ = index_.read(); // before BEGIN: a commit in between is seen as a change, never missed
  if (role_ == role::writer && !mapping_)
    use_mapping(true); // it has rested
  if (role_ == role::reader) {
    begin_deferred();
  } else if (in_transaction() || step_read_txn() != SQLITE_ROW) {
    sqlite3_reset(read_txn_stmt_);
    return; // without it all works, at the price of its locks
  } else if (const int now = sqlite3_stmt_status(read_txn_stmt_, SQLITE_STMTSTATUS_REPREPARE, 0);
             now != read_txn_reprepares_) { // SQLite found another schema than before
    read_txn_reprepares_ = now;
    ++schema_;
  }
  snapshot_open_ = true;
  ++opened_;
}

void connection::use_mapping(bool on) noexcept {
  // At the file itself: the pager asks it page by page, and reads the page where there is no mapping.
  sqlite3_int64 limit = on && !where_.memory ? static_cast<sqlite3_int64>(options_->mmap_size) : 0;
  sqlite3_file_control(db_, "main", SQLITE_FCNTL_MMAP_SIZE, &limit);
  mapping_ = on;
  brief_snapshots_ = 0;
}

void connection::drop_snapshot() noexcept {
  if (!snapshot_open_)
    return;
  snapshot_open_ = false;
  if (role_ == role::writer)
    sqlite3_reset(read_txn_stmt_);
  else if (step_own(commit_) != SQLITE_DONE && step_own(rollback_) != SQLITE_DONE)
    broken_ = broken_ || keeps_open(db_);
}

// -- the file ---------------------------------------------------------------------------------------

checkpoint_result connection::checkpoint(checkpoint_mode mode) {
  DBENGINE_FAULT_POINT("writer.checkpoint");
  static constexpr int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                                  SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
  if (mode > checkpoint_mode::truncate)
    throw error(errc::invalid_option, "no such checkpoint mode");
  // By an index that was cut short a checkpoint copies too little, and forgets the rest; of a database that was it makes one that
  // looks whole.
  files_.force_stat_check();
  if (auto why = check_file_identity(); !why.empty())
    throw error(errc::fenced, why);
  drop_snapshot();
  int frames = 0;
  int moved = 0;
  const int rc =
      sqlite3_wal_checkpoint_v2(db_, "main", modes[static_cast<int>(mode)], &frames, &moved);
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
    throw error(base::last_error(db_, rc, 0, "checkpoint"));
  if (rc == SQLITE_OK && mode >= checkpoint_mode::restart)
    wal_pages_ = 0;
  if (where_.truncation &&
      where_.truncation->is_truncated(index_, db_, true)) // else this length counts from now on
    throw_if_fenced(outcome::unknown);
  return {rc == SQLITE_OK && frames == moved, frames, moved};
}

void connection::commit_noop() {
  request_control patience(std::chrono::seconds(1), {});
  const request_scope r(*this, patience);
  DBENGINE_FAULT_POINT("writer.settle");
  const auto same = "PRAGMA user_version=" + std::to_string(engine_integer("PRAGMA user_version"));
  engine_sql("BEGIN IMMEDIATE");
  try {
    engine_sql(same.c_str());
    engine_sql("COMMIT");
  } catch (...) {
    rollback();
    throw;
  }
}

// Pages that are mapped tell by themselves; whether one was read otherwise, SQLite's own counter says.
bool connection::is_truncated() noexcept {
  if (!where_.truncation)
    return false;
  bool read = false;
  if (!mapping_ || where_.truncation->is_longer_than(options_->mmap_size)) {
    int misses = 0;
    int high = 0;
    sqlite3_db_status(db_, SQLITE_DBSTATUS_CACHE_MISS, &misses, &high, 0);
    read = misses != std::exchange(cache_misses_, misses);
  }
  return where_.truncation->is_truncated(index_, db_, read);
}

void connection::throw_if_fenced(outcome outcome) const {
  if (const char* why = fence_reason(); why != nullptr) {
    error_info info{.code = errc::fenced, .outcome = outcome, .message = why};
    throw error(std::move(info));
  }
}

const char* connection::fence_reason() const noexcept {
  return where_.truncation ? where_.truncation->failure() : nullptr;
}

std::string connection::check_file_identity() {
  if (where_.memory)
    return {};
  auto why = files_.check(index_, *where_.truncation, db_);
  if (!why.empty())
    keep_wal();
  return why;
}

std::string connection::check_file_identity_if_stale() {
  if (where_.memory)
    return {};
  auto why = files_.check_if_stale(index_, *where_.truncation, db_);
  if (!why.empty())
    keep_wal();
  return why;
}

// Where something is wrong with the files, the checkpoint of the last connection that closes would copy what the WAL seems to hold
// into what seems to be the database, and delete it.
void connection::keep_wal() noexcept {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

} // namespace dbengine::sqlite
