// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The backups in a backup folder.
// Thread safety: any thread, also beside running backups. Ownership: by value.
// Errors: `errc::backup_failed` or `io` if the folder cannot be read or changed.

#pragma once

#include "backup/backup_manifest.hpp"
#include "backup/backup_name.hpp"
#include "backup/backup_source.hpp"
#include "os/directory.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dbengine::backup {

/// The lock file (flock) of a backup folder. Among all processes, only its holder makes or removes
/// backups there.
inline constexpr const char* backup_lock_name = ".dbengine-backup.lock";

/// One backup of a folder.
struct catalog_entry {
  backup_file file = {};
  backup_name name = {};
  /// nullopt if it is missing or broken.
  std::optional<manifest> about = std::nullopt;
};

/// The backups of a folder, newest first by their names. Other files and links are skipped.
std::vector<catalog_entry> read_catalog(const os::directory& folder);

/// The manifest beside a file. nullopt if there is none or it is broken; `problem` is set in the
/// second case.
std::optional<manifest> read_manifest(const os::directory& folder, const std::string& file,
                                      std::string& problem);

/// True if the file beside `file` is a manifest that names it and `file` itself does not exist: the
/// process ended between the two renames.
bool is_orphan(const os::directory& folder, const std::string& file);

/// When the newest verified backup of a database began, by its manifest. Its name may be later, if
/// the clock was set back.
std::optional<wall_time> newest_verified(const std::filesystem::path& folder,
                                         const backup_source& source);

/// The backups for `backup_info`, newest first, without those whose manifest names another database
/// than `source`. A `source` without a path lists all. A folder that does not exist has none.
std::vector<backup_file> list_backups(const std::filesystem::path& folder,
                                      const backup_source& source = {});

/// Removes what dead processes left: unfinished files, and manifests without their backup. The
/// caller holds the lock. Returns the names.
std::vector<std::string> remove_leftovers(const os::directory& folder);

/// Calls `remove_leftovers` when an engine starts. Does nothing while a backup is running there or
/// if there is no folder.
std::vector<std::string> clean_backup_directory(const std::filesystem::path& folder);

} // namespace dbengine::backup
