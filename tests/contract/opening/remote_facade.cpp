// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of functions that only the remote facade has. The common contract runs against it in the
// other suites.

#include "support/engine/engine_fixture.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

CAF_TEST(a remote engine runs statements and gives their results) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
  CAF_CHECK_EQUAL(db.execute("INSERT INTO t (v) VALUES (?)", "x").last_insert_rowid, 1);
  CAF_CHECK_EQUAL(db.fetch("SELECT v FROM t")[0]["v"].as<std::string>(), "x");
  CAF_CHECK_EQUAL(db.fetch("INSERT INTO t (v) VALUES ('y') RETURNING id")[0][0].as<int>(), 2);
  CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT nope FROM t"); }), "sql");
  int n = 0;
  for (
      auto r : db.cursor(
          "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10000) SELECT x FROM c",
          {}, 100))
    n += r[0].as<int>() > 0;
  CAF_CHECK_EQUAL(n, 10000);
  CAF_CHECK_EQUAL(db.fetch("SELECT zeroblob(10000000)")[0][0].as<blob>().size(), 10000000u);
  CAF_CHECK(db.get_stats().requests > 0);
  CAF_CHECK_EQUAL(code_of([&] { db.write([](transaction&) {}); }), "not_allowed");
  CAF_CHECK_EQUAL(code_of([&] { db.raw_connection(); }), "not_allowed");
  db.shutdown();
  CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT 1"); }), "shut_down");
}
