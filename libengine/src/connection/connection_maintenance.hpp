// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The maintenance of the files of one connection.
// Thread safety: the connection's user.

#pragma once

#include "connection/connection_parts.hpp"

#include <dbengine/stats.hpp>

struct sqlite3;

namespace dbengine::sqlite {

class connection_transaction;

/// Checkpoints, repairs of the write-ahead log, the planner's statistics, and memory.
///
/// Errors: every function that is not `noexcept` throws `error`.
class connection_maintenance {
public:
  connection_maintenance(const connection_parts& p, connection_transaction& t) noexcept
      : p_(p), transaction_(&t) {}

  void set_database(sqlite3* db) noexcept { db_ = db; }

  checkpoint_result checkpoint(checkpoint_mode mode);
  /// Commits a no-op, so that its frames overwrite those of a failed commit in the WAL.
  void commit_noop();
  /// Writes the content of the write-ahead log once more, byte by byte in its place, and syncs it.
  /// Holds SQLite's write lock until it returns.
  ///
  /// An operating system reports a failed sync once: the pages that it could not write are clean
  /// from then on, and the next sync succeeds. A checkpoint that relied on that sync would copy
  /// frames into the database that a power cut removes from the log. The database would then be
  /// partly new and partly old. Rewritten pages are dirty again, so that the sync after it is
  /// reliable.
  ///
  /// Throws `error` if the log cannot be read, written or synced, or if another connection writes
  /// it. Nothing may be copied out of the log then; closing the connection does not copy, either.
  void rewrite_wal();
  /// Makes every connection read the schema again, and with it the planner's statistics: SQLite
  /// reads them at no other time. Joins the open transaction, if any.
  void publish_statistics();
  /// Releases memory that SQLite can read again: clean pages and the mapping of the file. Between
  /// two statements.
  void release_memory() noexcept;

private:
  const connection_parts p_;
  connection_transaction* transaction_;
  sqlite3* db_ = nullptr;
};

} // namespace dbengine::sqlite
