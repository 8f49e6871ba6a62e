// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What runs the statements of a shell.
#pragma once

#include "data/run_statement.hpp"
#include "output/writer.hpp"

#include <dbengine/db_engine.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

namespace dbengine::app::shell {

/// Statements go through the engine, one request each. What the engine allows on a raw connection only (BEGIN, ATTACH,
/// temporary tables, settings) opens one, and it is kept while it has something to lose: an open transaction, attached
/// files, temporary tables, settings. Over the wire there is no such connection, and they are refused. One thread. The engine
/// outlives it.
class session {
public:
  session(const DbEngine& engine, bool read_only, bool remote = false)
      : engine_(&engine), read_only_(read_only), remote_(remote) {}

  /// Called after each statement.
  using observer = std::function<void(const statement_report&)>;

  /// Runs all statements of `sql`. Throws the first failure, its offset in the whole text; what ran before stays.
  void run(const std::string& sql, row_writer_source& writers, const std::stop_token& cancel,
           const observer& seen);
  /// The same on a connection of its own throughout, where there can be one: for long scripts.
  void run_file(const std::string& sql, row_writer_source& writers, const std::stop_token& cancel,
                const observer& seen);

  /// Rows of a query that sees what the session's statements see.
  rows fetch(const std::string& sql, const params& p = {}) const;

  bool in_transaction() const;
  /// It holds a connection of its own, and with it the engine's right to write.
  bool apart() const noexcept { return own_.has_value(); }
  /// Gives the connection back; an open transaction is rolled back, settings and attached files are forgotten.
  void reset() { own_.reset(); }
  /// The engine's requests, for what works on the engine as a whole.
  request_view requests(const std::stop_token& cancel) const;

private:
  // Runs statements of `sql` from `at` on the own connection until it can be given back; returns where the rest begins.
  std::size_t run_apart(const std::string& sql, std::size_t at, row_writer_source& writers,
                        const std::stop_token& cancel, const observer& seen);
  void part();
  bool has_something_to_lose() const;

  const DbEngine* engine_;
  bool read_only_;
  bool remote_;
  std::optional<raw_connection> own_;
  bool settings_ = false; // something outside of a transaction was done on it
};

} // namespace dbengine::app::shell
