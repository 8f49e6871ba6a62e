// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that requests leave nothing on the connections they share: no temporary table, no setting,
// no cached facts of an old schema.

#include "support/engine/backends.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

CAF_TEST(the statements of others are not shown) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.fetch("SELECT x FROM t WHERE x = 'secret'");
    for (const std::string sql : {"SELECT sql FROM sqlite_stmt", "SELECT count(*) FROM sqlite_stmt",
                                  "SELECT (SELECT max(sql) FROM sqlite_stmt)"}) {
      CAF_CHECK_EQUAL(code_of([&] { db.fetch(sql); }), "not_allowed");
      CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t " + sql); }), "not_allowed");
      CAF_CHECK_EQUAL(code_of([&] { db.cursor(sql).next(); }), "not_allowed");
    }
  });
}

CAF_TEST(nothing is created under the name temp) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.execute("CREATE VIEW seen AS SELECT x FROM t");
    for (const std::string sql :
         {"CREATE TABLE temp.t (x)", "CREATE TABLE \"TEMP\".t AS SELECT 1",
          "CREATE TABLE temp.u (x)", "CREATE VIEW temp.v AS SELECT 1",
          "CREATE VIRTUAL TABLE temp.f USING fts5(b)",
          "CREATE TRIGGER temp.g AFTER INSERT ON t BEGIN SELECT 1; END",
          "CREATE TRIGGER temp.g AFTER INSERT ON main.t BEGIN SELECT 1; END",
          "CREATE TRIGGER temp.g INSTEAD OF INSERT ON seen BEGIN SELECT 1; END",
          "CREATE TABLE IF NOT EXISTS temp.t (x)"}) {
      CAF_MESSAGE(sql);
      for (const auto& e :
           {failure_of([&] { db.execute(sql); }), failure_of([&] { db.fetch(sql); }),
            failure_of([&] { db.execute_script(sql); }),
            failure_of([&] { db.execute_transaction({operation::execute(sql)}); })})
        CAF_CHECK_EQUAL(std::string(to_string(e.code)), "not_allowed");
      CAF_CHECK_EQUAL(db.execute_script(sql, script_mode::continue_on_error).failures(), 1u);
      if (db.interactive)
        db.write([&](transaction& tx) {
          CAF_CHECK_EQUAL(code_of([&] { tx.execute(sql); }), "not_allowed");
        });
    }
    CAF_CHECK(code_of([&] { db.execute("CREATE INDEX temp.i ON t (x)"); }) != "none");
    db.execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM main.t").value_or(-1), 1);
    // SQLite's own use of the temporary schema is allowed.
    db.execute("ALTER TABLE t RENAME TO s");
    db.execute("ALTER TABLE s ADD COLUMN y");
    db.execute("ALTER TABLE s RENAME COLUMN y TO z");
    db.execute("ALTER TABLE s DROP COLUMN z");
    db.vacuum();
    db.execute("DROP TABLE s");
  });
}

CAF_TEST(deferring foreign keys ends with its transaction) {
  on_every_backend([](target& db) {
    db.execute_script("CREATE TABLE parent (id INTEGER PRIMARY KEY);"
                      "CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES parent)");
    const std::string defer = "PRAGMA defer_foreign_keys = 1";
    const auto child_first = [&](int id) {
      return std::vector{operation::execute(defer),
                         operation::execute("INSERT INTO child (p) VALUES (?)", id),
                         operation::execute("INSERT INTO parent VALUES (?)", id)};
    };
    for (const auto& e :
         {failure_of([&] { db.execute(defer); }), failure_of([&] { db.fetch(defer); }),
          failure_of([&] { db.execute_many(defer, std::vector<params>(1)); })})
      CAF_CHECK_EQUAL(std::string(to_string(e.code)), "not_allowed");
    CAF_CHECK_EQUAL(db.execute_script(defer, script_mode::continue_on_error).failures(), 1u);
    CAF_CHECK_EQUAL(db.fetch_value<int>("PRAGMA defer_foreign_keys").value_or(-1), 0);
    // Twice, so that the second run takes the statement from the cache.
    db.execute_transaction(child_first(1));
    db.execute_transaction(child_first(2));
    CAF_CHECK_EQUAL(
        code_of([&] {
          db.execute_transaction(
              {operation::execute(defer), operation::execute("INSERT INTO child (p) VALUES (99)")});
        }),
        "constraint");
    db.execute_script(defer + "; INSERT INTO child (p) VALUES (3); INSERT INTO parent VALUES (3)");
    if (db.interactive)
      db.write([&](transaction& tx) {
        tx.execute(defer);
        tx.execute("INSERT INTO child (p) VALUES (4)");
        tx.execute("INSERT INTO parent VALUES (4)");
      });
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO child (p) VALUES (99)"); }),
                    "constraint");
    // In one group with another member whose keys are checked at each statement. That member
    // deletes a parent and inserts it again, which is allowed only if keys are deferred.
    std::atomic<int> wrong{0};
    std::vector<std::thread> senders;
    for (int s = 0; s < 4; ++s)
      senders.emplace_back([&, s] {
        for (int i = 0; i < 100; ++i) {
          if (s < 2)
            db.execute_transaction(child_first(1000 + s * 1000 + i));
          else if (code_of([&] {
                     db.execute_transaction({operation::execute("DELETE FROM parent WHERE id = 1"),
                                             operation::execute("INSERT INTO parent VALUES (1)")});
                   }) != "constraint")
            ++wrong;
        }
      });
    for (auto& t : senders)
      t.join();
    CAF_CHECK_EQUAL(wrong.load(), 0);
    CAF_CHECK(db.fetch("PRAGMA foreign_key_check").empty());
  });
}

CAF_TEST(a statement that an older schema refuses is looked at again) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE a (t)");
    db.execute("CREATE VIEW w AS SELECT t FROM a");
    // Each of these is prepared on a reader first, where the view has no trigger yet.
    db.fetch("CREATE TRIGGER w_i INSTEAD OF INSERT ON w BEGIN INSERT INTO a VALUES (new.t); END");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("INSERT INTO w VALUES (1)"); }), "none");
    CAF_CHECK_EQUAL(db.fetch("SELECT t FROM a").size(), 1u);
    db.fetch("DROP TRIGGER w_i");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("INSERT INTO w VALUES (1)"); }), "sql");
  });
}

CAF_TEST(a plan is that of the present schema) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE a (t)");
    const auto plan = [&] {
      return db.fetch("EXPLAIN QUERY PLAN SELECT * FROM a WHERE t = 1")[0]["detail"]
          .as<std::string>();
    };
    for (int i = 0; i < 3; ++i) { // by then several connections have the plan cached
      CAF_CHECK(plan().find("INDEX") == std::string::npos);
      CAF_CHECK(plan().find("INDEX") == std::string::npos);
      db.execute("CREATE INDEX a_t ON a (t)");
      CAF_CHECK(plan().find("INDEX a_t") != std::string::npos);
      db.execute("DROP INDEX a_t");
    }
  });
}

CAF_TEST(a trigger that comes later sees the rowid that is there) {
  on_every_backend([](target& db) {
    db.execute_script(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x); CREATE TABLE log (rowid_before)");
    const std::string insert = "INSERT INTO t (x) VALUES (1)";
    const auto run = [&] { return db.execute(insert).last_insert_rowid; };
    const auto run_many = [&] { db.execute_many(insert, std::vector<params>(1)); };
    CAF_CHECK_EQUAL(run(), 1);
    run_many();
    const std::string trigger = "CREATE TRIGGER noted BEFORE INSERT ON t BEGIN INSERT INTO log "
                                "VALUES (last_insert_rowid()); END";
    const auto least = [&] {
      return db.fetch_value<std::int64_t>("SELECT min(rowid_before) FROM log").value_or(-1);
    };
    db.execute(trigger);
    run();
    CAF_CHECK(least() >= 0);
    db.execute_script("DROP TRIGGER noted; DELETE FROM log");
    run();
    CAF_CHECK_EQUAL(run(), 5);
    db.execute_transaction({operation::execute(trigger), operation::execute(insert)});
    CAF_CHECK(least() >= 0);
    db.execute_script("DROP TRIGGER noted; DELETE FROM log");
    run();
    if (!db.memory) { // by another program that uses the file
      plain_sqlite other(db.file.string());
      other.script(trigger);
      run();
      CAF_CHECK(least() >= 0);
    }
  });
}
