// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the statement that made a virtual table says of it.
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

/// By the module behind USING and its arguments, read as SQLite reads them: `create_sql` is that of the schema.
kept_rows rows_of_virtual_table(std::string_view create_sql);

} // namespace dbengine::app
