// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The files that a backup makes before it is complete.
// Thread safety: one thread at a time. Ownership: owns the descriptors; refers to the folder.

#pragma once

#include "os/directory.hpp"
#include "os/pinned_file.hpp"

#include <string>
#include <vector>

namespace dbengine::backup {

/// Makes files in a folder and removes them again unless the backup completes. Every file is locked
/// (`flock`) while it exists here, so that other processes can distinguish it from a leftover.
/// Errors: `backup_failed`, `disk_full`, `io`.
class unfinished_files {
public:
  /// `backup_folder`: the folder holds backups only and is locked by the caller. Otherwise its
  /// other files belong to other programs, and only a file that looks like a leftover of a backup
  /// is replaced.
  unfinished_files(const os::directory& folder, bool backup_folder) noexcept
      : folder_(&folder), backup_folder_(backup_folder) {}

  /// Makes a file and returns its descriptor. A leftover of a dead process under that name is
  /// removed first.
  int create(const std::string& name);
  /// Renames a file. Throws if another process has replaced it, before or during the rename.
  void rename(const std::string& from, const std::string& to);
  /// Removes one file.
  void remove(int fd);
  /// Removes all files. Returns the ones that could not be removed, "; …" each.
  std::string remove_all() noexcept;
  /// Completes the backup: the files keep their names and are closed.
  void keep_all() noexcept { files_.clear(); }

private:
  struct file {
    std::string name;
    os::pinned_file fd;
  };

  const os::directory* folder_;
  bool backup_folder_;
  std::vector<file> files_;
};

} // namespace dbengine::backup
