// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The age of exactly-once records.
// Thread rule: the write connection's.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace dbengine::sqlite {

/// The engine's own time in seconds, by which records age: it goes on from the newest record while the engine is open, so that no jump
/// of the system's clock makes a record old. Shared by the write connections of an engine, one after the other.
class id_clock {
public:
  /// `newest` record in the file; asked for once.
  template <class F>
  std::int64_t now(F&& newest) {
    if (!start_)
      start_ = newest() +
               1; // every opening counts: programs that run for a moment make records old, too
    return *start_ + std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::steady_clock::now() - opened_)
                         .count();
  }

private:
  std::chrono::steady_clock::time_point opened_ = std::chrono::steady_clock::now();
  std::optional<std::int64_t> start_;
};

} // namespace dbengine::sqlite
