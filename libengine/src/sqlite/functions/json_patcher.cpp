// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/functions/json_patcher.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

json_patcher::~json_patcher() {
  sqlite3_finalize(statement_);
  sqlite3_close(db_);
}

sqlite3_stmt* json_patcher::statement(const char* sql) noexcept {
  if (statement_ == nullptr &&
      (db_ != nullptr ||
       sqlite3_open_v2(":memory:", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) ==
           SQLITE_OK))
    sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  return statement_;
}

} // namespace dbengine::sqlite
