// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Verifying a backup file; what `verify_backup` and `restore_backup` share.
// Thread rule: independent calls.

#pragma once

#include "backup/backup_catalog.hpp"

namespace dbengine::backup {

/// As `verify_backup`. With `copy_to`, an empty open file, the database (unpacked) is written there on the way, and it is
/// that copy which is checked. `prepare` adds functions and collations that the schema needs; where they are
/// missing, a file that equals its manifest byte by byte counts as verified, because it was when it was made.
/// While this runs the file has a shared `flock`: retention leaves it alone.
/// `altered` is told of a manifest that was changed by hand, which is no problem here: what it says of the content holds or not, and
/// for the rest it counts as none, with which a file can be restored as well.
verify_report inspect_backup(const std::filesystem::path& path, int copy_to,
                             const prepare_connection& prepare, const progress_callback& progress,
                             bool* altered = nullptr);

} // namespace dbengine::backup
