// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How old the last backup may become before somebody should look.
// Thread rule: none; it depends on its arguments alone.

#pragma once

#include <dbengine/defaults.hpp>

#include <chrono>

namespace dbengine::backup {

/// Whether something is wrong where the last backup, or the opening of the engine without one, is so long ago: one was left out,
/// and there was time to make up for it.
inline bool is_overdue(std::chrono::nanoseconds age, std::chrono::milliseconds interval) noexcept {
  return age > 2 * interval + defaults::backup_late;
}

} // namespace dbengine::backup
