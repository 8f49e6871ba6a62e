// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Writes rows in several formats.
#pragma once

#include "output/output_stream.hpp"
#include "ui/terminal.hpp"

#include <dbengine/rows.hpp>

#include <memory>
#include <string>
#include <vector>

namespace dbengine::app {

/// The names of the formats, for `-o`.
const std::vector<std::string>& format_names();

/// Writes one result: `begin` once, `add` per row, `end` once.
/// Memory is constant, except that `table` buffers the first 1,000 rows to determine its column
/// widths.
/// Thread safety: one thread.
class row_writer {
public:
  virtual ~row_writer() = default;
  virtual void begin(const std::vector<std::string>& columns) = 0;
  virtual void add(const row& r) = 0;
  virtual void end() = 0;
};

/// The writer of a format (one of `format_names`).
std::unique_ptr<row_writer> make_writer(const std::string& format, output_stream& to,
                                        const ui::terminal& t);
/// The same for a file that import reads. Without rows, JSON names its columns: `{"$columns":
/// ["id", "name"]}`.
std::unique_ptr<row_writer> make_export_writer(const std::string& format, output_stream& to);

std::unique_ptr<row_writer> make_table_writer(output_stream& to, const ui::terminal& t);
std::unique_ptr<row_writer> make_markdown_writer(output_stream& to);
std::unique_ptr<row_writer> make_line_writer(output_stream& to);
std::unique_ptr<row_writer> make_csv_writer(output_stream& to);
/// `lines`: an object per line instead of one array. `write_columns`: without rows, an object with
/// the names of the columns.
std::unique_ptr<row_writer> make_json_writer(output_stream& to, bool lines,
                                             bool write_columns = false);

/// Creates a writer of the same format for each of several results. Formats for people get an empty
/// line between results.
class row_writer_source {
public:
  row_writer_source(std::string format, output_stream& to, const ui::terminal& t)
      : format_(std::move(format)), to_(to), terminal_(t) {}

  std::unique_ptr<row_writer> next();

private:
  const std::string format_;
  output_stream& to_;
  const ui::terminal terminal_;
  bool first_ = true;
};

/// One value for a human reader: NULL, a number, text with visible control characters, the
/// beginning of a blob as x'0aff'.
std::string shown_value(const field& f);

/// The shortest decimal text that reads back as the same double, always with a point or an
/// exponent; "Inf", "-Inf".
std::string real_text(double x);

} // namespace dbengine::app
