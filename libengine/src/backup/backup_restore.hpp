// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Putting a backup in the place of a database.
// Thread rule: independent calls; a target is guarded by its engine lock.

#pragma once

#include "backup/database_check.hpp"
#include "sqlite/plain_database.hpp"

#include <dbengine/backup.hpp>

#include <string_view>

namespace dbengine::backup {

/// What lies beside `name` while it is replaced. Only what the marker vouches for is ever removed: without it, files of these
/// names are somebody else's, and the restore is refused.
struct restore_names {
  explicit restore_names(const std::string& name)
      : marker("." + name + ".dbengine-restore"), partial(marker + ".partial"),
        old(marker + ".old") {}

  std::string marker;
  /// The unfinished new file.
  std::string partial;
  /// The old one until the new one has opened.
  std::string old;
};

struct restore_settings {
  std::filesystem::path backup = {};
  /// Links are resolved: the file they lead to is replaced.
  std::filesystem::path target = {};
  bool force = false;
  progress_callback progress = {};
  prepare_connection prepare = {};
  /// Told each point, for tests: mark, copy, sync, guard, keep, rename, open, done.
  std::function<void(std::string_view)> at = {};
};

/// As `restore_backup`; holds the target's `file_lock` all along. The order, each state of which a crash may leave:
/// 0. a marker says that what lies beside the target is a restore's;
/// 1. the backup is copied (unpacked) into the unfinished file, verified there and synced;
/// 2. the target is opened by SQLite and taken out of WAL mode, which merges its -wal and fails while any other
///    program has it open in that mode. Where the target is too damaged for that, its -wal and -journal are renamed along
///    with it instead: in no state can they lie beside the new file;
/// 3. the target is linked under its second name, and the new file renamed over it;
/// 4. the new file is opened. If it does, the old one is removed; else it takes its name back.
///
/// What died restores into names that never came to be left in the folder goes first.
/// While a read-only engine has the target open (a shared `flock` on it) it is refused, too.
void restore(const restore_settings& settings);

/// Removes what a restore that died left beside a database, for whoever opens it next and holds its engine lock. The
/// old file goes only where the new one is there and opens; where it does not, the old one takes its name back. Without the
/// marker nothing is touched. Returns the names.
std::vector<std::string> clean_after_restore(const std::filesystem::path& target);

} // namespace dbengine::backup
