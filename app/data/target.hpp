// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The table that an import fills.
#pragma once

#include "data/csv.hpp"
#include "data/import.hpp"
#include "data/json_split.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app {

/// What SQLite makes of a value stored in a column, as far as an import cares.
enum class affinity {
  text,   ///< numbers become text
  number, ///< text that looks like a number becomes one, a whole real an integer
  real,   ///< text that looks like a number and integers become reals
  none
};

struct target_column {
  std::string name;
  app::affinity affinity = app::affinity::none;
};

/// The columns of an existing table that can be inserted into; nothing where there is no such table.
std::optional<std::vector<target_column>> find_table(const request_view& db,
                                                     const std::string& table);

/// Which of the rows that it is given a table keeps.
enum class row_keeping {
  all,
  some,     ///< a trigger or a conflict clause may ignore one
  uncounted ///< a view: its triggers put the rows where they like
};

row_keeping keeping_of(const request_view& db, const std::string& table);

/// How the input is written, by its beginning; of the two, that which the format of the settings names counts.
struct input_form {
  csv_dialect csv;
  json_form json = json_form::lines;
};
input_form input_form_of(std::string_view head, const import_settings& s);

/// The first field of a record that is not UTF-8, from 1; 0 for none.
std::size_t not_utf8(const csv_reader& record);
/// What is said behind the place of such a field.
inline constexpr const char* encoding_text =
    " is not UTF-8: convert the file, where it is Latin-1 by iconv -f ISO-8859-1 -t UTF-8";

/// The names of columns in a header, read last. Columns without a name get one that nothing else has, unless the table has a column
/// of the empty name. Throws `data_error` where it cannot be a header.
std::vector<std::string> header_names(const csv_reader& header,
                                      const std::function<bool(std::string_view)>& is_in_table);
std::string header_text(std::uint64_t line);

/// The columns that the beginning of an input asks for, and the statement that makes them. A column with text and numbers
/// holds text if the input is CSV, and both if it is JSON, which tells them apart.
struct proposal {
  std::vector<target_column> columns;
  std::string create_sql;
};
proposal propose_table(std::string_view head, bool head_is_all, const import_settings& s,
                       const input_form& form);

/// The position of a name, letter case of ASCII aside as in SQLite.
std::optional<std::size_t> position(const std::vector<target_column>& columns,
                                    std::string_view name);

} // namespace dbengine::app
