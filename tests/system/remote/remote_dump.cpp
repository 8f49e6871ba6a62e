// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine dump --connect`: the same text as a dump of the file, of one snapshot, from a
// read-only port.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::string far_dump(const server& s) {
  const auto r = run_line("--connect " + s.address() + " dump");
  CAF_CHECK_EQUAL(r.code, 0);
  return r.out;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1))
    ++n;
  return n;
}

} // namespace

CAF_TEST(a dump over the wire is that of the file) {
  engine_folder folder;
  {
    db_engine db(folder.url());
    db.execute_script(R"(
      PRAGMA user_version = 7;
      CREATE TABLE "odd ""name""" (a INTEGER PRIMARY KEY AUTOINCREMENT, "b c" TEXT, d AS (a + 1));
      CREATE TABLE wide (a ANY, b ANY, c INT, d TEXT, e REAL, f BLOB) STRICT;
      INSERT INTO wide VALUES ('1', 1, 2, '3', 4, x'05');
      CREATE TABLE empty (x);
      CREATE TABLE keyed (a, b, PRIMARY KEY (b, a)) WITHOUT ROWID;
      INSERT INTO keyed VALUES (1, 2), (2, 1);
      CREATE TABLE kinds (x);
      INSERT INTO kinds VALUES (1), (-2.5), (9e999), (x'00ff'), (NULL), ('1');
      CREATE VIRTUAL TABLE notes USING fts5 (title, body);
      INSERT INTO notes VALUES ('one', 'two three');
      CREATE VIRTUAL TABLE boxes USING rtree (id, x0, x1);
      INSERT INTO boxes VALUES (1, 0, 5);
      CREATE INDEX i ON kinds (x);
      CREATE VIEW v AS SELECT * FROM kinds;
      CREATE TRIGGER t AFTER INSERT ON kinds BEGIN SELECT 1; END;
    )");
    db.execute("INSERT INTO \"odd \"\"name\"\"\" (\"b c\") VALUES (?), (?), (NULL)", "it's",
               std::string("a\0b", 3));
  }
  const auto expected = run({"dump", (folder.path / "test.db").string()}).out;
  CAF_CHECK(count(expected, "INSERT INTO") >= 10);
  server s(folder.url(), {"--read-only"});
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  CAF_CHECK_EQUAL(far_dump(s), expected);
}

CAF_TEST(a database of more tables than one compound select takes is dumped over the wire) {
  engine_folder folder;
  {
    db_engine db(folder.url());
    db.write([](transaction& tx) {
      for (int i = 0; i < 900; ++i) {
        const auto name = "t" + std::to_string(i);
        tx.execute("CREATE TABLE " + name + " (x)");
        tx.execute("INSERT INTO " + name + " VALUES (?)", i);
      }
    });
  }
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto text = far_dump(s);
  CAF_CHECK_EQUAL(count(text, "INSERT INTO"), 900u);
  CAF_CHECK_EQUAL(text, run({"dump", (folder.path / "test.db").string()}).out);
}

// writer                       dump
// one row to a and one to b    looks up the tables
// sometimes another column     reads all rows: as many of a as of b, and the columns it names
CAF_TEST(a dump over the wire is of one moment) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto db = db_engine::connect(s.address());
  db.execute_script("CREATE TABLE a (x); CREATE TABLE middle (x); CREATE TABLE b (x)");
  db.execute("INSERT INTO middle WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
             "WHERE x < 20000) SELECT x FROM c");
  std::atomic<bool> stop{false};
  std::atomic<int> written{0};
  std::thread writer([&] {
    while (!stop) {
      db.execute_transaction({operation::execute("INSERT INTO a (x) VALUES (1)"),
                              operation::execute("INSERT INTO b (x) VALUES (1)")});
      if (++written % 500 == 0)
        db.execute("ALTER TABLE b ADD COLUMN c" + std::to_string(written.load()));
    }
  });
  for (int i = 0; i < 8; ++i) {
    const int before = written;
    const auto text = far_dump(s);
    CAF_CHECK_EQUAL(count(text, "INSERT INTO \"a\""), count(text, "INSERT INTO \"b\""));
    CAF_CHECK(count(text, "INSERT INTO \"a\"") >= static_cast<std::size_t>(before));
    CAF_CHECK_EQUAL(count(text, "INSERT INTO \"middle\""), 20'000u);
    const engine_folder other;
    const auto again = run({"script", (other.path / "copy.db").string(), "-"}, {.input = text});
    CAF_CHECK_EQUAL(again.code, 0);
  }
  stop = true;
  writer.join();
}
