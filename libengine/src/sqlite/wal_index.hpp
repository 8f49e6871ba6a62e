// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Is the newest commit still the one that an open snapshot shows? Answered without a system call.

#pragma once

#include <array>
#include <cstdint>
#include <optional>

struct sqlite3;

namespace dbengine::sqlite {

/// The 48-byte header at the start of SQLite's WAL index (see "WAL-Index Format" on sqlite.org). Every commit, by any
/// process, changes it. It is read through the mapping of the connection's own VFS file: to map or open the
/// `-shm` file anew would drop SQLite's locks when that descriptor closes.
class wal_index {
public:
  using header = std::array<std::uint64_t, 6>;

  /// Finds the mapping. False where the database is not in WAL mode or its VFS has no shared memory.
  bool attach(sqlite3* db) noexcept;
  void detach() noexcept { mapped_ = nullptr; }
  bool attached() const noexcept { return mapped_ != nullptr; }

  header read() const noexcept;
  bool equals(const header& h) const noexcept;
  /// The header where both of its copies agree and its checksum is right; nothing while a process is writing it.
  std::optional<header> consistent_header() const noexcept;

  /// How far checkpoints have come. Whoever cuts the database file, which only a checkpoint that copied every frame does, changes
  /// `attempted` before and `backfilled` after it; a WAL that begins anew changes the salts.
  struct progress {
    std::uint64_t salts = 0;
    std::uint32_t backfilled = 0;
    std::uint32_t attempted = 0;

    /// No checkpoint is at work, and none was given up half way.
    bool is_idle() const noexcept { return backfilled == attempted; }
    bool operator==(const progress&) const = default;
  };
  progress checkpoints() const noexcept;

  /// The last valid frame in the WAL.
  static std::uint32_t last_frame(const header& h) noexcept;
  /// Bytes in a page.
  static std::uint32_t page_size(const header& h) noexcept;
  /// `after` is `before` and one commit that ended at this frame: no other connection committed in between. A WAL that
  /// began anew counts as foreign.
  static bool follows(const header& after, const header& before, int last_frame) noexcept;

private:
  const volatile std::uint64_t* mapped_ = nullptr;
};

} // namespace dbengine::sqlite
