// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The lock that allows one read-write engine per database file, among all processes.
// Thread safety: one thread at a time.
// Ownership: the locks last as long as the object. A process that ends releases them; a forked
// child never has them.

#pragma once

#include "os/pinned_file.hpp"

#include <chrono>
#include <filesystem>

namespace dbengine::os {

/// Two locks of one database.
/// 1. `flock` on `<file>.lock` beside the database, with the holder's process id as content. It
///    exists before the database does, names the holder and excludes restores. But it belongs to a
///    name, a file may have several names, and the lock file may be removed.
/// 2. A lock on a byte of the database itself that SQLite never locks. It belongs to the file,
///    whatever its names are, and lasts as long as the descriptor.
class file_lock {
public:
  file_lock() = default;
  using clock = std::chrono::steady_clock;

  /// Takes the first lock. `database`: its path, without links. Waits for another process until
  /// `deadline`; does not wait for a holder in this process, because the caller would wait for
  /// itself.
  /// Errors: `errc::locked` with the holder's process id, `errc::cannot_open`.
  explicit file_lock(const std::filesystem::path& database, clock::time_point deadline = {});
  ~file_lock();
  file_lock(file_lock&& other) noexcept = default;
  file_lock& operator=(file_lock&& other) noexcept;

  /// Takes the second lock. With `create` a missing database is created; returns true if it was. On
  /// a file system without such locks the first lock is the only one.
  /// Errors: `errc::locked`; `errc::cannot_open` if the file may not be written or has several
  /// names (hard links): the write-ahead log is beside one name, and an engine that opens another
  /// name would not see it.
  bool take_file(bool create);
  /// Removes files that a failed open created and left empty. The database must be closed. `made`:
  /// the open also created the database.
  void remove_empty(bool made) noexcept;

  void release() noexcept;

private:
  std::filesystem::path database_;
  std::filesystem::path path_; // of the lock file
  pinned_file name_;           // the lock file, with the first lock
  pinned_file file_;           // the database, with the second lock
  int owner_ = 0;              // the process that took the locks
};

/// True if an engine, of this or another process, has the second lock on the open database file.
bool locked_by_engine(int fd) noexcept;

/// Removes an empty write-ahead log and its index, as SQLite's last writing connection does when it
/// closes. Does nothing while a connection of any process has the database open. SQLite's reading
/// connections create both files and leave them.
void remove_empty_wal(const std::filesystem::path& database) noexcept;

} // namespace dbengine::os
