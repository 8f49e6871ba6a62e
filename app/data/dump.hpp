// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A whole database as SQL.
#pragma once

#include "output/stream.hpp"

#include <dbengine/db_engine.hpp>

#include <string>
#include <vector>

namespace dbengine::app {

/// Writes statements that make an equal database, from one snapshot and in constant memory. Returns warnings about what SQL
/// cannot say. Throws the engine's errors.
std::vector<std::string> dump(const request_view& db, output_stream& to);

/// The same over the wire.
std::vector<std::string> dump_remote(const request_view& db, output_stream& to);

} // namespace dbengine::app
