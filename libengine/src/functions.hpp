// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQL functions and collations of a connection: those of the user, and SQLite's own where those cannot be interrupted.

#pragma once

#include <dbengine/options.hpp>

struct sqlite3;

namespace dbengine::detail {

class connection;

/// Registers the user's functions and collations; throws where SQLite refuses a name.
void register_user_functions(sqlite3* db, const options& o);

/// Registers them on a database of its own, in memory: throws before any file is touched.
void check_user_functions(const options& o);

/// Replaces `instr` (quadratic in SQLite: 202 s on megabytes) by a linear one with the same results.
void register_safe_functions(sqlite3* db);

} // namespace dbengine::detail
