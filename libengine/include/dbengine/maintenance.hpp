// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Maintenance of a database: kinds and results.
// Thread safety: plain data.

#pragma once

#include <dbengine/stats.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dbengine {

enum class maintenance_kind : std::uint8_t {
  vacuum,
  analyze,
  optimize,
  integrity_check,
  quick_check,
  checkpoint,
  set_pragma
};

/// Result of a maintenance request: the problems of a check, the figures of a checkpoint.
struct maintenance_result {
  std::vector<std::string> problems = {};
  checkpoint_result checkpoint = {};

  friend bool operator==(const maintenance_result&, const maintenance_result&) = default;
};

} // namespace dbengine
