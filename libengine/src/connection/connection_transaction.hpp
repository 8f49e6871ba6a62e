// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The transaction of one connection.
// Thread safety: the connection's user. Ownership: owns the statements that begin and end it.

#pragma once

#include "connection/connection_parts.hpp"
#include "connection/transaction_statements.hpp"
#include "sqlite/request_control.hpp"

struct sqlite3;

namespace dbengine::sqlite {

/// Begins, commits and rolls back, and keeps the parts of the connection informed: the snapshot,
/// the schema, and the rows of a failed statement.
///
/// Errors: every function that is not `noexcept` throws `error`.
class connection_transaction {
public:
  explicit connection_transaction(const connection_parts& p) noexcept
      : p_(p), statements_(p.auth, p.handlers) {}

  void set_database(sqlite3* db) noexcept { db_ = db; }
  transaction_statements& statements() noexcept { return statements_; }

  void begin_immediate(request_control& c);
  /// Begins a transaction that reads what is committed now, not at its first read.
  void begin_snapshot();
  /// Throws if the commit fails; the transaction is rolled back then.
  void commit(request_control& c);
  void rollback() noexcept;
  void savepoint();
  void release_savepoint();
  /// If that fails, rolls back all of the transaction: `is_open` is false then.
  void rollback_to_savepoint() noexcept;

  bool is_open() const noexcept { return statements_.is_open(); }
  /// True if a deferred foreign key is violated at this moment.
  bool foreign_keys_pending() const noexcept;
  /// Ends the effect of `PRAGMA defer_foreign_keys`. Only while no foreign key is pending.
  void stop_deferring_keys() noexcept;
  /// See `conflict_outcome::holds_failed_rows`.
  bool holds_failed_rows() const noexcept;
  /// False after a transaction could not be ended (out of memory): the connection must be closed.
  bool is_usable() const noexcept { return statements_.is_usable(); }

private:
  const connection_parts p_;
  sqlite3* db_ = nullptr;
  transaction_statements statements_;
};

} // namespace dbengine::sqlite
