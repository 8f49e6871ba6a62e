// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The text of a dump, independent of the source of its rows.
#pragma once

#include "data/dump/schema.hpp"
#include "output/output_stream.hpp"

#include <dbengine/rows.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace dbengine::app {

/// A table whose rows are dumped. `select` returns the rows with their columns in this order.
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

/// Everything in a dump except the rows.
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
  /// What is left out of the dump, and why.
  std::vector<std::string> warnings;
};

/// Reads the contents with several statements.
dump_contents read_dump_contents(const fetch_function& fetch);

/// Passes each row to the function: first the tables in their order, then the sequences, then the
/// statistics.
using each_row = std::function<void(const dumped_rows&, const std::function<void(const row&)>&)>;

/// Writes the statements that insert one row. No statement is longer than `most` bytes unless the
/// row has too many columns for that.
void write_row(const dumped_rows& what, const row& r, std::size_t most, output_stream& to);

void write_dump(const dump_contents& what, const each_row& rows, output_stream& to);

} // namespace dbengine::app
