// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One statement through the engine, its rows to a writer.
#pragma once

#include "output/writer.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace dbengine::app {

/// What a statement did, for people.
struct statement_report {
  /// It returned no rows because it is none that could.
  bool wrote = false;
  /// Rows written to the writer, or rows that it changed.
  std::uint64_t rows = 0;
  std::chrono::nanoseconds elapsed{0};

  /// "3 rows changed in 1.2 ms", "1 row in 80 us".
  std::string text() const;
};

/// Streams what reads, fetches what writes and returns rows, executes the rest. The writer is begun and ended where there are
/// rows. Throws the engine's errors.
statement_report run_statement(const request_view& db, const std::string& sql, const params& p,
                               row_writer& to);

} // namespace dbengine::app
