// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks that the database, its WAL and the WAL index are still the files that were opened.
// Thread safety: the write connection's user.

#pragma once

#include "os/directory.hpp"
#include "sqlite/clock.hpp"
#include "sqlite/files/truncation_check.hpp"
#include "sqlite/files/wal_index.hpp"

#include <string>
#include <sys/stat.h>

struct sqlite3;

namespace dbengine::sqlite {

/// Compares the files at their paths with those that were opened.
///
/// Why not SQLITE_FCNTL_HAS_MOVED? It costs the same system call and checks neither the WAL nor the
/// length of the files.
class file_identity {
public:
  /// Records the present files. `database`: its path; the others are beside it.
  void record(const std::string& database);
  /// The change of the files, in words; empty if there is none or no proof of one.
  ///
  /// Cost: three system calls. Within a millisecond of the last check of the paths, an fstat of
  /// database and WAL takes a fraction of that. This fstat detects that one was deleted, replaced,
  /// truncated or (the database) moved.
  std::string check(const wal_index& index, truncation_check& length, sqlite3* db);
  /// The same before a write, if the last check is not recent: if the WAL was truncated since then,
  /// the write would leave a hole in it. (Not each time: the check costs a twentieth of a small
  /// write.)
  std::string check_if_stale(const wal_index& index, truncation_check& length, sqlite3* db);

  /// The next check uses the paths, however recent the last one is.
  void force_stat_check() noexcept { stat_checked_ = {}; }

private:
  enum class found : unsigned char { same, other, none, unknown };
  struct tracked_file {
    std::string path;
    // O_PATH: closing it drops none of SQLite's locks.
    os::unique_fd handle;
    struct stat last_stat {}; // when the path was checked last
    bool exists = false;

    void record(std::string name);
    bool is_same(const struct stat& now) const noexcept;
    found stat_check(struct stat& now) const noexcept;
  };

  bool fstat_check(struct stat& file, struct stat& wal) noexcept;
  std::string stat_check(struct stat& file, struct stat& wal, truncation_check& length);
  bool is_wal_truncated(const wal_index& index) const noexcept;

  tracked_file database_;
  tracked_file wal_;
  tracked_file index_;
  clock::time_point stat_checked_{};
  clock::time_point checked_{};
};

} // namespace dbengine::sqlite
