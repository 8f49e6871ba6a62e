// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Properties of a table, read from its CREATE statement as SQLite reads it. `create_sql` is the
// text in the schema.
#pragma once

#include <string>
#include <string_view>

namespace dbengine::app {

/// The place where the rows of a virtual table are stored.
enum class row_storage {
  own,          ///< in the table itself: inserting the rows restores it
  own_by_rowid, ///< as `own`, and rowids link its rows with those of other tables
  elsewhere,    ///< an index over another table, which is rebuilt
  no_text,      ///< an index that stores no text: nothing can be read from it
  computed      ///< computed from other tables: nothing is inserted
};

/// Decides by the module after USING and its arguments.
row_storage rows_of_virtual_table(std::string_view create_sql);

/// The table or view that an index (`row_storage::elsewhere`) covers, in lower case.
std::string indexed_table(std::string_view create_sql);

/// The hidden column of a full-text table that holds the language of each row; empty if there is
/// none.
std::string language_column(std::string_view create_sql);

/// Whether the statement creates a table with AUTOINCREMENT.
bool has_autoincrement(std::string_view create_sql);

} // namespace dbengine::app
