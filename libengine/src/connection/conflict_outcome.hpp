// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Whether a statement that failed, or whose result was refused, kept its rows.
// Thread safety: the connection's user.

#pragma once

#include "sqlite/statement_cache.hpp"

#include <dbengine/error.hpp>

#include <cstdint>

struct sqlite3;

namespace dbengine::sqlite {

class authorizer;

/// Decides whether a failed statement kept rows, from SQLite's count of changes and its program.
class conflict_outcome {
public:
  explicit conflict_outcome(authorizer& a) noexcept : auth_(&a) {}

  void set_database(sqlite3* db) noexcept { db_ = db; }

  /// Called before a statement that may write.
  void save_change_count() noexcept;
  /// True if SQLite counted changes since `save_change_count`.
  bool has_changes() const noexcept;
  /// The outcome of a statement that SQLite ended with this code. The caller must add what it knows
  /// about the enclosing transaction.
  outcome outcome_of(int code, const prepared* p) const;

  /// True if a statement wrote its rows and then failed on its result alone: the rows are in the
  /// open transaction, which must be rolled back, to a savepoint before it or as a whole.
  bool holds_failed_rows() const noexcept { return holds_failed_rows_; }
  void set_holds_failed_rows(bool on) noexcept { holds_failed_rows_ = on; }

private:
  bool rows_were_kept(int code, const prepared& p) const;
  bool has_fail_conflict(const prepared& p) const;

  authorizer* auth_;
  sqlite3* db_ = nullptr;
  std::int64_t changes_before_ = 0; // all changes when the running statement began
  bool holds_failed_rows_ = false;
};

} // namespace dbengine::sqlite
