// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Whether the database file is mapped into memory.
// Thread safety: the connection's user.

#pragma once

#include <cstdint>

struct sqlite3;

namespace dbengine::sqlite {

/// Turns the mapping off when snapshots are short, and on again when they are long.
///
/// Each new snapshot makes SQLite drop its mapping of the file. If new snapshots are frequent,
/// reads are cheaper without a mapping; it saves 10 to 20 % of pure reads.
class mapping_policy {
public:
  /// `limit`: the bytes that may be mapped.
  void set_database(sqlite3* db, std::int64_t limit) noexcept {
    db_ = db;
    limit_ = limit;
  }
  bool is_mapped() const noexcept { return mapped_; }
  void map(bool on) noexcept;

  /// A read begins on an open snapshot.
  void count_read() noexcept {
    if (!mapped_)
      count_unmapped_read();
  }
  /// A reader replaces its snapshot; `reuses`: the total number of times that snapshots were
  /// reused.
  void snapshot_replaced(std::uint64_t reuses) noexcept;

private:
  void count_unmapped_read() noexcept;

  sqlite3* db_ = nullptr;
  std::int64_t limit_ = 0;
  bool mapped_ = true;
  int short_snapshots_ = 0;         // in a row
  int unmapped_reads_ = 0;          // of the open snapshot
  std::uint64_t reuses_before_ = 0; // when the open snapshot began
};

} // namespace dbengine::sqlite
