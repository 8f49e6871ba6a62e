// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The questions that bench-targets asks, each with the answer that is wanted.

#pragma once

#include "driver.hpp"

#include <string>
#include <vector>

namespace dbengine::bench {

struct workload {
  std::string name;
  std::string title;
  unsigned threads = 1;
  dbengine::synchronous synchronous = dbengine::synchronous::normal;
  /// The engine's rate over raw SQLite's that is wanted.
  double target = 1;
  /// Rows that one operation stands for; the rates shown are rows.
  unsigned rows = 1;
  unsigned time_every = 1;
  step operation;
  /// Bound of the engine's p99 over its p50; 0 = none.
  double fairness = 0;
};

/// Rows of one bulk transaction and of the large SELECT.
inline constexpr unsigned bulk_rows = 1'000;

std::vector<workload> all_workloads();

} // namespace dbengine::bench
