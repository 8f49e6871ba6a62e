// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The first look at the schema of a database.
// Thread rule: the connection's. Ownership: none.

#pragma once

struct sqlite3;

namespace dbengine::sqlite {

/// Reads the schema and begins reading the database; SQLite's result code, and the connection has the message. Within a
/// transaction this takes its snapshot; else there is none afterwards, but where it failed there may be.
///
/// SQLite gives up with SQLITE_SCHEMA where others change a schema faster than it is read: with thousands of tables that takes
/// long. Then the snapshot is taken first (`take_snapshot`), within which no schema changes. Why not at once? Of a disk that cannot
/// be read the pragma says that the database is malformed.
int begin_reading(sqlite3* db) noexcept;

} // namespace dbengine::sqlite
