// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Inserts the rows of an import.
#pragma once

#include "data/import/import.hpp"
#include "data/import/target.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace dbengine::app {

/// A record that could not be parsed.
struct bad_record {
  std::uint64_t line;
  std::string why;
};

/// Rows for one statement, and the records between them that could not be parsed.
struct import_batch {
  std::string sql;
  std::vector<params> rows;
  std::vector<std::uint64_t> lines;
  std::vector<bad_record> bad;
  std::size_t bytes = 0;

  bool empty() const noexcept { return rows.empty() && bad.empty(); }
};

/// Inserts rows batch by batch, finds the records that the engine refuses or the table ignores, and
/// reports them.
/// Thread safety: one thread.
class import_loader {
public:
  import_loader(const request_view& db, const import_settings& s, row_keeping keeping,
                const report_bad& report, import_result& r)
      : db_(db), settings_(s), keeping_(keeping), report_(report), result_(r) {}

  /// Returns false if the import must stop.
  bool load(import_batch b);

private:
  void insert(const import_batch& b, std::size_t begin, std::size_t n);
  void insert_all(const import_batch& b, std::size_t begin, std::size_t n);
  void insert_each(const import_batch& b, std::size_t begin, std::size_t n);
  bool one_by_one(const import_batch& b, std::size_t begin);
  void count(std::uint64_t line, bool kept);
  bool refuse(std::uint64_t line, const std::string& why);

  const request_view& db_;
  const import_settings& settings_;
  const row_keeping keeping_;
  const report_bad& report_;
  import_result& result_;
};

} // namespace dbengine::app
