// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs one statement through the engine and passes its rows to a writer.
#pragma once

#include "output/row_writer.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace dbengine::app {

/// The effect of a statement, as text for a human reader.
struct statement_report {
  /// The statement returned no rows because its kind cannot return any.
  bool wrote = false;
  /// Rows passed to the writer, or rows changed.
  std::uint64_t rows = 0;
  std::chrono::nanoseconds elapsed{0};

  /// "3 rows changed in 1.2 ms", "1 row in 80 us".
  std::string text() const;
};

/// Streams the rows of a read, fetches the rows of a write that returns some, and executes any
/// other statement. The writer is begun and ended if there are rows.
/// Errors: those of the engine.
statement_report run_statement(const request_view& db, const std::string& sql, const params& p,
                               row_writer& to);

} // namespace dbengine::app
