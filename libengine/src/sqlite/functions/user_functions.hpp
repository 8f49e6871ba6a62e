// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The SQL functions and collations of the host.

#pragma once

#include "sqlite/functions/collation_failure.hpp"

#include <dbengine/options.hpp>

#include <memory>

struct sqlite3;

namespace dbengine::sqlite {

/// Registers the user's functions and collations; throws where SQLite refuses a name. `o` must outlive the handle. A collation that
/// throws is told to `watch`; without one SQLite's statement is interrupted.
void register_user_functions(sqlite3* db, const options& o,
                             std::shared_ptr<collation_failure> watch = nullptr);

/// Registers them on a database of its own, in memory: throws before any file is touched.
void check_user_functions(const options& o);

} // namespace dbengine::sqlite
