// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Retention: which backups are removed.
// Thread safety: any thread; `apply_retention` excludes other processes by the lock of the folder.

#pragma once

#include "backup/backup_catalog.hpp"

namespace dbengine::backup {

/// The backups that retention keeps and removes, newest first.
struct retention_plan {
  std::vector<backup_file> keep = {};
  std::vector<backup_file> remove = {};
};

/// Plans retention over a catalog, newest first. Only backups of `source` are counted or removed;
/// if it is lost, backups that may belong to it are kept as well. Only verified backups count
/// towards `keep_count`, so that damaged ones displace no good one. The newest verified backup is
/// kept whatever the bounds. The age is that of the time in the name.
retention_plan plan_retention(const std::vector<catalog_entry>& newest_first,
                              const backup_source& source, const retention_policy& policy,
                              wall_time now);

/// Plans retention and, unless `dry_run`, removes backups, oldest first: the file, then its
/// manifest.
///
/// First the backup that must be kept is read and compared with its SHA-256, because a manifest
/// does not show that a bit has flipped. If the hash differs, that backup counts as damaged, and
/// the next one takes its role. `just_made` names a backup that needs no second reading, because it
/// has just been verified. A file counts as in use while a shared `flock` is held on it
/// (`verify_backup`, `restore_backup` or another program) or an SQLite connection of any process
/// has a lock on it. `at` is called at each point, for tests.
prune_report apply_retention(const std::filesystem::path& folder, const backup_source& source,
                             const retention_policy& policy, wall_time now, bool dry_run,
                             const std::function<void(std::string_view)>& at = {},
                             const std::string& just_made = {});

} // namespace dbengine::backup
