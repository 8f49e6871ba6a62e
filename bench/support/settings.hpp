// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The command line that all benchmark programs share.

#pragma once

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::bench {

struct settings {
  /// Of each subject in each round.
  double seconds = 1;
  /// Pairs; fewer than 5 are allowed for trying out and marked as no measurement.
  std::size_t rounds = 5;
  /// Workloads to run, all where empty; a name selects every workload that contains it.
  std::vector<std::string> only = {};
  /// Subjects to leave out (`engine`, `sqlitecpp`). Raw SQLite always runs.
  std::vector<std::string> skip = {};
  std::filesystem::path json = {};
  /// Where the databases are made.
  std::filesystem::path directory = ".";
  /// False: `disable_memory_statistics` for the whole process, thus for every subject.
  bool memstatus = false;
  /// Raw connections are opened as SQLite's default has it (serialised) instead of NOMUTEX.
  bool raw_serialized = false;
  /// Of the engine and of raw SQLite alike, in bytes; negative: the engine's default.
  long long mmap_size = -1;
  bool list = false;

  bool selected(const std::string& workload) const;
  bool skipped(const std::string& subject) const;
};

/// Reads the command line; prints the mistake or the help and exits (2 and 0).
settings parse_settings(int argc, char** argv, const char* about);

/// Sets what is set for the process as a whole. Before the first connection.
void apply_process_settings(const settings& s);

nlohmann::json to_json(const settings& s);

/// Writes `document` to `file`, by way of a temporary name; throws where it cannot.
void write_json(const std::filesystem::path& file, const nlohmann::json& document);

} // namespace dbengine::bench
