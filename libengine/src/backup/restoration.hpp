// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One restore in progress.

#pragma once

#include "backup/backup_restore.hpp"
#include "backup/restore_names.hpp"
#include "os/directory.hpp"
#include "os/pinned_file.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace dbengine::backup {

/// The steps of a restore, in the order that `restore` documents.
/// Thread safety: one thread; the caller holds the `file_lock` of the target.
/// Ownership: owns the descriptors of the new and the old file; refers to the settings.
/// Errors: `run` throws `error`. The target is unchanged then, and the files of this restore are
/// removed.
class restoration {
public:
  /// `target`: the database file, links resolved.
  restoration(const restore_settings& settings, const std::filesystem::path& target);

  /// Restores. Leftovers of other restores must have been removed before.
  void run();

private:
  void throw_if_refused(const std::filesystem::path& target) const;
  void pass_point(std::string_view point) const;
  std::string path() const { return folder_.path_of(name_).string(); }
  std::string partial_path() const { return folder_.path_of(beside_.partial).string(); }

  void mark();
  void unmark() const;
  void copy();
  void copy_owner() const;
  void restore_new();
  void restore_over();
  sqlite::database_handle lock_old();
  void throw_if_open_elsewhere() const;
  void keep_old(bool merged);
  void take_name();
  void undo();
  void check_new() const;

  const restore_settings& settings_;
  std::filesystem::path target_;
  os::directory folder_;
  std::string name_;
  restore_names beside_;
  bool replaces_ = false; // the target exists
  bool marked_ = false;   // the marker exists
  bool moved_ = false;    // the new file has the name
  // The new file and, from `lock_old` on, the old one, for comparison with their names.
  os::pinned_file new_file_;
  os::pinned_file old_file_;
};

} // namespace dbengine::backup
