// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The rowid that one statement inserts. SQLite remembers one per connection, of whatever statement was the last to insert; here
// that may be another request's. So a mark stands in its place while the statement runs: where it still stands afterwards,
// nothing was inserted. The SQL function `last_insert_rowid()` tells what stood there before, as it would in SQLite.
// Thread rule: the connection's user.

#pragma once

#include "sqlite/statement_cache.hpp"

#include <cstdint>
#include <memory>

struct sqlite3;

namespace dbengine::sqlite {

/// The mark of one connection, shared with its function `last_insert_rowid`.
class rowid_mark {
public:
  /// 64 random bits: no rowid but by chance, and nobody can ask for it.
  rowid_mark() noexcept;

  void set(sqlite3* db) noexcept;
  /// Where no row took its place, what stood there before is put back.
  void clear(sqlite3* db) noexcept;
  /// No row took its place.
  bool is_in_place(sqlite3* db) const noexcept;
  /// What `last_insert_rowid()` tells.
  std::int64_t visible_rowid(sqlite3* db) const noexcept;

private:
  std::int64_t mark_;
  std::int64_t before_ = 0;
  bool set_ = false;
};

/// Registers `last_insert_rowid()`.
void register_last_insert_rowid(sqlite3* db, const std::shared_ptr<const rowid_mark>& mark);

/// Around the run of one statement.
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

  /// 0 where it inserted no row with a rowid.
  std::int64_t get() const noexcept {
    return mark_ == nullptr || mark_->is_in_place(db_) ? 0 : mark_->visible_rowid(db_);
  }

private:
  sqlite3* db_;
  rowid_mark* mark_;
};

} // namespace dbengine::sqlite
