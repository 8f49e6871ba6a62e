// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The table that an import fills.
#pragma once

#include "data/import/import.hpp"
#include "data/input/csv_reader.hpp"
#include "data/input/json_splitter.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app {

/// The type to which SQLite converts a stored value, as far as it concerns an import.
enum class affinity {
  text,   ///< numbers become text
  number, ///< text that is a number becomes one, an integral real becomes an integer
  real,   ///< text that is a number and integers become reals
  none
};

struct target_column {
  std::string name;
  app::affinity affinity = app::affinity::none;
};

/// The columns of an existing table that accept inserted values; empty if there is no such table.
std::optional<std::vector<target_column>> find_table(const request_view& db,
                                                     const std::string& table);

/// Which of the inserted rows a table keeps.
enum class row_keeping {
  all,
  some,     ///< a trigger or a conflict clause may ignore one
  uncounted ///< a view: its triggers store the rows in other tables
};

row_keeping keeping_of(const request_view& db, const std::string& table);

/// The form of the input, detected from its beginning. Only the member for the format in the
/// settings is used.
struct input_form {
  csv_dialect csv;
  json_form json = json_form::lines;
};
input_form input_form_of(std::string_view head, const import_settings& s);

/// The number, from 1, of the first field of a record that is not UTF-8; 0 if there is none.
std::size_t not_utf8(const csv_reader& record);
/// The message after the position of such a field.
inline constexpr const char* encoding_text =
    " is not UTF-8: convert the file; if it is Latin-1, with iconv -f ISO-8859-1 -t UTF-8";

/// Column names in a header, which was read last. A column without a name gets a unique one, unless
/// the table has a column with the empty name.
/// Errors: `data_error` if the record cannot be a header.
std::vector<std::string> header_names(const csv_reader& header,
                                      const std::function<bool(std::string_view)>& is_in_table);
std::string header_text(std::uint64_t line);

/// The columns suggested by the beginning of an input, and the statement that creates them. A
/// column with text and numbers holds text if the input is CSV. It holds both if the input is JSON,
/// which distinguishes them.
struct proposal {
  std::vector<target_column> columns;
  std::string create_sql;
};
proposal propose_table(std::string_view head, bool head_is_all, const import_settings& s,
                       const input_form& form);

/// The position of a name, compared without ASCII case as in SQLite.
std::optional<std::size_t> position(const std::vector<target_column>& columns,
                                    std::string_view name);

} // namespace dbengine::app
