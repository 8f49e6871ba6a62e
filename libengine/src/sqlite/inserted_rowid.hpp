// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The rowid that one statement inserts.
// Thread safety: the connection's user.
//
// SQLite stores one rowid per connection, of the last statement that inserted, which may belong to
// another request. So a mark replaces that rowid while a statement runs. If the mark is still there
// afterwards, nothing was inserted. The SQL function `last_insert_rowid()` returns the rowid that
// the mark replaced, as it would in SQLite.

#pragma once

#include "sqlite/statement_cache.hpp"

#include <cstdint>
#include <memory>

struct sqlite3;

namespace dbengine::sqlite {

/// The mark of one connection. Ownership: shared with the SQL function `last_insert_rowid`.
class rowid_mark {
public:
  /// 64 random bits: no rowid except by chance, and no statement can predict it.
  rowid_mark() noexcept;

  void set(sqlite3* db) noexcept;
  /// Restores the rowid that the mark replaced, if no row has replaced the mark.
  void clear(sqlite3* db) noexcept;
  /// True if no row has replaced the mark.
  bool is_in_place(sqlite3* db) const noexcept;
  /// The value that `last_insert_rowid()` returns.
  std::int64_t visible_rowid(sqlite3* db) const noexcept;

private:
  std::int64_t mark_;
  std::int64_t before_ = 0;
  bool set_ = false;
};

/// Registers `last_insert_rowid()`. Throws `error`.
void register_last_insert_rowid(sqlite3* db, const std::shared_ptr<const rowid_mark>& mark);

/// Sets the mark for the run of one statement.
class inserted_rowid {
public:
  inserted_rowid(sqlite3* db, rowid_mark& mark, const prepared& p) noexcept
      : db_(db), mark_(p.inserts ? &mark : nullptr) {
    if (mark_ != nullptr)
      mark_->set(db_);
  }
  ~inserted_rowid() {
    if (mark_ != nullptr)
      mark_->clear(db_);
  }
  inserted_rowid(const inserted_rowid&) = delete;
  inserted_rowid& operator=(const inserted_rowid&) = delete;

  /// 0 if the statement inserted no row with a rowid.
  std::int64_t get() const noexcept {
    return mark_ == nullptr || mark_->is_in_place(db_) ? 0 : mark_->visible_rowid(db_);
  }

private:
  sqlite3* db_;
  rowid_mark* mark_;
};

} // namespace dbengine::sqlite
