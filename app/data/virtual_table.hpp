// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the statement that made a table says of it, read as SQLite reads it: `create_sql` is that of the schema.
#pragma once

#include <string>
#include <string_view>

namespace dbengine::app {

/// Where the rows of a virtual table are.
enum class kept_rows {
  own,          ///< in the table: inserting them makes them again
  own_by_rowid, ///< the same, and their rowids link them with others
  elsewhere,    ///< an index over another table, which is built anew
  no_text,      ///< an index that keeps no text: nothing can be read back
  computed      ///< made up from other tables: nothing is inserted
};

/// By the module behind USING and its arguments.
kept_rows rows_of_virtual_table(std::string_view create_sql);

/// The table or view that an index (`kept_rows::elsewhere`) is over, in lower case.
std::string indexed_table(std::string_view create_sql);

/// The hidden column of a full-text table that keeps the language of each row; empty where there is none.
std::string language_column(std::string_view create_sql);

/// Whether it is a table with AUTOINCREMENT.
bool has_autoincrement(std::string_view create_sql);

} // namespace dbengine::app
