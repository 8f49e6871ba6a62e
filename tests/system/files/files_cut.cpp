// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the program `dbengine` when another program truncates a file of its database: it reports
// that, and does not end by a signal.

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"

#include <dbengine/db_engine.hpp>

#include <string>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

CAF_TEST(a shell whose database or index is cut short says so and lives) {
  for (const std::string suffix : {"", "-shm"}) {
    const engine_folder folder;
    const auto file = (folder.path / "a.db").string();
    {
      db_engine db(file);
      db.execute("CREATE TABLE t (x)");
      db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200) "
                 "INSERT INTO t SELECT randomblob(4000) FROM c");
    }
    program p({"shell", file});
    p.write("SELECT sum(length(x)), max(x) IS NULL FROM t;\n");
    CAF_CHECK(wait_until([&] { return p.out().find("800000") != std::string::npos; }));
    CAF_CHECK_EQUAL(::truncate((file + suffix).c_str(), suffix.empty() ? 4096 : 0), 0);
    p.write("SELECT sum(length(x)), max(x) IS NULL FROM t;\n");
    CAF_CHECK(p.says("cut short"));
    p.close_input();
    CAF_CHECK(p.wait() < 128);
  }
}
