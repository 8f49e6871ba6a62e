// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that every connection uses the schema, and above all the planner's statistics, of the last
// answered request.

#include "base/fault.hpp"
#include "support/engine/backends.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <sqlite3.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

/// Returns how many of 12 queries, by two threads, are planned without the index `wanted`.
int wrong_plans(target& db, const std::string& wanted) {
  std::atomic<int> wrong{0};
  const auto look = [&] {
    for (int i = 0; i < 6; ++i) {
      const auto r = db.fetch("EXPLAIN QUERY PLAN SELECT * FROM t WHERE a = 5 AND b = 5");
      if (r.empty() ||
          r[0]["detail"].as<std::string>().find("INDEX " + wanted) == std::string::npos)
        ++wrong;
    }
  };
  std::thread other(look);
  look();
  other.join();
  return wrong;
}

/// Gathers statistics in each possible way. After each, the previous plan is the wrong one. Returns
/// the number of queries that still used it.
int stale_plans(target& db) {
  db.execute_script("CREATE TABLE t (a, b); CREATE INDEX ta ON t (a); CREATE INDEX tb ON t (b);"
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 800)"
                    " INSERT INTO t SELECT 5, i FROM n; ANALYZE");
  std::vector<std::function<void()>> gathering{
      [&] { db.analyze(); },
      [&] { db.analyze("t"); },
      [&] { db.execute("ANALYZE"); },
      [&] { db.execute("ANALYZE"); }, // from the cache
      [&] { db.fetch("ANALYZE t"); },
      [&] { db.execute_script("ANALYZE"); },
      [&] { db.execute_script("SELECT 1; ANALYZE", script_mode::continue_on_error); },
      [&] { db.execute_transaction({operation::execute("ANALYZE")}); },
      [&] { db.with_id("once").execute("ANALYZE"); }};
  if (db.interactive) {
    gathering.emplace_back([&] { db.write([](transaction& tx) { tx.execute("ANALYZE"); }); });
    gathering.emplace_back([&] { db.raw_connection().execute("ANALYZE"); });
    gathering.emplace_back([&] {
      const auto raw = db.raw_connection();
      CAF_CHECK_EQUAL(sqlite3_exec(raw.native_handle(), "ANALYZE", nullptr, nullptr, nullptr), 0);
    });
  }
  int stale = wrong_plans(db, "tb");
  bool a = true;
  for (const auto& gather : gathering) {
    db.execute(a ? "UPDATE t SET a = rowid, b = 5" : "UPDATE t SET a = 5, b = rowid");
    gather();
    stale += wrong_plans(db, a ? "ta" : "tb");
    a = !a;
  }
  // Statistics written by hand, loaded as SQLite's documentation describes.
  db.execute("UPDATE sqlite_stat1 SET stat = CASE idx WHEN 'ta' THEN '800 800' ELSE '800 1' END");
  db.execute("ANALYZE sqlite_schema");
  stale += wrong_plans(db, "tb");
  return stale;
}

std::size_t rows_of(target& db, const std::string& sql, bool by_cursor) {
  if (!by_cursor)
    return db.fetch(sql).size();
  auto c = db.cursor(sql);
  return c.next().size();
}

} // namespace

CAF_TEST(every connection plans with statistics that were just gathered) {
  on_every_backend([](target& db) { CAF_CHECK_EQUAL(stale_plans(db), 0); });
}

CAF_TEST(the test of statistics finds connections that keep theirs) {
  base::fault::set_mutant("keeps statistics");
  int stale = 0;
  on_every_backend([&](target& db) { stale += stale_plans(db); });
  base::fault::set_mutant("");
  CAF_CHECK(stale > 0);
  CAF_MESSAGE(stale << " looks at a plan of before");
}

CAF_TEST(statistics that were not gathered change nothing for anybody) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    const auto before = db.fetch_value<int>("PRAGMA schema_version");
    db.optimize();
    db.fetch("PRAGMA optimize");
    CAF_CHECK(db.fetch_value<int>("PRAGMA schema_version") == before);
    CAF_CHECK(code_of([&] { db.execute("ANALYZE nothing"); }) == "sql");
    CAF_CHECK(db.fetch_value<int>("PRAGMA schema_version") == before);
    db.execute("INSERT INTO t VALUES (1)"); // no transaction was left open
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
  });
}

CAF_TEST(what reports the schema reports the one that was just made) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE p (id INTEGER PRIMARY KEY)");
    for (const std::string pragma :
         {"foreign_key_list(c)", "index_list(c)", "index_info(i)", "index_xinfo(i)",
          "table_info(c)", "table_xinfo(c)", "table_list(c)"}) {
      const auto bracket = pragma.find('(');
      const auto name = pragma.substr(0, bracket);
      const auto object = pragma.substr(bracket + 1, 1);
      for (const auto& sql :
           {"PRAGMA " + pragma, "SELECT * FROM pragma_" + name + "('" + object + "')",
            "SELECT p.* FROM pragma_" + name + "('" + object + "') AS p, (SELECT 1)"})
        for (const bool by_cursor : {false, true}) {
          CAF_MESSAGE(sql << (by_cursor ? " by cursor" : ""));
          CAF_CHECK_EQUAL(rows_of(db, sql, by_cursor), 0u);
          db.execute("CREATE TABLE c (x REFERENCES p, y)");
          db.execute("CREATE INDEX i ON c (y)");
          const auto made = rows_of(db, sql, by_cursor);
          CAF_CHECK(made > 0);
          db.execute("ALTER TABLE c ADD COLUMN z REFERENCES p");
          db.execute("CREATE INDEX j ON c (z)");
          CAF_CHECK(rows_of(db, sql, by_cursor) >= made);
          if (name == "foreign_key_list" || name == "index_list" || name == "table_info")
            CAF_CHECK_EQUAL(rows_of(db, sql, by_cursor), made + 1);
          db.execute("DROP TABLE c");
          CAF_CHECK_EQUAL(rows_of(db, sql, by_cursor), 0u);
        }
    }
    const auto tables = db.fetch("PRAGMA table_list").size();
    db.execute("CREATE TABLE another (x)");
    CAF_CHECK_EQUAL(db.fetch("PRAGMA table_list").size(), tables + 1);
    if (db.memory)
      return;
    // By another program; a memory database has none.
    plain_sqlite(db.file.string())
        .script(
            "PRAGMA foreign_keys=OFF; CREATE TABLE child (x REFERENCES p); INSERT INTO child VALUES (77)");
    CAF_CHECK_EQUAL(db.fetch("PRAGMA foreign_key_check(child)").size(), 1u);
    CAF_CHECK_EQUAL(db.fetch("PRAGMA foreign_key_list(child)").size(), 1u);
  });
}

CAF_TEST(what makes and drops where needed runs whatever the reader remembers) {
  struct object {
    std::string kind, make;
  };
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    for (const auto& o : std::vector<object>{{"TRIGGER", "AFTER INSERT ON t BEGIN SELECT 1; END"},
                                             {"VIEW", "AS SELECT 1"},
                                             {"TABLE", "(x)"},
                                             {"TABLE", "AS SELECT 1 AS x"},
                                             {"INDEX", "ON t (x)"},
                                             {"UNIQUE INDEX", "ON t (x)"},
                                             {"VIRTUAL TABLE", "USING fts5 (x)"}}) {
      const auto dropped = o.kind.substr(o.kind.find(' ') + 1); // npos + 1 is 0: the whole string
      const auto make = "CREATE " + o.kind + " o " + o.make;
      const auto make_needed = "CREATE " + o.kind + " IF NOT EXISTS o " + o.make;
      const auto drop = "DROP " + dropped + " o";
      const auto drop_needed = "DROP " + dropped + " IF EXISTS o";
      const auto there = [&] {
        return db.fetch("SELECT 1 FROM sqlite_schema WHERE name = 'o'").size();
      };
      CAF_MESSAGE(make);
      for (int round = 0; round < 2; ++round) { // the second round with cached statements
        db.fetch(drop_needed);
        db.execute(make);
        CAF_CHECK_EQUAL(code_of([&] { db.fetch(drop_needed); }), "none");
        CAF_CHECK_EQUAL(there(), 0u);
        db.execute(make);
        static_cast<void>(there()); // the reader caches the schema with it
        db.fetch(make_needed);
        db.execute(drop);
        CAF_CHECK_EQUAL(code_of([&] { db.fetch(make_needed); }), "none");
        CAF_CHECK_EQUAL(there(), 1u);
        db.fetch(drop_needed);
        db.execute(make);
        const auto by_cursor = failure_of([&] {
          auto c = db.cursor(drop_needed);
          c.next();
        });
        CAF_CHECK_EQUAL(std::string(to_string(by_cursor.code)), "not_allowed");
        if (db.interactive)
          CAF_CHECK_EQUAL(code_of([&] { db.read([&](snapshot& s) { s.fetch(drop_needed); }); }),
                          "read_only");
        CAF_CHECK_EQUAL(there(), 1u);
        db.execute(drop);
      }
    }
  });
}
