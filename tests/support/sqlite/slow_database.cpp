// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/sqlite/slow_database.hpp"

#include "support/sqlite/plain_sqlite.hpp"

#include <string>

namespace dbengine::test {

void make_slow_database(const std::filesystem::path& file, int rows) {
  plain_sqlite(file.string())
      .script("CREATE TABLE t (n INTEGER); CREATE INDEX i ON t (abs(n));"
              "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT " +
              std::to_string(rows) +
              ") INSERT INTO t SELECT 100000 FROM c;"
              "PRAGMA writable_schema = ON;"
              "UPDATE sqlite_schema SET sql ="
              " 'CREATE INDEX i ON t (max(n, 0 * length(hex(zeroblob(n)))))' WHERE name = 'i';");
}

} // namespace dbengine::test
