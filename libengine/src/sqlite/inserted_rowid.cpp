// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/inserted_rowid.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

rowid_mark::rowid_mark() noexcept {
  sqlite3_randomness(sizeof mark_, &mark_);
}

void rowid_mark::set(sqlite3* db) noexcept {
  before_ = sqlite3_last_insert_rowid(db);
  sqlite3_set_last_insert_rowid(db, mark_);
  set_ = true;
}

void rowid_mark::clear(sqlite3* db) noexcept {
  if (is_in_place(db))
    sqlite3_set_last_insert_rowid(db, before_);
  set_ = false;
}

bool rowid_mark::is_in_place(sqlite3* db) const noexcept {
  return set_ && sqlite3_last_insert_rowid(db) == mark_;
}

std::int64_t rowid_mark::visible_rowid(sqlite3* db) const noexcept {
  return is_in_place(db) && !DBENGINE_MUTANT("shows the mark") ? before_
                                                               : sqlite3_last_insert_rowid(db);
}

void register_last_insert_rowid(sqlite3* db, const std::shared_ptr<const rowid_mark>& mark) {
  using own = std::shared_ptr<const rowid_mark>;
  const auto call = [](sqlite3_context* context, int, sqlite3_value**) {
    sqlite3_result_int64(context, (*static_cast<own*>(sqlite3_user_data(context)))
                                      ->visible_rowid(sqlite3_context_db_handle(context)));
  };
  // SQLite calls the destructor if this fails, too.
  const int rc = sqlite3_create_function_v2(
      db, "last_insert_rowid", 0, SQLITE_UTF8 | SQLITE_INNOCUOUS, new own(mark), call, nullptr,
      nullptr, [](void* p) { delete static_cast<own*>(p); });
  if (rc != SQLITE_OK)
    throw error(base::last_error(db, rc, 0, "last_insert_rowid"));
}

} // namespace dbengine::sqlite
