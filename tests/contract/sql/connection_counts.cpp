// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of what SQLite reports of a connection: last_insert_rowid(), changes(), total_changes(). In
// defaults, checks and triggers, and inside a transaction, they return SQLite's own values; in a
// read outside of a transaction they are refused.

#include "support/engine/backends.hpp"

#include <cstdint>
#include <limits>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// A child's default is its parent's id.
void families(target& db) {
  db.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, n)");
  db.execute("CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER DEFAULT (last_insert_rowid()), n)");
}

std::int64_t parent(target& db, const std::string& child) {
  return db.fetch_value<std::int64_t>("SELECT p FROM c WHERE n = ?", child).value_or(-1);
}

} // namespace

CAF_TEST(a default gives the row that was inserted before) {
  on_every_backend([](target& db) {
    families(db);
    db.execute_transaction({operation::execute("INSERT INTO p (id) VALUES (42)"),
                            operation::execute("INSERT INTO c (n) VALUES ('a')")});
    CAF_CHECK_EQUAL(parent(db, "a"), 42);
    db.execute_script("INSERT INTO p (id) VALUES (44); INSERT INTO c (n) VALUES ('b')");
    CAF_CHECK_EQUAL(parent(db, "b"), 44);
    // Two rows of one statement: the second one's default is the first one's id.
    db.execute_script(
        "INSERT INTO p (id) VALUES (50); INSERT INTO c (id, n) VALUES (70, 'c'), (71, 'd')");
    CAF_CHECK_EQUAL(parent(db, "c"), 50);
    CAF_CHECK_EQUAL(parent(db, "d"), 70);
    // An INSERT that inserts nothing leaves the rowid as it was.
    db.execute_script(
        "INSERT INTO p (id) VALUES (60); INSERT OR IGNORE INTO p (id) VALUES (60); "
        "INSERT INTO c (n) SELECT 'none' WHERE false; INSERT INTO c (n) VALUES ('e')");
    CAF_CHECK_EQUAL(parent(db, "e"), 60);
  });
}

CAF_TEST(a default gives it in scopes as well) {
  on_every_backend([](target& db) {
    if (!db.interactive)
      return;
    families(db);
    db.write([](transaction& tx) {
      CAF_CHECK_EQUAL(tx.execute("INSERT INTO p (id) VALUES (43)").last_insert_rowid, 43);
      tx.execute("INSERT INTO c (n) VALUES ('a')");
      CAF_CHECK_EQUAL(tx.fetch_value<int>("SELECT changes()").value_or(-1), 1);
    });
    CAF_CHECK_EQUAL(parent(db, "a"), 43);
    {
      auto raw = db.raw_connection();
      raw.execute("INSERT INTO p (id) VALUES (45)");
      raw.execute("INSERT INTO c (id, n) VALUES (9, 'b')");
      CAF_CHECK_EQUAL(raw.fetch_value<int>("SELECT last_insert_rowid()").value_or(-1), 9);
    }
    CAF_CHECK_EQUAL(parent(db, "b"), 45);
  });
}

CAF_TEST(a check holds for single writes and for bulks) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE k (id INTEGER PRIMARY KEY, n, CHECK (last_insert_rowid() >= 0))");
    const std::string insert = "INSERT INTO k (n) VALUES (?)";
    CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, 1); }), "none");
    const std::vector<params> sets(40, params::of(1));
    CAF_CHECK_EQUAL(code_of([&] { db.execute_many(insert, sets); }), "none");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch(insert + " RETURNING id", 1); }), "none");
  });
}

CAF_TEST(every rowid is reported) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE r (id INTEGER PRIMARY KEY)");
    for (const auto id : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                          std::numeric_limits<std::int64_t>::max()})
      CAF_CHECK_EQUAL(db.execute("INSERT INTO r VALUES (?)", id).last_insert_rowid, id);
  });
}

CAF_TEST(a trigger gets what SQLite gives it and the result is of the statement) {
  on_every_backend([](target& db) {
    db.execute_script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n UNIQUE); CREATE TABLE log (what, rowid_then); "
        "CREATE VIEW v AS SELECT n FROM t; "
        "CREATE TRIGGER b BEFORE INSERT ON t BEGIN INSERT INTO log VALUES ('before', last_insert_rowid()); END; "
        "CREATE TRIGGER a AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('after', last_insert_rowid()); END; "
        "CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO t (id, n) VALUES (new.n + 500, new.n); END");
    db.execute_script("DELETE FROM log; INSERT INTO t (id, n) VALUES (7, 1)");
    CAF_CHECK_EQUAL(db.execute("INSERT INTO t (id, n) VALUES (8, 2)").last_insert_rowid, 8);
    CAF_CHECK_EQUAL(db.execute("INSERT INTO v VALUES (3)").last_insert_rowid, 0);
    std::string told;
    for (const auto& row : db.fetch("SELECT what, rowid_then FROM log ORDER BY rowid"))
      told += row[0].as<std::string>() + std::to_string(row[1].as<std::int64_t>() > -2) + " ";
    CAF_CHECK_EQUAL(told, "before1 after1 before1 after1 before1 after1 ");
    CAF_CHECK_EQUAL(db.fetch_value<int>(
                          "SELECT count(*) FROM log WHERE what = 'after' AND rowid_then IN (7, 8)")
                        .value_or(-1),
                    2);
  });
}

CAF_TEST(a read by itself is refused with what to use) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x DEFAULT 1)");
    db.execute("CREATE VIEW v AS SELECT changes() AS n");
    db.execute("INSERT INTO t VALUES (1)");
    for (const std::string sql :
         {"SELECT last_insert_rowid(), changes()", "SELECT total_changes()",
          "WITH c AS (SELECT changes() AS n) SELECT n FROM c", "SELECT n FROM v",
          "SELECT x FROM t WHERE x = (SELECT last_insert_rowid())"}) {
      const auto by_fetch = failure_of([&] { db.fetch(sql); });
      CAF_CHECK_EQUAL(to_string(by_fetch.code), to_string(errc::not_allowed));
      CAF_CHECK(by_fetch.message.find("write_result") != std::string::npos);
      CAF_CHECK_EQUAL(code_of([&] { db.execute(sql); }), "not_allowed");
      CAF_CHECK_EQUAL(code_of([&] { db.cursor(sql).next(); }), "not_allowed");
    }
    const auto inside = db.execute_transaction({operation::execute("INSERT INTO t VALUES (2), (3)"),
                                                operation::fetch("SELECT changes()")});
    CAF_CHECK_EQUAL(inside[1].rows()[0][std::size_t{0}].as<int>(), 2);
    const auto script =
        db.execute_script("INSERT INTO t VALUES (2), (3), (4); SELECT changes() FROM t LIMIT 1");
    CAF_CHECK_EQUAL(script.steps[1].result[0][std::size_t{0}].as<int>(), 3);
    CAF_CHECK_EQUAL(db.fetch("UPDATE t SET x = 9 WHERE x = 1 RETURNING changes()").size(), 1u);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("EXPLAIN SELECT changes()"); }), "none");
  });
}
