// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The text of a dump, wherever its rows come from.
#pragma once

#include "data/schema.hpp"
#include "output/stream.hpp"

#include <dbengine/rows.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace dbengine::app {

/// A table whose rows are dumped: `select` gives them, their columns first.
struct dumped_rows {
  std::string table;                ///< quoted
  std::vector<std::string> columns; ///< quoted
  std::string select() const;
};

struct dumped_table {
  std::string create_sql; ///< whole statements, or comments
  bool has_rows = false;
  dumped_rows rows;
};

/// What a dump consists of, but for the rows.
struct dump_contents {
  std::string pragmas;
  std::vector<dumped_table> tables;
  bool has_sequences = false;
  dumped_rows sequences;
  std::string indexes_and_views;
  std::string rebuilds; ///< of full-text indexes over other tables and views
  std::string triggers;
  bool has_statistics = false; ///< what ANALYZE found
  dumped_rows statistics;
  /// What is left out, and why.
  std::vector<std::string> warnings;
};

/// Reads it by several statements.
dump_contents read_dump_contents(const fetch_function& fetch);

/// Gives each row to the function, in the order of the tables, then of the sequences, then of the statistics.
using each_row = std::function<void(const dumped_rows&, const std::function<void(const row&)>&)>;

/// Writes the statements that insert one row, none of them longer than `most` bytes, where its columns are not too many for that.
void write_row(const dumped_rows& what, const row& r, std::size_t most, output_stream& to);

void write_dump(const dump_contents& what, const each_row& rows, output_stream& to);

} // namespace dbengine::app
