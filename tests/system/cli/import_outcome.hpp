// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "data/import/import.hpp"

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace dbengine::test {

/// The outcome of an import of a text: its report, the rows of the table, and its schema.
struct import_outcome {
  app::import_result result;
  /// Each is "line: reason".
  std::vector<std::string> bad;
  /// A text per row, with its values as SQLite's quote() writes them.
  std::vector<std::string> rows;
  std::string schema;
};

inline std::vector<std::string> shown(const db_engine& db, const std::string& table) {
  std::vector<std::string> lines;
  const rows all = db.fetch("SELECT * FROM " + app::quoted_name(table) + " ORDER BY rowid");
  for (const auto& r : all) {
    std::string line;
    for (std::size_t i = 0; i < r.size(); ++i) {
      const auto f = r[i];
      std::string text;
      switch (f.type()) {
      case value_type::null: text = "NULL"; break;
      case value_type::integer: text = std::to_string(f.as<std::int64_t>()); break;
      case value_type::real: text = "r" + std::to_string(f.as<double>()); break;
      case value_type::text: text = "'" + std::string(f.bytes()) + "'"; break;
      case value_type::blob: text = "b" + std::to_string(f.bytes().size()); break;
      }
      line += (i == 0 ? "" : "|") + text;
    }
    lines.push_back(line);
  }
  return lines;
}

inline import_outcome load(const db_engine& db, const std::string& text, app::import_settings s,
                           std::size_t step = 0) {
  s.table = s.table.empty() ? "t" : s.table;
  import_outcome o;
  app::memory_chunks input(text, step);
  app::import_rows(
      db.with_timeout(std::chrono::hours(1)), text, true, input, s,
      [&](std::uint64_t line, const std::string& why) {
        o.bad.push_back(std::to_string(line) + ": " + why);
      },
      o.result);
  o.rows = shown(db, s.table);
  o.schema = db.fetch_value<std::string>("SELECT sql FROM sqlite_schema WHERE name = ?", s.table)
                 .value_or("");
  return o;
}

} // namespace dbengine::test
