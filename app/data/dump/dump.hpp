// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A whole database as SQL.
#pragma once

#include "output/output_stream.hpp"

#include <dbengine/db_engine.hpp>

#include <string>
#include <vector>

namespace dbengine::app {

/// Writes SQL statements that recreate the database, from one snapshot and in constant memory.
/// Returns warnings about content that SQL cannot express.
/// Errors: those of the engine.
std::vector<std::string> dump(const request_view& db, output_stream& to);

/// The same for a database behind a server.
std::vector<std::string> dump_remote(const request_view& db, output_stream& to);

} // namespace dbengine::app
