// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Loading a file into a table.
#pragma once

#include "data/chunks.hpp"

#include <dbengine/db_engine.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::app {

enum class import_format {
  csv,
  jsonl, ///< an object in each line
  json   ///< an array of objects, an object in each line, or one behind the other
};

struct import_settings {
  std::string table = {};
  import_format format = import_format::csv;
  /// Guess types from the text (numbers, blobs) or take everything as text.
  bool guess_types = true;
  /// An empty CSV field without quotes is an empty text, as `""` always is, instead of null.
  bool empty_is_text = false;
  /// The first record of a CSV file names the columns.
  bool header = true;
  /// Between CSV fields; where none is given, what a first line such as `sep=;` says, or a comma.
  std::optional<char> separator = {};
  std::size_t batch = 5000;
  /// Skip rows that cannot be used, or stop at the first one.
  bool skip_bad = false;
};

struct import_result {
  /// Records of the input, without header and blank lines.
  std::uint64_t records = 0;
  /// Rows that came into the table. (A view counts no rows: what its triggers were given.)
  std::uint64_t imported = 0;
  /// Records that a trigger or a conflict clause of the table ignored. They are reported, too, and stop nothing.
  std::uint64_t ignored = 0;
  /// Records that were reported and not imported. `records == imported + ignored + bad`, unless it stopped at a bad one.
  std::uint64_t bad = 0;
  bool stopped = false;
  bool created_table = false;
};

/// A record that is not in the table: its line and why.
using report_bad = std::function<void(std::uint64_t line, const std::string& why)>;

/// Loads `input` into the table, making it from the names and types of the input's beginning (`head`: some of it, whole
/// records and perhaps a part of one) where there is none. Every batch is committed by itself; when it stops, all
/// records before the bad one are in the table. A value that the column's type would change by losing digits, or (in a table
/// made here) by turning text into a number, makes its record a bad one. `result` tells how far it came, also
/// when it throws. Throws `data_error` where columns do not fit, and the engine's errors for
/// what is no record's fault.
void import_rows(const request_view& db, std::string_view head, bool head_is_all, chunks& input,
                 const import_settings& s, const report_bad& report, import_result& result,
                 const std::function<void()>& tick = {});

/// `name` -> `"name"`, quotes inside doubled.
std::string quoted_name(std::string_view name);

} // namespace dbengine::app
