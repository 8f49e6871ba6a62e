// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The tests of `dbengine bench`, one function each.

#pragma once

#include "bench_command/bench_command.hpp"
#include "bench_command/measure.hpp"

#include <dbengine/db_engine.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::app::bench {

/// The environment of a test: settings, its folder, and the list of findings.
class workplace {
public:
  workplace(const bench_settings& s, std::filesystem::path folder, std::string test)
      : settings_(s), folder_(std::move(folder)), test_(std::move(test)) {}

  const bench_settings& settings() const noexcept { return settings_; }
  const std::filesystem::path& folder() const noexcept { return folder_; }
  /// Opens a new engine on a new file with the tables of the tests.
  db_engine open(int workers) const;
  db_engine open() const { return open(settings_.workers); }
  /// The file of the most recently opened engine.
  std::filesystem::path last_file() const {
    return folder_ / (test_ + "-" + std::to_string(files_) + ".db");
  }
  /// Inserts rows until `items` has `count`.
  void fill(const db_engine& db, std::size_t count) const;
  /// Names a finding, prints its line and stores it.
  finding& record(finding f, std::string label, std::string unit);
  const std::vector<finding>& findings() const noexcept { return findings_; }

private:
  const bench_settings& settings_;
  std::filesystem::path folder_;
  std::string test_;
  std::vector<finding> findings_;
  mutable int files_ = 0;
};

inline constexpr const char* insert_item =
    "INSERT INTO items (name, category, price) VALUES (?, ?, ?)";

params item(std::size_t number);

void run_single(workplace& w);
void run_bulk(workplace& w);
void run_select(workplace& w);
void run_concurrent(workplace& w);
void run_transaction(workplace& w);
void run_scaling(workplace& w);
void run_backup(workplace& w);
void run_memory(workplace& w);

/// Recommendations derived from the findings: each sentence includes the figures that support it.
std::vector<std::string> recommend(const bench_settings& s, const std::vector<finding>& findings);

} // namespace dbengine::app::bench
