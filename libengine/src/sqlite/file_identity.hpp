// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Are the database, its WAL and the WAL's index still the files that were opened, and as long as they must be?
// Thread rule: one thread at a time; the write connection's.
//
// Why not SQLITE_FCNTL_HAS_MOVED? It costs the same system call and sees neither the WAL nor a file cut short.

#pragma once

#include "os/directory.hpp"
#include "sqlite/clock.hpp"
#include "sqlite/truncation_check.hpp"
#include "sqlite/wal_index.hpp"

#include <string>
#include <sys/stat.h>

struct sqlite3;

namespace dbengine::sqlite {

class file_identity {
public:
  /// Remembers the files as they are. `database`: its path; the others are beside it.
  void record(const std::string& database);
  /// What became of them, in words; empty where all is well, or where nothing is proved. Three system calls: within a millisecond
  /// of the last look at the paths a glance at database and WAL as they are open, which costs a fraction of it and sees that one was
  /// deleted, replaced, cut short or (the database) moved.
  std::string check(const wal_index& index, truncation_check& length, sqlite3* db);
  /// The same before a write, where the last look was a while ago: a WAL that was cut short in between is whole again, with
  /// a hole in it, after the write. (Not each time: it costs a twentieth of a small write.)
  std::string check_if_stale(const wal_index& index, truncation_check& length, sqlite3* db);

  /// The next look is at the paths, however short ago the last one was.
  void force_stat_check() noexcept { stat_checked_ = {}; }

private:
  enum class found : unsigned char { same, other, gone, nothing_known };
  struct tracked_file {
    std::string path;
    // For paths only (O_PATH): closing it drops none of SQLite's locks.
    os::unique_fd handle;
    struct stat last_stat {}; // at the last look at the path
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
