// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How long work beside a writer rests.
// Thread rule: one thread at a time; the counter that it asks may be changed by any. Ownership: by value.

#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace dbengine::backup {

/// Rests as long as it has worked while somebody writes, and not at all while nobody does.
class throttle {
public:
  /// `commits` counts the commits of the database; without it somebody is taken to write. A rest lasts `pause`.
  throttle(std::chrono::milliseconds pause, std::function<std::uint64_t()> commits);

  /// Work begins now.
  void begin() noexcept { worked_since_ = std::chrono::steady_clock::now(); }
  /// Asked often while it goes on.
  void pause_if_due();

private:
  std::chrono::milliseconds pause_;
  std::function<std::uint64_t()> commits_;
  std::uint64_t seen_ = 0;
  std::chrono::steady_clock::time_point worked_since_;
};

} // namespace dbengine::backup
