// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The first read of a database's schema.
// Thread safety: the connection's user.

#pragma once

struct sqlite3;

namespace dbengine::sqlite {

/// Reads the schema and begins reading the database. Returns SQLite's result code; the connection
/// has the message. Within a transaction this takes its snapshot. Otherwise no snapshot remains,
/// unless the function failed.
///
/// SQLite gives up with SQLITE_SCHEMA if others change a schema faster than it reads it, which
/// takes long with thousands of tables. Then the snapshot is taken first (`take_snapshot`): within
/// it, no schema changes. Why not at once? If the disk cannot be read, the pragma reports that the
/// database is malformed.
int begin_reading(sqlite3* db) noexcept;

} // namespace dbengine::sqlite
