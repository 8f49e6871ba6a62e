// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The clock that determines the age of exactly-once records.
// Thread safety: the write connection's user.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace dbengine::sqlite {

/// The engine's own time in seconds. It continues from the newest record while the engine is open,
/// so that no jump of the system's clock makes a record old. Shared by the successive write
/// connections of an engine.
class id_clock {
public:
  /// `newest()` returns the time of the newest record in the file; called once.
  template <class F>
  std::int64_t now(F&& newest) {
    if (!start_)
      // One second for each opening: records also age if programs run for a moment only.
      start_ = newest() + 1;
    return *start_ + std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::steady_clock::now() - opened_)
                         .count();
  }

private:
  std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
  std::optional<std::int64_t> start_;
};

} // namespace dbengine::sqlite
