// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The prepared statements that begin and end a connection's transactions.
// Thread safety: the connection's user. Ownership: owns the statements.

#pragma once

#include <array>
#include <cstddef>

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::sqlite {

class authorizer;
class request_handlers;

/// BEGIN, COMMIT, ROLLBACK and the savepoint of the engine, with the engine's rights.
class transaction_statements {
public:
  enum class kind : unsigned char { begin, begin_immediate, commit, rollback, savepoint, release };

  transaction_statements(authorizer& a, request_handlers& h) noexcept : auth_(&a), handlers_(&h) {}
  ~transaction_statements();
  transaction_statements(const transaction_statements&) = delete;
  transaction_statements& operator=(const transaction_statements&) = delete;

  /// Throws `error`.
  void prepare(sqlite3* db);
  /// Finalizes all but BEGIN, which keeps the handle open while virtual tables are disconnected.
  void finalize_all_but_begin() noexcept;
  void finalize() noexcept;
  /// BEGIN: the last statement that is finalized.
  sqlite3_stmt* last() const noexcept { return statements_[0]; }
  bool owns(const sqlite3_stmt* s) const noexcept;

  /// Runs the statement; returns SQLite's code.
  int run(kind k) noexcept;
  /// False in SQLite's autocommit mode.
  bool is_open() const noexcept;
  /// Rolls back the open transaction, if any. No request can stop it.
  void roll_back() noexcept;
  /// Undoes the statements since the savepoint and releases it. No request can stop it. False if it
  /// failed.
  bool roll_back_to_savepoint() noexcept;
  /// Ends a transaction that only read.
  void end_read() noexcept;
  /// False after a transaction could not be ended (out of memory): the connection must be closed.
  bool is_usable() const noexcept { return !failed_to_end_; }

private:
  void note_failure_to_end() noexcept;

  authorizer* auth_;
  request_handlers* handlers_;
  sqlite3* db_ = nullptr;
  std::array<sqlite3_stmt*, 6> statements_{}; // by kind
  bool failed_to_end_ = false;
};

} // namespace dbengine::sqlite
