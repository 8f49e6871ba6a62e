// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Scripts that bring their own transactions, statement by statement on a connection of their own.
#pragma once

#include "output/writer.hpp"

#include <dbengine/db_engine.hpp>

#include <cstdint>
#include <string>

namespace dbengine::app {

/// Runs each statement of `sql` on a raw connection, in the script's own transactions; rows go to a writer per statement.
/// Returns the number of statements. Throws the first failure with its offset in the whole text; an open transaction
/// is rolled back then, and also one that the script leaves open.
std::uint64_t run_raw_script(const request_view& db, const std::string& sql,
                             row_writer_source& writers);

} // namespace dbengine::app
