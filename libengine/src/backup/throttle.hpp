// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Pauses of long work beside a writer.
// Thread safety: one thread at a time; any thread may change the commit counter. Ownership: by
// value.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace dbengine::backup {

/// Pauses as long as it has worked while another connection writes, and not at all otherwise.
class throttle {
public:
  /// `commits` returns the number of commits of the database; without it a writer is assumed.
  /// `pause`: the length of one pause.
  throttle(std::chrono::milliseconds pause, std::function<std::uint64_t()> commits);

  /// Starts a period of work.
  void begin() noexcept { worked_since_ = std::chrono::steady_clock::now(); }
  /// Pauses if the period of work is over. Call it often.
  void pause_if_due();

private:
  std::chrono::milliseconds pause_;
  std::function<std::uint64_t()> commits_;
  std::uint64_t seen_ = 0;
  std::chrono::steady_clock::time_point worked_since_;
};

} // namespace dbengine::backup
