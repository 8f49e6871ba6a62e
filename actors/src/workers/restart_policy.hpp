// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// When the supervisor restarts a child that failed.
// Thread safety: plain data.

#pragma once

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace dbengine::actors::workers {

/// The budget and the delays of restarts; tests make them short.
struct restart_policy {
  /// Failures within `period` that are still normal; one more opens the circuit.
  int intensity = defaults::restart_intensity;
  std::chrono::milliseconds period = defaults::restart_period;
  /// The first delay and the limit of its doubling; the limit is also the time between two probes.
  std::chrono::milliseconds backoff_min = defaults::restart_backoff_min;
  std::chrono::milliseconds backoff_max = defaults::restart_backoff_max;

  /// The longest delay before the n-th restart (from 1) within the period; the delay is between
  /// half of it and the whole.
  std::chrono::milliseconds backoff(std::size_t n) const noexcept {
    auto most = backoff_min;
    for (; n > 1 && most < backoff_max; --n)
      most *= 2;
    return std::min(most, backoff_max);
  }
};

} // namespace dbengine::actors::workers
