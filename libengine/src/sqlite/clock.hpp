// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The clock of deadlines and waits.
// Thread safety: any thread.

#pragma once

#include <algorithm>
#include <chrono>

namespace dbengine::sqlite {

using clock = std::chrono::steady_clock;

/// The upper bound of every wait. Longer timeouts are clamped to it, so that adding one to a time
/// point never overflows.
inline constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(24 * 365);

/// The time point `t` from now; now if `t` is negative.
inline clock::time_point deadline_after(std::chrono::milliseconds t) noexcept {
  return clock::now() + std::clamp(t, std::chrono::milliseconds(0), longest_wait);
}

} // namespace dbengine::sqlite
