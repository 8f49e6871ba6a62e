// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Which backups go.
// Thread rule: safe on any thread; `apply_retention` keeps other processes out by the directory's lock.

#pragma once

#include "backup/backup_catalog.hpp"

namespace dbengine::backup {

struct retention_plan {
  std::vector<backup_file> keep = {};
  std::vector<backup_file> remove = {};
};

/// Decides over a catalog, newest first. Only backups of `source` are counted or removed; where it is lost,
/// those that may be its own are kept beside them. Only
/// verified ones count towards `keep_count`, so that damaged ones push no good one out. The newest verified one
/// always stays, whatever the bounds. Age is that of the time in the name.
retention_plan plan_retention(const std::vector<catalog_entry>& newest_first,
                              const backup_source& source, const retention_policy& policy,
                              wall_time now);

/// Before anything goes, the one that must stay is read and compared with its SHA-256: a manifest alone does not show that a bit
/// flipped. One that differs counts as damaged, and the next one takes its part. `just_made` names one that needs no second
/// reading, because it was verified a moment ago.
/// Plans and, unless `dry_run`, removes, oldest first: the file, then its manifest. A file counts as being read while
/// `verify_backup`, `restore_backup` or anybody else holds a shared `flock` on it, or an SQLite connection
/// (of any process) has one of SQLite's locks on it. `at` is told each point for tests.
prune_report apply_retention(const std::filesystem::path& folder, const backup_source& source,
                             const retention_policy& policy, wall_time now, bool dry_run,
                             const std::function<void(std::string_view)>& at = {},
                             const std::string& just_made = {});

} // namespace dbengine::backup
