// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The workloads of bench-targets, each with its target.

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
  /// The target ratio of the engine's rate to that of raw SQLite.
  double target = 1;
  /// Rows per operation; the printed rates are rows.
  unsigned rows = 1;
  unsigned time_every = 1;
  step operation;
  /// Upper limit of the engine's p99 divided by its p50; 0 = none.
  double fairness = 0;
};

/// Rows of one bulk transaction and of the large SELECT.
inline constexpr unsigned bulk_rows = 1'000;

std::vector<workload> all_workloads();

} // namespace dbengine::bench
