// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks of whole databases, as verification and restore need them.
// Thread rule: a connection is used by one thread at a time. Ownership: by value.

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

/// Rows per table of schema "main"; virtual tables are left out, their shadow tables are in.
using row_counts = std::map<std::string, std::int64_t>;

row_counts count_rows(sqlite3* db);

/// Asked between steps of long work; false stops it.
using continue_check = std::function<bool()>;
/// Adds what the schema needs to a connection: functions, collations.
using prepare_connection = std::function<void(sqlite3*)>;

/// Lets `asked` interrupt the statements of a connection while this lives.
class scoped_interrupt {
public:
  scoped_interrupt(sqlite3* db, const continue_check& asked);
  ~scoped_interrupt();
  scoped_interrupt(const scoped_interrupt&) = delete;
  scoped_interrupt& operator=(const scoped_interrupt&) = delete;

private:
  sqlite3* db_;
};

/// What is known of a whole database after reading all of it.
struct database_check {
  std::vector<std::string> problems = {};
  /// Not damaged for all one can tell, but the schema needs functions or collations that are not there.
  std::string unchecked = {};
  std::uint64_t pages = 0;
  std::uint64_t page_size = 0;
  std::uint64_t foreign_key_violations = 0;
  /// Why SQLite cannot check the foreign keys of this schema; empty where it did.
  std::string foreign_keys_unchecked = {};
  row_counts rows = {};
};

/// Reads the database that is open as `fd`: `integrity_check`, `foreign_key_check`, page and row counts. Damage is
/// in the result; throws `errc::cancelled` where `asked` says stop, `errc::io` where the file cannot be read.
database_check check_database(int fd, const prepare_connection& prepare,
                              const continue_check& asked);

} // namespace dbengine::backup
