// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Scripts with their own transactions, run statement by statement on a separate connection.
#pragma once

#include "data/statements/run_statement.hpp"
#include "output/row_writer.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

struct sqlite3;

namespace dbengine::app {

/// The statements of a text, run in order on one connection and delimited by SQLite itself.
/// Thread safety: one thread.
/// Ownership: the text and the connection outlive this object, which uses the connection's progress
/// handler while it lives.
class raw_statements {
public:
  using clock = std::chrono::steady_clock;

  /// Begins at byte `at` of `sql`. A statement that runs at `deadline` fails with `errc::timeout`.
  /// Errors: `errc::sql` for a text with a zero byte, at which SQLite would end it.
  raw_statements(sqlite3* handle, const std::string& sql, std::size_t at, std::stop_token cancel,
                 std::optional<clock::time_point> deadline = std::nullopt);
  ~raw_statements();
  raw_statements(const raw_statements&) = delete;
  raw_statements& operator=(const raw_statements&) = delete;

  /// Runs the next statement; returns false at the end.
  /// Errors: those of the statement, with the offset in the whole text; its changes are undone.
  bool run_next(row_writer_source& writers);
  /// The position of the first byte not yet run.
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

/// Whether the text consists of spaces, semicolons and closed comments.
bool has_no_statement(const std::string& sql);

struct raw_script_result {
  std::uint64_t statements = 0;
  /// A warning about rows that reference missing rows, if the engine enforces foreign keys;
  /// otherwise empty.
  std::string warning = {};
};

/// Runs statements on the connection until the deadline and returns their number.
using script_body = std::function<std::uint64_t(
    sqlite3*, const std::optional<raw_statements::clock::time_point>& deadline)>;

/// Calls `run` with a raw connection. For a script run `as_it_stands`, foreign keys are enforced
/// only if the script enables them.
/// Errors: those of `run`, and `data_error` if a transaction is left open, which is rolled back.
raw_script_result run_on_raw_connection(const request_view& db, bool as_it_stands,
                                        const script_body& run);

/// Runs each statement of `sql` on a raw connection, in the script's own transactions. Rows go to
/// one writer per statement. As in the sqlite3 shell, foreign keys are enforced only if the script
/// enables them. The request's timeout covers the whole script.
/// Errors: the first failure, with its offset in the whole text. An open transaction is rolled
/// back, also one that the script leaves open.
raw_script_result run_raw_script(const request_view& db, const std::string& sql,
                                 row_writer_source& writers);

} // namespace dbengine::app
