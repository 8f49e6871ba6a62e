// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs the statements of a shell.
#pragma once

#include "data/statements/run_statement.hpp"
#include "output/row_writer.hpp"

#include <dbengine/db_engine.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace dbengine::app::shell {

/// Sends statements to the engine, one request each.
/// Statements that the engine allows only on a raw connection (BEGIN, ATTACH, temporary tables,
/// settings) open one. It is kept while it holds state that closing would discard: an open
/// transaction, attached files, temporary tables, settings. A remote database has no raw
/// connection, so these statements are refused.
/// Thread safety: one thread.
/// Ownership: the engine outlives it.
class session {
public:
  session(const DbEngine& engine, bool read_only, bool remote = false)
      : engine_(&engine), read_only_(read_only), remote_(remote) {}

  /// Called after each statement.
  using observer = std::function<void(const statement_report&)>;

  /// Runs all statements of `sql`.
  /// Errors: the first failure, with its offset in the whole text; completed statements stay.
  void run(const std::string& sql, row_writer_source& writers, const std::stop_token& cancel,
           const observer& seen);
  /// The same on one raw connection for the whole text, if there can be one: for long scripts.
  void run_file(const std::string& sql, row_writer_source& writers, const std::stop_token& cancel,
                const observer& seen);

  /// The rows of a query that sees the same data as the session's statements.
  rows fetch(const std::string& sql, const params& p = {}) const;

  bool in_transaction() const;
  /// Whether the session holds a raw connection, and with it the engine's write lock.
  bool has_own_connection() const noexcept { return own_.has_value(); }
  /// Closes the raw connection: rolls back an open transaction and discards settings and attached
  /// files.
  void reset() { own_.reset(); }
  /// Requests to the engine, for operations on the engine as a whole.
  request_view requests(const std::stop_token& cancel) const;

private:
  // Runs statements of `sql` from `at` on the raw connection until it can be closed. Returns the
  // position of the remaining text.
  std::size_t run_on_own_connection(const std::string& sql, std::size_t at,
                                    row_writer_source& writers, const std::stop_token& cancel,
                                    const observer& seen);
  void part();
  bool has_something_to_lose() const;

  const DbEngine* engine_;
  bool read_only_;
  bool remote_;
  std::optional<raw_connection> own_;
  bool settings_ = false; // whether anything outside of a transaction was done on it
};

} // namespace dbengine::app::shell
