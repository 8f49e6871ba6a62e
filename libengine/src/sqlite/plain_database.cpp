// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/plain_database.hpp"

#include "base/error_map.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

namespace {

struct finalize {
  void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
};

} // namespace

void close_database::operator()(sqlite3* db) const noexcept {
  sqlite3_close_v2(db);
}

void throw_sqlite(int rc, sqlite3* db, const std::string& what) {
  throw error(base::last_error(db, rc, 0, what));
}

database_handle open_database(const std::string& name, int flags, const char* vfs,
                              const std::string& what) {
  sqlite3* raw = nullptr;
  const int rc = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, vfs);
  database_handle db(raw);
  if (rc != SQLITE_OK)
    throw_sqlite(rc, raw, what);
  sqlite3_extended_result_codes(raw, 1);
  return db;
}

void run_sql(sqlite3* db, const std::string& sql, const std::string& what) {
  if (const int rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr); rc != SQLITE_OK)
    throw_sqlite(rc, db, what);
}

std::vector<std::string> column_of(sqlite3* db, const std::string& sql, const std::string& what) {
  sqlite3_stmt* raw = nullptr;
  if (const int rc = sqlite3_prepare_v2(db, sql.c_str(), -1, &raw, nullptr); rc != SQLITE_OK)
    throw_sqlite(rc, db, what);
  const std::unique_ptr<sqlite3_stmt, finalize> statement(raw);
  std::vector<std::string> result;
  for (;;) {
    const int rc = sqlite3_step(raw);
    if (rc == SQLITE_DONE)
      return result;
    if (rc != SQLITE_ROW)
      throw_sqlite(rc, db, what);
    const auto* text = sqlite3_column_text(raw, 0);
    result.emplace_back(text == nullptr ? "" : reinterpret_cast<const char*>(text));
  }
}

sqlite3_stmt* prepare_persistent(sqlite3* db, const char* sql) {
  sqlite3_stmt* s = nullptr;
  const int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, nullptr);
  if (rc != SQLITE_OK)
    throw error(base::last_error(db, rc, 0, sql));
  return s;
}

} // namespace dbengine::sqlite
