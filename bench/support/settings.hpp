// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command line of all benchmark programs.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::bench {

struct settings {
  /// Seconds of measurement for each subject in each round.
  double seconds = 1;
  /// The number of paired rounds. Fewer than 5 are allowed for trials and marked as no measurement.
  std::size_t rounds = 5;
  /// Workloads to run, all if empty; a name selects every workload that contains it.
  std::vector<std::string> only = {};
  /// Subjects to skip (`engine`, `sqlitecpp`). Raw SQLite always runs.
  std::vector<std::string> skip = {};
  std::filesystem::path json = {};
  /// The folder in which the databases are created.
  std::filesystem::path directory = ".";
  /// False: calls `disable_memory_statistics`, which affects every subject of the process.
  bool memstatus = false;
  /// Opens raw connections in SQLite's default mode (serialised) instead of NOMUTEX.
  bool raw_serialized = false;
  /// For the engine and for raw SQLite, in bytes; if negative, the engine's default.
  long long mmap_size = -1;
  bool list = false;

  bool selected(const std::string& workload) const;
  bool skipped(const std::string& subject) const;
};

/// Parses the command line. Prints the mistake or the help and exits with 2 or 0.
settings parse_settings(int argc, char** argv, const char* about);

/// Applies the settings of the process as a whole. Call it before the first connection.
void apply_process_settings(const settings& s);

nlohmann::json to_json(const settings& s);

/// Writes `document` to `file` through a temporary name.
/// Errors: throws if it cannot.
void write_json(const std::filesystem::path& file, const nlohmann::json& document);

} // namespace dbengine::bench
