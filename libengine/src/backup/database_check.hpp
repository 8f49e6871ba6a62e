// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks of whole databases, for verification and restore.
// Thread safety: a connection is used by one thread at a time. Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace dbengine::backup {

/// Rows per table of schema "main"; virtual tables are left out, their shadow tables are included.
using row_counts = std::map<std::string, std::int64_t>;

row_counts count_rows(sqlite3* db);

/// Called between steps of long work; returning false stops it.
using continue_check = std::function<bool()>;
/// Adds what the schema needs to a connection: functions and collations.
using prepare_connection = std::function<void(sqlite3*)>;

/// Interrupts the statements of a connection when `check` returns false, while this object exists.
class scoped_interrupt {
public:
  scoped_interrupt(sqlite3* db, const continue_check& check);
  ~scoped_interrupt();
  scoped_interrupt(const scoped_interrupt&) = delete;
  scoped_interrupt& operator=(const scoped_interrupt&) = delete;

private:
  sqlite3* db_;
};

/// The result of reading a whole database.
struct database_check {
  std::vector<std::string> problems = {};
  /// Not empty: no damage was found, but the schema needs functions or collations that are missing.
  std::string unchecked = {};
  std::uint64_t pages = 0;
  std::uint64_t page_size = 0;
  std::uint64_t foreign_key_violations = 0;
  /// The reason why SQLite cannot check the foreign keys of this schema; empty if it could.
  std::string foreign_keys_unchecked = {};
  row_counts rows = {};
};

/// Reads the database that is open as `fd`: `integrity_check`, `foreign_key_check`, page and row
/// counts. Damage is reported in the result.
/// Errors: `errc::cancelled` if `check` returned false, `errc::io` if the file cannot be read.
database_check check_database(int fd, const prepare_connection& prepare,
                              const continue_check& check);

} // namespace dbengine::backup
