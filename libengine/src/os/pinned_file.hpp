// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A file of ours, or a database, held open beside SQLite.
// Thread rule: one thread at a time. Ownership: owns one descriptor, which may outlive the object (below).

#pragma once

#include "os/directory.hpp"

#include <sys/types.h>

namespace dbengine::os {

/// A descriptor of a file that SQLite may have open in this process, too. When a process closes any descriptor of a file, the
/// kernel drops all its POSIX locks there, SQLite's included. So one on whose file SQLite has a lock is not closed, but kept
/// until nobody has: by the next `pinned_file` that opens or lets go of something, at most one for each file that is looked at
/// once at a time.
///
/// Its locks, if it has some, are let go of by name. A child that is forked meanwhile shares the open file, and would keep the
/// locks for as long as it lives: its copy of the descriptor leads to /dev/null from the fork on.
///
/// Why not a list of this process's databases? It would not know the connections that SQLite's other users have.
class pinned_file {
public:
  pinned_file() = default;
  explicit pinned_file(unique_fd fd);
  pinned_file(pinned_file&& other) noexcept = default;
  pinned_file& operator=(pinned_file&& other) noexcept;
  ~pinned_file() { reset(); }

  /// As `directory::open_file`.
  static pinned_file open(const directory& folder, const std::string& name);
  /// For reading and writing, made with SQLite's mode where it is missing and `create`; `made` tells. A link in its place is
  /// not followed. None, with `errno`, where that fails.
  static pinned_file open_to_write(const std::filesystem::path& path, bool create, bool& made);

  /// Whether one of this process is open on the file that `fd` is open on.
  static bool has(int fd);

  int get() const noexcept { return fd_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  void reset() noexcept;

private:
  unique_fd fd_;
  pid_t owner_ = 0;
};

} // namespace dbengine::os
