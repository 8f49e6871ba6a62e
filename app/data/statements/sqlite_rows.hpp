// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Rows read directly from an SQLite statement, as the engine's row type.
#pragma once

#include <dbengine/rows.hpp>

#include <memory>
#include <string>
#include <vector>

struct sqlite3_stmt;

namespace dbengine::app {

struct statement_finalizer {
  void operator()(sqlite3_stmt* s) const noexcept;
};
using statement_handle = std::unique_ptr<sqlite3_stmt, statement_finalizer>;

/// The current row of a statement that has been stepped.
/// Thread safety: one thread.
/// Ownership: the statement outlives it.
class sqlite_rows {
public:
  explicit sqlite_rows(sqlite3_stmt* statement);

  const std::vector<std::string>& columns() const noexcept { return *arena_.columns; }
  /// Valid until the next call.
  row current();

private:
  sqlite3_stmt* statement_;
  detail::arena arena_;
};

} // namespace dbengine::app
