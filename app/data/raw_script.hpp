// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Scripts that bring their own transactions, statement by statement on a connection of their own.
#pragma once

#include "data/run_statement.hpp"
#include "output/writer.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

struct sqlite3;

namespace dbengine::app {

/// The statements of a text on one connection, one after the other, cut by SQLite's own word. One thread; the text and
/// the connection outlive it. While it lives the connection's progress handler is its own.
class raw_statements {
public:
  using clock = std::chrono::steady_clock;

  /// Begins at byte `at` of `sql`; whatever runs at `deadline` fails with `errc::timeout`. Throws `errc::sql` for a text with a zero byte, which SQLite would take for its end.
  raw_statements(sqlite3* handle, const std::string& sql, std::size_t at, std::stop_token cancel,
                 std::optional<clock::time_point> deadline = std::nullopt);
  ~raw_statements();
  raw_statements(const raw_statements&) = delete;
  raw_statements& operator=(const raw_statements&) = delete;

  /// Runs the next one; false at the end. Throws its failure, with the offset in the whole text; what it did is undone.
  bool run_next(row_writer_source& writers);
  /// Where the rest begins.
  std::size_t position() const noexcept { return at_; }
  const statement_report& report() const noexcept { return report_; }

private:
  bool late() const { return deadline_ && clock::now() >= *deadline_; }
  [[noreturn]] void fail(std::size_t base, bool in_statement) const;

  sqlite3* handle_;
  const std::string& sql_;
  std::size_t at_;
  std::stop_token cancel_;
  std::optional<clock::time_point> deadline_;
  statement_report report_;
};

/// Whether the text has nothing but space, semicolons and closed comments.
bool says_nothing(const std::string& sql);

struct raw_script_result {
  std::uint64_t statements = 0;
  /// Rows that refer to none, where the engine enforces foreign keys; empty for none.
  std::string warning = {};
};

/// Runs statements on the connection until the deadline and returns their number.
using script_body = std::function<std::uint64_t(
    sqlite3*, const std::optional<raw_statements::clock::time_point>& deadline)>;

/// Runs `run` on a raw connection. Where a script is run `as_it_stands`, foreign keys are enforced only where it says so. Throws what
/// `run` throws, and `data_error` where a transaction is left open; an open one is rolled back.
raw_script_result run_on_raw_connection(const request_view& db, bool as_it_stands,
                                        const script_body& run);

/// Runs each statement of `sql` on a raw connection, in the script's own transactions; rows go to a writer per statement. Foreign
/// keys are enforced only where the script says so, as by sqlite3. The request's timeout is that of the whole script. Throws the first
/// failure with its offset in the whole text; an open transaction is rolled back then, and also one that the script leaves open.
raw_script_result run_raw_script(const request_view& db, const std::string& sql,
                                 row_writer_source& writers);

} // namespace dbengine::app
