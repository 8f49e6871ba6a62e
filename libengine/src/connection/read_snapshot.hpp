// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The snapshot that a connection keeps open between statements.
// Thread safety: the connection's user. Ownership: owns the statement that holds the writer's
// snapshot.

#pragma once

#include "connection/transaction_statements.hpp"
#include "sqlite/commit_record.hpp"
#include "sqlite/files/mapping_policy.hpp"
#include "sqlite/files/wal_index.hpp"
#include "sqlite/schema_version.hpp"

#include <cstdint>

namespace dbengine::sqlite {

/// A reader's snapshot is a transaction. The writer's is a statement that was stepped and not
/// reset, so that the read transaction below its writes stays open from one write to the next.
/// Statements and groups refresh the snapshot; operations that cannot run beside it (schema
/// changes, settings, checkpoints, errors) end it.
///
/// Cost: comparing an open snapshot with the newest commit takes no system call.
class read_snapshot {
public:
  read_snapshot(bool writer, authorizer& a, transaction_statements& t, schema_version& s) noexcept
      : writer_(writer), auth_(&a), transactions_(&t), schema_(&s) {}
  ~read_snapshot();
  read_snapshot(const read_snapshot&) = delete;
  read_snapshot& operator=(const read_snapshot&) = delete;

  /// `mapped_bytes`: the part of the file that may be mapped.
  void set_database(sqlite3* db, std::int64_t mapped_bytes) noexcept;
  /// Counts this connection's commits, and advances the snapshot with them.
  void install_wal_hook() noexcept;
  /// Prepares the statement that holds the writer's snapshot. Throws `error`.
  void prepare();
  /// Maps the WAL index. Until then, no snapshot is kept.
  void attach_index() noexcept;
  void finalize() noexcept;
  /// The statement that holds the writer's snapshot; null on a reader.
  const sqlite3_stmt* statement() const noexcept { return read_txn_stmt_; }

  bool is_open() const noexcept { return open_; }
  /// Ensures that the next read sees the newest commit: reuses the open snapshot if it shows that
  /// commit, otherwise opens a new one. Throws `error`, or `std::runtime_error` if the connection
  /// can no longer be used.
  void refresh();
  /// The first half of `refresh`: false if a new snapshot must be opened.
  bool reuse() noexcept {
    if (!open_) // there may be no index: rollback mode has none
      return false;
    if (!index_.equals(header_) && !keeps_old_snapshot())
      return false;
    ++reused_;
    if (!writer_)
      mapping_.count_read();
    return true;
  }
  void drop() noexcept;
  /// The transaction that held the snapshot was rolled back.
  void set_closed() noexcept { open_ = false; }

  /// Identifies the newest commit, for comparisons.
  wal_index::header newest_commit() const noexcept {
    return index_.attached() ? index_.read() : wal_index::header{};
  }
  const wal_index& index() const noexcept { return index_; }
  mapping_policy& mapping() noexcept { return mapping_; }
  const mapping_policy& mapping() const noexcept { return mapping_; }
  commit_record& commits() noexcept { return commits_; }
  const commit_record& commits() const noexcept { return commits_; }

  /// The number of times a snapshot was reused, and the number of times one was opened.
  std::uint64_t reused() const noexcept { return reused_; }
  std::uint64_t opened() const noexcept { return opened_; }

private:
  bool keeps_old_snapshot() const noexcept;
  void begin_reading();
  bool step_read_txn() noexcept;
  static int on_wal(void* self, sqlite3* db, const char* name, int pages);

  const bool writer_;
  bool open_ = false;
  authorizer* auth_;
  transaction_statements* transactions_;
  schema_version* schema_;
  sqlite3* db_ = nullptr;
  wal_index index_;
  wal_index::header header_{}; // of the commit that the open snapshot shows
  sqlite3_stmt* read_txn_stmt_ = nullptr;
  int read_txn_reprepares_ = 0;
  std::uint64_t reused_ = 0;
  std::uint64_t opened_ = 0;
  mapping_policy mapping_;
  commit_record commits_;
};

} // namespace dbengine::sqlite
