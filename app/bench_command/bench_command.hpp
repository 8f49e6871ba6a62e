// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `dbengine bench`: how fast the engine is on this machine, and what to set.
// Thread rule: one run at a time; it starts threads of its own.

#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace dbengine::app {

struct bench_settings {
  /// Names out of `bench_tests()`; empty runs all, `backup` only with `backup_enabled`.
  std::vector<std::string> tests = {};
  /// Operations of each measurement, at least 10.
  std::size_t operations = 1'000;
  /// Reader actors of the engines under test, 1 to 64; the scaling test tries fewer and more.
  int workers = 1;
  /// Rows a transaction of the bulk test.
  std::vector<std::size_t> batch_sizes = {10, 50, 100, 500, 1'000};
  /// Engines under test make periodic backups, and the backup test belongs to "all".
  bool backup_enabled = false;
  /// Where the result goes as JSON; empty: nowhere.
  std::filesystem::path json = {};
  /// Below it the databases are made, in a folder that is removed again; empty: the system's folder for temporary files.
  std::filesystem::path directory = {};
  /// Looked at between two measurements.
  std::stop_token cancel = {};
  /// Told which test begins, for standard error.
  std::function<void(const std::string&)> progress = {};
};

/// single bulk select concurrent transaction scaling backup memory.
const std::vector<std::string>& bench_tests();

/// Runs the tests, prints what they found and what follows from it, writes the JSON. Returns 0. Throws
/// `dbengine::error`: `errc::invalid_option` for an unknown test (with the nearest name) or a size out of
/// range, before anything runs; `errc::cancelled`; `errc::io` where a file cannot be written; whatever the engine throws.
int run_bench(const bench_settings& settings);

} // namespace dbengine::app
