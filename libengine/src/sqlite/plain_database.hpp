// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Plain SQLite connections that close themselves, for work that is not the engine's own: backups, checks.
// Thread rule: a connection is used by one thread at a time. Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <memory>
#include <string>
#include <vector>

struct sqlite3;

namespace dbengine::sqlite {

struct close_database {
  void operator()(sqlite3* db) const noexcept;
};
using database_handle = std::unique_ptr<sqlite3, close_database>;

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

} // namespace dbengine::sqlite
