// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Undoing and cleaning up restores: steps that a failed restore and its successor share.
// Thread safety: the caller holds the `file_lock` of the database. Errors: `error`.

#pragma once

#include "os/directory.hpp"
#include "os/pinned_file.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::backup {

/// The text of a marker.
inline constexpr std::string_view restore_marker_text = "dbengine restore\n";

/// The database file that a path leads to. Links are resolved.
std::filesystem::path resolve_target(const std::filesystem::path& target);
/// Removes `name` if another process has placed a file there: as a link it would lead the next open
/// and the next restore to another file. `own`: the file that should have the name.
void remove_foreign(const os::directory& folder, const std::string& name,
                    const os::pinned_file& own);
/// Gives the old file and its companions their names back. `old`: the old file.
void restore_old(const os::directory& folder, const std::string& name, const os::pinned_file& old);
/// Throws if SQLite cannot open the database.
void check_opens(const os::directory& folder, const std::string& name);
/// Removes files and returns the names of those that existed.
std::vector<std::string> remove_all(const os::directory& folder,
                                    const std::vector<std::string>& names);

/// Removes the leftovers of a killed restore beside a database. Call it before the database is
/// opened, with its engine lock. The old file is removed only if the new one exists and opens;
/// otherwise the old one takes its name back. Without a marker nothing is changed. Returns the
/// names of the removed files.
std::vector<std::string> clean_after_restore(const std::filesystem::path& target);
/// Cleans up after restores in a folder that were killed before their target existed. A database
/// that does not exist is never opened, so the next restore into the folder does this.
void clean_after_unborn(const os::directory& folder);

} // namespace dbengine::backup
