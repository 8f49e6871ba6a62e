// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Files that are kept open beside SQLite: the engine's own and databases.
// Thread safety: one object is used by one thread at a time; different objects are independent.
// Ownership: owns one descriptor, which may outlive the object (see below).

#pragma once

#include "os/directory.hpp"

#include <sys/types.h>

namespace dbengine::os {

/// A descriptor of a file that SQLite may also have open in this process. When a process closes any
/// descriptor of a file, the kernel drops all of the process's POSIX locks on it, including
/// SQLite's. So the descriptor of a file that SQLite has locked is not closed but kept until no
/// lock remains. The next `pinned_file` that is opened or reset closes it; at most one is kept per
/// file that is opened once at a time.
/// The locks of the descriptor itself are released explicitly. A forked child shares the open file
/// description and would keep the locks while it runs; so its copy of the descriptor leads to
/// /dev/null from the fork on.
///
/// Why not a list of this process's databases? It would not include the connections of other users
/// of SQLite in the process.
class pinned_file {
public:
  pinned_file() = default;
  explicit pinned_file(unique_fd fd);
  pinned_file(pinned_file&& other) noexcept = default;
  pinned_file& operator=(pinned_file&& other) noexcept;
  ~pinned_file() { reset(); }

  /// As `directory::open_file`.
  static pinned_file open(const directory& folder, const std::string& name);
  /// Opens a file for reading and writing. With `create` a missing file is made with SQLite's mode;
  /// `made` is set if it was. Links are not followed. Returns no descriptor, with `errno`, if that
  /// fails.
  static pinned_file open_to_write(const std::filesystem::path& path, bool create, bool& made);

  /// True if a `pinned_file` of this process is open on the file that `fd` is open on.
  static bool has(int fd);

  int get() const noexcept { return fd_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  void reset() noexcept;

private:
  unique_fd fd_;
  pid_t owner_ = 0;
};

} // namespace dbengine::os
