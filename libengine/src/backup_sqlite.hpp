// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite as the backups use it: plain connections that close themselves, and checks of whole databases.
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

namespace dbengine::detail {

struct close_database {
  void operator()(sqlite3* db) const noexcept;
};
using database_handle = std::unique_ptr<sqlite3, close_database>;

/// Rows per table of schema "main"; virtual tables are left out, their shadow tables are in.
using row_counts = std::map<std::string, std::int64_t>;

/// Throws the `error` for SQLite's result code: "<what>: <SQLite's message>".
[[noreturn]] void throw_sqlite(int rc, sqlite3* db, const std::string& what);

/// Opens a connection. `flags` are SQLite's; no mutex is used in any case.
database_handle open_database(const std::string& name, int flags, const char* vfs,
                              const std::string& what);
void run_sql(sqlite3* db, const std::string& sql, const std::string& what);
/// The first column of every row, as text.
std::vector<std::string> column_of(sqlite3* db, const std::string& sql, const std::string& what);

/// After BEGIN: takes the snapshot without reading the schema. To read one of thousands of tables takes longer than others need to
/// change it, and a statement that reads it first and takes the snapshot afterwards fails with SQLITE_SCHEMA ("database schema
/// has changed") in the end; within the snapshot it cannot.
inline constexpr const char* take_snapshot = "PRAGMA schema_version";

row_counts count_rows(sqlite3* db);

/// Asked between steps of long work; false stops it.
using go_on = std::function<bool()>;
/// Adds what the schema needs to a connection: functions, collations.
using prepare_connection = std::function<void(sqlite3*)>;

/// Lets `asked` interrupt the statements of a connection while this lives.
class interruption {
public:
  interruption(sqlite3* db, const go_on& asked);
  ~interruption();
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

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
database_check check_database(int fd, const prepare_connection& prepare, const go_on& asked);

} // namespace dbengine::detail
