// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Restoring a backup in place of a database.
// Thread safety: independent calls; a target is protected by its engine lock.

#pragma once

#include "backup/database_check.hpp"
#include "backup/restore_cleanup.hpp"
#include "sqlite/plain_database.hpp"

#include <dbengine/backup.hpp>

#include <filesystem>
#include <functional>
#include <string_view>

namespace dbengine::backup {

/// What one restore reads and replaces.
struct restore_settings {
  std::filesystem::path backup = {};
  /// The database to replace or to make. Links are resolved.
  std::filesystem::path target = {};
  bool force = false;
  progress_callback progress = {};
  prepare_connection prepare = {};
  /// For tests, called at each point: mark, copy, sync, guard, keep, rename, replace, open,
  /// put_back, done. An exception fails the restore there.
  std::function<void(std::string_view)> at = {};
};

/// As `restore_backup`; holds the target's `file_lock` until it returns. A crash may leave the
/// state after any of these steps, and `clean_after_restore` undoes or completes it:
/// 0. a marker states that the files beside the target belong to a restore;
/// 1. the backup is copied (decompressed) into the unfinished file, verified there and synced;
/// 2. the target is opened by SQLite and taken out of WAL mode, which merges its -wal and fails
///    while another program has it open in that mode. If the target is too damaged for that, its
///    -wal and -journal are renamed with it instead: in no state are they beside the new file;
/// 3. the target is linked under its second name, and the new file is renamed over it;
/// 4. the new file is opened. If it opens, the old one is removed; otherwise the old one takes its
///    name back.
///
/// Leftovers of restores in the folder whose target never existed are removed first. A target that
/// a read-only engine has open (a shared `flock`) is refused as well.
void restore(const restore_settings& settings);

} // namespace dbengine::backup
