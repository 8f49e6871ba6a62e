// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/wal_rewrite.hpp"

#include "base/error_map.hpp"

#include <dbengine/error.hpp>

#include <sqlite3.h>

#include <algorithm>
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
void rewrite(connection& c) {
  sqlite3_file* log = nullptr;
  check(sqlite3_file_control(c.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log));
  if (log == nullptr || log->pMethods == nullptr)
    return; // no WAL was written yet
  sqlite3_int64 end = 0;
  check(log->pMethods->xFileSize(log, &end));
  const sqlite3_int64 frames = wal_index::last_frame(c.snapshot().newest_commit());
  end = std::min(end, header_bytes +
                          frames * (frame_header_bytes + c.own_sql().integer("PRAGMA page_size")));
  std::vector<char> bytes(chunk_bytes);
  for (sqlite3_int64 at = 0; at < end; at += chunk_bytes) {
    const int n = static_cast<int>(std::min(chunk_bytes, end - at));
    check(log->pMethods->xRead(log, bytes.data(), n, at));
    check(log->pMethods->xWrite(log, bytes.data(), n, at));
  }
  check(log->pMethods->xSync(log, SQLITE_SYNC_NORMAL));
}

} // namespace

void rewrite_wal(connection& c) {
  sqlite3_db_config(c.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  c.own_sql().run("BEGIN IMMEDIATE"); // prevents others from appending to the log or restarting it
  try {
    rewrite(c);
  } catch (...) {
    c.transaction().rollback();
    throw;
  }
  c.transaction().rollback();
  sqlite3_db_config(c.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

} // namespace dbengine::sqlite
