// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The snapshot of a live database that a backup copies.
// Thread safety: one thread at a time. Ownership: owns its connection; refers to the settings.

#pragma once

#include "backup/backup_settings.hpp"
#include "sqlite/plain_database.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace dbengine::backup {

/// A read transaction on its own read-only connection, which pins one snapshot of the database.
///
/// Why pin? Without it SQLite's online backup starts again at every commit, so a copy would never
/// end beside a steady writer. The cost is a WAL that cannot restart during the copy.
class pinned_snapshot {
public:
  explicit pinned_snapshot(const backup_settings& settings) noexcept : settings_(&settings) {}

  /// Opens the database and pins its newest snapshot. Throws `error`: `cannot_open`, `corrupt` if
  /// the file was truncated, `backup_failed` if it is not the file that the settings identify.
  void open();
  bool is_open() const noexcept { return db_ != nullptr; }
  /// Ends the snapshot and closes the connection.
  void close() noexcept { db_.reset(); }

  sqlite3* db() const noexcept { return db_.get(); }
  /// The path of the database file; empty for a database in memory.
  std::string path() const;
  /// Size of the WAL in bytes.
  std::uint64_t wal_bytes() const;
  /// When the snapshot was pinned, by the wall clock and by the steady clock.
  wall_time started() const noexcept { return started_; }
  std::chrono::steady_clock::time_point pinned_at() const noexcept { return pinned_at_; }
  /// Throws `errc::corrupt` if the file lacks pages: SQLite reads the missing part of a page as
  /// zeros.
  void throw_if_truncated() const;

private:
  void check_identity() const;

  const backup_settings* settings_;
  sqlite::database_handle db_;
  wall_time started_ = {};
  std::chrono::steady_clock::time_point pinned_at_ = std::chrono::steady_clock::now();
};

} // namespace dbengine::backup
