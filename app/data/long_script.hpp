// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Scripts that are too long to be held in memory, or for SQLite to take as one text.
#pragma once

#include "data/chunks.hpp"
#include "data/raw_script.hpp"
#include "output/writer.hpp"

#include <dbengine/db_engine.hpp>

#include <cstddef>
#include <string>

namespace dbengine::app {

/// A script up to this size is run by the engine as a whole.
inline constexpr std::size_t most_of_short_script = std::size_t{64} << 20;

/// Runs the statements of `head` and of what `rest` gives behind it, on a raw connection, holding no more than a piece of the input and a
/// statement. A script that begins with a transaction of its own, or with what runs outside of one, is run as it stands, as by
/// `run_raw_script`. Any other one is run in one transaction, and must not end it. Throws the first
/// failure, with its line in the message; an open transaction is rolled back then.
raw_script_result run_long_script(const request_view& db, std::string head, chunks& rest,
                                  row_writer_source& writers);

} // namespace dbengine::app
