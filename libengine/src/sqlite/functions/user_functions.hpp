// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The SQL functions and collations of the host.
// Thread safety: the user of the connection.

#pragma once

#include "sqlite/functions/collation_failure.hpp"

#include <dbengine/options.hpp>

#include <memory>

struct sqlite3;

namespace dbengine::sqlite {

/// Registers the user's functions and collations. `o` must outlive the handle. `failure` records
/// collations that throw; without it SQLite's statement is interrupted. Throws
/// `errc::invalid_option` if SQLite refuses a name.
void register_user_functions(sqlite3* db, const options& o,
                             std::shared_ptr<collation_failure> failure = nullptr);

/// Registers them on a private database in memory, so that an error is thrown before a file is
/// accessed.
void check_user_functions(const options& o);

} // namespace dbengine::sqlite
