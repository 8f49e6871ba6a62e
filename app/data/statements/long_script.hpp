// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Scripts that are too long for memory, or too long for SQLite as one text.
#pragma once

#include "data/input/chunks.hpp"
#include "data/statements/raw_script.hpp"
#include "output/row_writer.hpp"

#include <dbengine/db_engine.hpp>

#include <cstddef>
#include <string>

namespace dbengine::app {

/// The engine runs a script up to this size as a whole.
inline constexpr std::size_t most_of_short_script = std::size_t{64} << 20;

/// Runs the statements of `head` and of `rest`, which follows it, on a raw connection. Memory: one
/// chunk of the input and one statement.
/// A script that begins with its own transaction, or with a statement that cannot run in one, is
/// run unchanged as by `run_raw_script`. Any other script is run in one transaction and must not
/// end it.
/// Errors: the first failure, with its line in the message; an open transaction is rolled back.
raw_script_result run_long_script(const request_view& db, std::string head, chunks& rest,
                                  row_writer_source& writers);

} // namespace dbengine::app
