// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The first read of a database file.
// Thread safety: the thread that opens the connection.

#pragma once

#include "sqlite/url.hpp"

#include <dbengine/error.hpp>

#include <chrono>

struct sqlite3;

namespace dbengine::sqlite {

/// Explains why a file cannot be opened, more precisely than SQLite's "unable to open database
/// file".
error_info explain_open_failure(const location& where, const error_info& info);

/// Reads the database once, so that a connection that reads nothing else still reports a file that
/// is not a database. Rolls back the journal of a process that was killed, even on a read-only
/// connection. Throws `error`.
void check_is_database(sqlite3* db, const location& where, std::chrono::milliseconds busy_timeout);

} // namespace dbengine::sqlite
