// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Maintenance of a database: kinds and results.
/// Thread safety: plain data.

#pragma once

#include <dbengine/stats.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dbengine {

/// The work of a maintenance request. The functions of the same names in `requesting` describe it.
enum class maintenance_kind : std::uint8_t {
  vacuum,          ///< rebuilds the file without its free pages
  analyze,         ///< gathers statistics for the query planner, of one table or of all
  optimize,        ///< runs `PRAGMA optimize`
  integrity_check, ///< checks the whole file, indexes against their tables included
  quick_check,     ///< checks the file without comparing indexes with their tables
  checkpoint,      ///< copies the WAL into the database file
  set_pragma       ///< sets one of the pragmas that `requesting::set_pragma` lists
};

/// Result of a maintenance request: the problems of a check, the figures of a checkpoint.
struct maintenance_result {
  /// What a check found, one text for each problem; empty if there is none.
  std::vector<std::string> problems = {};
  /// The figures of a checkpoint; zeros for the other kinds.
  checkpoint_result checkpoint = {};

  friend bool operator==(const maintenance_result&, const maintenance_result&) = default;
};

} // namespace dbengine
