// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The table that an import fills.
#pragma once

#include "data/import.hpp"

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

/// The columns that the beginning of an input asks for, and the statement that makes them. A column with text and numbers
/// holds text if the input is CSV, and both if it is JSON, which tells them apart.
struct proposal {
  std::vector<target_column> columns;
  std::string create_sql;
};
proposal propose_table(std::string_view head, bool head_is_all, const import_settings& s);

/// The position of a name, letter case of ASCII aside as in SQLite.
std::optional<std::size_t> position(const std::vector<target_column>& columns,
                                    std::string_view name);

} // namespace dbengine::app
