// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/connection_maintenance.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/connection_transaction.hpp"
#include "connection/engine_sql.hpp"
#include "connection/read_snapshot.hpp"
#include "connection/request_handlers.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/files/file_checks.hpp"
#include "sqlite/schema_version.hpp"

#include <dbengine/error.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace dbengine::sqlite {

namespace {

// "WAL File Format" on sqlite.org.
constexpr sqlite3_int64 header_bytes = 32;
constexpr sqlite3_int64 frame_header_bytes = 24;
constexpr sqlite3_int64 chunk_bytes = 65'536;

void check(int rc) {
  if (rc != SQLITE_OK)
    throw error({.code = base::map_code(rc),
                 .extended_code = rc,
                 .message = std::string("the write-ahead log could not be written again after a "
                                        "sync of it failed: ") +
                            sqlite3_errstr(rc)});
}

// Rewrites the committed frames only: no reader may find the others.
void rewrite(sqlite3* db, read_snapshot& snapshot, engine_sql& own_sql) {
  sqlite3_file* log = nullptr;
  check(sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log));
  if (log == nullptr || log->pMethods == nullptr)
    return; // no WAL was written yet
  sqlite3_int64 end = 0;
  check(log->pMethods->xFileSize(log, &end));
  const sqlite3_int64 frames = wal_index::last_frame(snapshot.newest_commit());
  end = std::min(end, header_bytes +
                          frames * (frame_header_bytes + own_sql.integer("PRAGMA page_size")));
  std::vector<char> bytes(chunk_bytes);
  for (sqlite3_int64 at = 0; at < end; at += chunk_bytes) {
    const int n = static_cast<int>(std::min(chunk_bytes, end - at));
    check(log->pMethods->xRead(log, bytes.data(), n, at));
    check(log->pMethods->xWrite(log, bytes.data(), n, at));
  }
  check(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL));
}

} // namespace

checkpoint_result connection_maintenance::checkpoint(checkpoint_mode mode) {
  DBENGINE_FAULT_POINT("writer.checkpoint");
  static constexpr int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                                  SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
  if (mode > checkpoint_mode::truncate)
    throw error(errc::invalid_option, "no such checkpoint mode");
  // With a truncated index, a checkpoint copies too little and loses the remainder. From a
  // truncated database, it makes one that seems whole.
  p_.files.force_stat_check();
  if (auto why = p_.files.check_identity(); !why.empty())
    throw error(errc::fenced, why);
  p_.snapshot.drop();
  int frames = 0;
  int moved = 0;
  const int rc =
      sqlite3_wal_checkpoint_v2(db_, "main", modes[static_cast<int>(mode)], &frames, &moved);
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
    throw error(base::last_error(db_, rc, 0, "checkpoint"));
  if (rc == SQLITE_OK && mode >= checkpoint_mode::restart)
    p_.snapshot.commits().set_wal_pages(0);
  if (p_.files.is_truncated_now()) // otherwise this length counts from now on
    p_.files.throw_if_fenced(outcome::unknown);
  return {rc == SQLITE_OK && frames == moved, frames, moved};
}

void connection_maintenance::commit_noop() {
  request_control patience(std::chrono::seconds(1), {});
  const request_scope r(p_.handlers, patience);
  DBENGINE_FAULT_POINT("writer.settle");
  const auto same =
      "PRAGMA user_version=" + std::to_string(p_.own_sql.integer("PRAGMA user_version"));
  p_.own_sql.run("BEGIN IMMEDIATE");
  try {
    p_.own_sql.run(same.c_str());
    p_.own_sql.run("COMMIT");
  } catch (...) {
    transaction_->rollback();
    throw;
  }
}

void connection_maintenance::rewrite_wal() {
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  p_.own_sql.run("BEGIN IMMEDIATE"); // prevents others from appending to the log or restarting it
  try {
    rewrite(db_, p_.snapshot, p_.own_sql);
  } catch (...) {
    transaction_->rollback();
    throw;
  }
  transaction_->rollback();
  sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

void connection_maintenance::release_memory() noexcept {
  p_.snapshot.drop();
  sqlite3_db_release_memory(db_);
  p_.snapshot.mapping().map(false);
}

void connection_maintenance::publish_statistics() {
  if (DBENGINE_MUTANT("keeps statistics"))
    return;
  const auto version = static_cast<std::uint32_t>(p_.own_sql.integer("PRAGMA schema_version"));
  const auto next =
      "PRAGMA schema_version=" + std::to_string(static_cast<std::int32_t>(version + 1));
  int guarded = 0;
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, -1, &guarded);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 0,
                    nullptr); // a defensive connection ignores that pragma
  try {
    p_.own_sql.run(next.c_str());
  } catch (...) {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, guarded, nullptr);
    throw;
  }
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, guarded, nullptr);
  p_.auth.statistics_changed = false;
  p_.schema.note_change_in_transaction(transaction_->is_open());
}

} // namespace dbengine::sqlite
