// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks that the files of a connection are still the ones that it opened, and complete. Thread
// safety: `fence_reason` by any thread; everything else by the connection's user.

#pragma once

#include "sqlite/files/file_identity.hpp"
#include "sqlite/url.hpp"

#include <dbengine/error.hpp>

#include <cstddef>
#include <string>

struct sqlite3;

namespace dbengine::sqlite {

class mapping_policy;
class wal_index;

/// The checks of the database file, its WAL and the WAL index, and their due times. The verdict is
/// shared by all connections of an engine (`location::truncation`).
class file_checks {
public:
  file_checks(const location& where, const wal_index& index, const mapping_policy& mapping,
              std::size_t mmap_size) noexcept
      : where_(&where), index_(&index), mapping_(&mapping), mmap_size_(mmap_size) {}

  void set_database(sqlite3* db) noexcept { db_ = db; }
  /// Records the present files of a database in WAL mode: `check_identity` compares with them.
  void record_identity();

  /// The reason why the engine is fenced; null if it is not. Checks nothing.
  const char* fence_reason() const noexcept;
  /// Throws `errc::fenced` if `fence_reason` is not null.
  void throw_if_fenced(outcome o) const;

  /// Called after each statement: true if a file was truncated, so that the statement may have read
  /// data that no connection wrote. Mapped pages report a truncation by themselves; SQLite's own
  /// counter shows whether a page was read otherwise.
  bool is_truncated() noexcept;
  /// The same, checked at once: missing pages look malformed.
  bool is_truncated_now() noexcept;

  /// Reports a database file, WAL or WAL index that is no longer the one that was opened. Empty if
  /// all are unchanged.
  std::string check_identity();
  /// The same before a write: checks only if the last check is not recent.
  std::string check_identity_if_stale();
  /// The next `check_identity` checks the paths, however recent the last check is.
  void force_stat_check() noexcept { files_.force_stat_check(); }
  /// Prevents a checkpoint when the connection is closed. After damage, that checkpoint would copy
  /// the apparent content of the WAL into the apparent database, and delete the WAL.
  void keep_wal() noexcept;

private:
  const location* where_;
  const wal_index* index_;
  const mapping_policy* mapping_;
  const std::size_t mmap_size_;
  sqlite3* db_ = nullptr;
  file_identity files_;
  int cache_misses_ = 0; // SQLite's count at the last check
};

} // namespace dbengine::sqlite
