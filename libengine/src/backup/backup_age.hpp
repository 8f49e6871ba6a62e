// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The age at which a missing backup is reported.
// Thread safety: depends on its arguments only.

#pragma once

#include <dbengine/defaults.hpp>

#include <chrono>

namespace dbengine::backup {

/// True if one backup was missed, by the age of the last one (or of the opening of an engine
/// without one), and the time for making it up has passed.
inline bool is_overdue(std::chrono::nanoseconds age, std::chrono::milliseconds interval) noexcept {
  return age > 2 * interval + defaults::backup_late;
}

} // namespace dbengine::backup
