// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Verification of a backup file, shared by `verify_backup` and `restore_backup`.
// Thread safety: independent calls.

#pragma once

#include "backup/backup_catalog.hpp"

namespace dbengine::backup {

/// As `verify_backup`. The file has a shared `flock` during the check, so that retention does not
/// remove it.
///
/// `copy_to`: an empty open file, or -1. The decompressed database is written there, and that copy
/// is checked. `prepare` adds functions and collations that the schema needs. If some are missing,
/// a file that equals its manifest byte by byte counts as verified, because it was verified when it
/// was made. `altered` is set if the manifest was changed by hand. That alone is not a problem: the
/// manifest's data on the content is compared, and the other fields are ignored.
verify_report inspect_backup(const std::filesystem::path& path, int copy_to,
                             const prepare_connection& prepare, const progress_callback& progress,
                             bool* altered = nullptr);

} // namespace dbengine::backup
