// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Plain SQLite connections that close themselves, for work beside the engine's: backups, checks.
// Thread safety: one thread at a time for each connection. Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <memory>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::sqlite {

struct close_database {
  void operator()(sqlite3* db) const noexcept;
};
using database_handle = std::unique_ptr<sqlite3, close_database>;

/// Throws the `error` for SQLite's result code: "<what>: <SQLite's message>".
[[noreturn]] void throw_sqlite(int rc, sqlite3* db, const std::string& what);

/// Opens a connection. `flags` are SQLite's; SQLITE_OPEN_NOMUTEX is added.
database_handle open_database(const std::string& name, int flags, const char* vfs,
                              const std::string& what);
void run_sql(sqlite3* db, const std::string& sql, const std::string& what);
/// The first column of every row, as text.
std::vector<std::string> column_of(sqlite3* db, const std::string& sql, const std::string& what);

/// Prepares a statement that lives as long as its connection; the caller finalizes it. Throws
/// `error`.
sqlite3_stmt* prepare_persistent(sqlite3* db, const char* sql);

/// Used after BEGIN: takes the snapshot without reading the schema. Reading a schema of thousands
/// of tables may take longer than others need to change it. A statement that reads the schema
/// before it takes the snapshot may fail with SQLITE_SCHEMA ("database schema has changed"); within
/// the snapshot it cannot.
inline constexpr const char* take_snapshot = "PRAGMA schema_version";

} // namespace dbengine::sqlite
