// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The newest commit, read without a system call.
// Thread safety: the connection's user.

#pragma once

#include <array>
#include <cstdint>
#include <optional>

struct sqlite3;

namespace dbengine::sqlite {

/// The 48-byte header at the start of SQLite's WAL index (see "WAL-Index Format" on sqlite.org).
/// Every commit, by any process, changes it. It is read through the mapping of the connection's own
/// VFS file: a second descriptor of the `-shm` file would drop SQLite's locks when it is closed.
class wal_index {
public:
  using header = std::array<std::uint64_t, 6>;

  /// Finds the mapping. False if the database is not in WAL mode or its VFS has no shared memory.
  bool attach(sqlite3* db) noexcept;
  bool attached() const noexcept { return mapped_ != nullptr; }

  header read() const noexcept;
  bool equals(const header& h) const noexcept;
  /// The header if both of its copies agree and its checksum is right; empty while a process writes
  /// it.
  std::optional<header> consistent_header() const noexcept;

  /// The progress of checkpoints. Only a checkpoint that copied every frame truncates the database
  /// file; it changes `attempted` before and `backfilled` after that. A WAL that restarts changes
  /// the salts.
  struct progress {
    std::uint64_t salts = 0;
    std::uint32_t backfilled = 0;
    std::uint32_t attempted = 0;

    /// True if no checkpoint runs and none was given up in the middle.
    bool is_idle() const noexcept { return backfilled == attempted; }
    bool operator==(const progress&) const = default;
  };
  progress checkpoints() const noexcept;

  /// The last valid frame in the WAL.
  static std::uint32_t last_frame(const header& h) noexcept;
  /// Bytes in a page.
  static std::uint32_t page_size(const header& h) noexcept;
  /// True if `after` is `before` and one commit that ended at this frame: no other connection
  /// committed in between. A WAL that restarted counts as another connection's commit.
  static bool follows(const header& after, const header& before, int last_frame) noexcept;

private:
  const volatile std::uint64_t* mapped_ = nullptr;
};

} // namespace dbengine::sqlite
