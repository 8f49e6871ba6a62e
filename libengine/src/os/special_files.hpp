// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A check of the files that SQLite would open, before it opens them.
// Thread safety: any thread.

#pragma once

#include <filesystem>

namespace dbengine::os {

/// Throws `errc::cannot_open` if the database, or a file that SQLite opens beside it, exists and is
/// not a regular file. Opens none of them: opening a pipe would wait for its writer, and opening a
/// device may have any effect.
void refuse_special_files(const std::filesystem::path& database);

} // namespace dbengine::os
