// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What lies in a backup directory.
// Thread rule: safe on any thread, beside running backups too. Ownership: by value.

#pragma once

#include "backup/backup_manifest.hpp"
#include "backup/backup_name.hpp"
#include "backup/backup_source.hpp"
#include "os/directory.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dbengine::backup {

/// Held (flock) by whoever makes, cleans or removes backups in a directory: one at a time, over all processes.
inline constexpr const char* backup_lock_name = ".dbengine-backup.lock";

struct catalog_entry {
  backup_file file = {};
  backup_name name = {};
  /// None where it is missing or broken.
  std::optional<manifest> about = std::nullopt;
};

/// The backups by their names, newest first. Anything else in the folder is passed over, and so are links.
std::vector<catalog_entry> read_catalog(const os::directory& folder);

/// The manifest beside a file; none where there is none, and then `problem` is set if there is a broken one.
std::optional<manifest> read_manifest(const os::directory& folder, const std::string& file,
                                      std::string& problem);

/// Whether what lies beside `file` is a manifest of ours that names it, and `file` itself is not there: its maker died in between.
bool is_orphan(const os::directory& folder, const std::string& file);

/// When the newest verified backup of a database began, by its manifest: its name may be later, where the clock was set back.
std::optional<wall_time> newest_verified(const std::filesystem::path& folder,
                                         const backup_source& source);

/// For `backup_info`: newest first, without those that belong to another database than `source` by their manifest.
/// A `source` without a path lists all. A folder that is not there has none.
std::vector<backup_file> list_backups(const std::filesystem::path& folder,
                                      const backup_source& source = {});

/// Removes what dead processes left: unfinished files, and manifests whose backup is gone. The caller holds the lock.
/// Returns the names.
std::vector<std::string> remove_leftovers(const os::directory& folder);

/// `remove_leftovers` for the start of an engine; does nothing while a backup runs there or where no folder is.
std::vector<std::string> clean_backup_directory(const std::filesystem::path& folder);

} // namespace dbengine::backup
