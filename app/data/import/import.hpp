// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Loads a file into a table.
#pragma once

#include "data/input/chunks.hpp"

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
  jsonl, ///< one object in each line
  json   ///< an array of objects, one object in each line, or objects in sequence
};

struct import_settings {
  std::string table = {};
  import_format format = import_format::csv;
  /// Guess types from the text (numbers, blobs), or treat everything as text.
  bool guess_types = true;
  /// An empty CSV field without quotes becomes an empty text instead of null. The field `""` always
  /// is an empty text.
  bool empty_is_text = false;
  /// The first record of a CSV file names the columns.
  bool header = true;
  /// The separator of CSV fields. The default is the one named by a first line such as `sep=;`,
  /// otherwise a comma.
  std::optional<char> separator = {};
  std::size_t batch = 5000;
  /// Skip rows that cannot be used, or stop at the first one.
  bool skip_bad = false;
};

struct import_result {
  /// Records of the input, without header and blank lines.
  std::uint64_t records = 0;
  /// Rows inserted into the table. (A view reports no row count: rows passed to its triggers.)
  std::uint64_t imported = 0;
  /// Records that a trigger or a conflict clause of the table ignored. They are reported, but do
  /// not stop the import.
  std::uint64_t ignored = 0;
  /// Records that were reported and not imported. `records == imported + ignored + bad`, unless the
  /// import stopped at a bad record.
  std::uint64_t bad = 0;
  bool stopped = false;
  bool created_table = false;
};

/// Reports a record that is not in the table: its line and the reason.
using report_bad = std::function<void(std::uint64_t line, const std::string& why)>;

/// Loads `input` into the table. If the table does not exist, it is created from the names and types
/// in `head`, the beginning of the input: complete records, perhaps followed by a part of one.
/// Each batch is committed separately. If the import stops, all records before the bad one are in
/// the table. A record is bad if its column's type would change a value by dropping digits. In a
/// table created here, a text that would become a number also makes the record bad.
/// `result` reports the progress, also when the function throws.
/// Errors: `data_error` if the columns do not fit, and the engine's errors that no record causes.
void import_rows(const request_view& db, std::string_view head, bool head_is_all, chunks& input,
                 const import_settings& s, const report_bad& report, import_result& result,
                 const std::function<void()>& tick = {});

/// `name` -> `"name"`, quotes inside doubled.
std::string quoted_name(std::string_view name);

} // namespace dbengine::app
