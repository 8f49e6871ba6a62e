// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/schema_check.hpp"

#include "sqlite/plain_database.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

int begin_reading(sqlite3* db) noexcept {
  const auto run = [db](const char* sql) {
    return sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  };
  constexpr auto read_schema = "SELECT count(*) FROM sqlite_schema";
  int rc = run(read_schema);
  if ((rc & 0xff) != SQLITE_SCHEMA)
    return rc;
  const bool own = sqlite3_get_autocommit(db) != 0;
  rc = own ? run("BEGIN") : SQLITE_OK;
  for (const auto* sql : {sqlite::take_snapshot, read_schema})
    if (rc == SQLITE_OK)
      rc = run(sql);
  return rc == SQLITE_OK && own ? run("COMMIT") : rc;
}

} // namespace dbengine::sqlite
