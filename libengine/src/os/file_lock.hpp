// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One read-write engine per database file, among all processes.
// Ownership: the locks last as long as the object; a process that ends lets go of them, and a forked child never has them.

#pragma once

#include "os/pinned_file.hpp"

#include <chrono>
#include <filesystem>

namespace dbengine::os {

/// Two locks. The first is `flock` on `<file>.lock` beside the database, with the holder's process id inside: it is there before
/// the database is, says who the holder is, and keeps restores out. But it belongs to a name, and a file may have several, and
/// anybody may remove the lock file. So an engine takes the second one, too: a lock on the database itself, on a byte that
/// SQLite never locks. It belongs to the file, whatever its names are, and lasts as long as the descriptor.
class file_lock {
public:
  file_lock() = default;
  using clock = std::chrono::steady_clock;

  /// The first lock. `database`: its path, without links. Another process that holds it is waited for until `deadline`; this one is not:
  /// it would wait for itself. Throws `errc::locked` with the holder's process id, or `errc::cannot_open`.
  explicit file_lock(const std::filesystem::path& database, clock::time_point deadline = {});
  ~file_lock();
  file_lock(file_lock&& other) noexcept = default;
  file_lock& operator=(file_lock&& other) noexcept;

  /// The second one. The database is made where it is missing and `create`; true where it was made. Throws `errc::locked`,
  /// and `errc::cannot_open` where it may not be written or has several names (hard links): the write-ahead log lies beside
  /// one of them, and who opens another one would not see it. Where the file system has no such locks the first one is all.
  bool take_file(bool create);
  /// After an opening that failed, with the database closed: removes what it made and left empty. `made`: the database, too.
  void remove_empty(bool made) noexcept;

  void release() noexcept;

private:
  std::filesystem::path database_;
  std::filesystem::path path_; // of the lock file
  pinned_file name_;           // the lock file, with the first lock
  pinned_file file_;           // the database, with the second one
  int owner_ = 0;              // the process that took them
};

/// Whether an engine, of this or another process, has the second lock on the open database file.
bool locked_by_engine(int fd) noexcept;

/// Removes an empty write-ahead log and its index, as SQLite's last writing connection does when it closes: only while no
/// connection of any process has the database open. SQLite's reading connections make both files and leave them behind.
void remove_empty_wal(const std::filesystem::path& database) noexcept;

} // namespace dbengine::os
