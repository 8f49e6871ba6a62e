// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The report at the end of the demo.
#pragma once

#include "demo/loader.hpp"
#include "demo/oracle.hpp"
#include "demo/questions.hpp"
#include "ui/terminal.hpp"

#include <dbengine/stats.hpp>

#include <string>
#include <vector>

namespace dbengine::app::demo {

/// A table: rows read from the index, and rows found by the engine and by SQLite.
struct table_count {
  std::string table;
  std::uint64_t read = 0, engine = 0, sqlite = 0;
  bool agree() const noexcept { return read == engine && read == sqlite; }
};

/// One of the five questions with both answers.
struct checked_question {
  final_question question;
  std::vector<std::string> columns;
  answer engine, sqlite;
  /// Medians.
  std::chrono::nanoseconds engine_time{0}, sqlite_time{0};
  bool agree() const { return engine == sqlite; }
};

struct outcome {
  std::vector<table_count> counts = {};
  std::vector<load_result> loaders = {};
  std::vector<asker_results> askers = {};
  std::chrono::nanoseconds load_time{0};
  std::vector<checked_question> questions = {};
  std::vector<std::string> engine_problems = {}, sqlite_problems = {};
  statistics stats = {};
  std::uint64_t file_bytes = 0;
  std::uint64_t skipped_stanzas = 0;

  /// Every disagreement as a sentence; empty if all agree.
  std::vector<std::string> disagreements() const;
};

/// The whole report.
std::string report(const outcome& o, const ui::terminal& t);

} // namespace dbengine::app::demo
