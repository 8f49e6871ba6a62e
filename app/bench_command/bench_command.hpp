// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `dbengine bench`: measures the engine on this machine and recommends settings.
// Thread safety: one run at a time; it starts its own threads.

#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace dbengine::app {

struct bench_settings {
  /// Names from `bench_tests()`. Empty runs all, `backup` only with `backup_enabled`.
  std::vector<std::string> tests = {};
  /// Operations of each measurement, at least 10.
  std::size_t operations = 1'000;
  /// Reader actors of the measured engines, 1 to 64; the scaling test also uses fewer and more.
  int workers = 1;
  /// Rows per transaction in the bulk test.
  std::vector<std::size_t> batch_sizes = {10, 50, 100, 500, 1'000};
  /// The measured engines make periodic backups, and the backup test is part of "all".
  bool backup_enabled = false;
  /// The file for the result as JSON; empty: none.
  std::filesystem::path json = {};
  /// The databases are created below this folder, in one that is removed at the end. Empty: the
  /// system's folder for temporary files.
  std::filesystem::path directory = {};
  /// Checked between two measurements.
  std::stop_token cancel = {};
  /// Called with the name of each test before it starts, for standard error.
  std::function<void(const std::string&)> progress = {};
};

/// single bulk select concurrent transaction scaling backup memory.
const std::vector<std::string>& bench_tests();

/// Runs the tests, prints the findings and recommendations, and writes the JSON. Returns 0.
/// Errors: `errc::invalid_option` for an unknown test (with the nearest name) or a size out of
/// range, before anything runs; `errc::cancelled`; `errc::io` if a file cannot be written; those of
/// the engine.
int run_bench(const bench_settings& settings);

} // namespace dbengine::app
