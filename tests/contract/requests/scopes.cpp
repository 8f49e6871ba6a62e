// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of interactive transactions, snapshots and raw connections: what they undo, and the state
// in which the next one finds the connection.

#include "support/engine/backends.hpp"
#include "support/eventually.hpp"

#include <sqlite3.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr auto insert = "INSERT INTO t (v) VALUES (?)";

void with_table(const std::function<void(target&)>& check) {
  on_every_backend([&](target& db) {
    if (!db.interactive)
      return;
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
    db.execute("CREATE TABLE child (t INTEGER REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)");
    check(db);
    CAF_CHECK(db.integrity_check().empty());
    CAF_CHECK(eventually([&] { return db.health().ok; }));
  });
}

std::string all(const target& db) {
  return db
      .fetch_value<std::string>(
          "SELECT coalesce(group_concat(v), '') FROM (SELECT v FROM t ORDER BY id)")
      .value();
}

} // namespace

CAF_TEST(savepoints nest and each undoes what is inside it) {
  with_table([](target& db) {
    db.write([&](transaction& one) {
      one.execute(insert, "1");
      CAF_CHECK_EQUAL(code_of([&] {
                        one.write([&](transaction& two) {
                          two.execute(insert, "2");
                          two.write([](transaction& three) {
                            three.execute(insert, "3");
                            three.execute("CREATE TABLE made (x)");
                          });
                          CAF_CHECK_EQUAL(
                              two.fetch_value<int>("SELECT count(*) FROM made").value_or(-1), 0);
                          two.execute(insert, "3");
                        });
                      }),
                      "constraint");
      CAF_CHECK_EQUAL(code_of([&] { one.fetch("SELECT * FROM made"); }), "sql");
      const auto kept = one.write([](transaction& two) {
        return two.write(
            [](transaction& three) { return three.execute(insert, "deep").last_insert_rowid; });
      });
      CAF_CHECK(one.fetch_value<std::string>("SELECT v FROM t WHERE id = ?", kept).value() ==
                "deep");
      std::string thrown;
      try {
        one.write([](transaction& two) {
          two.execute(insert, "gone");
          throw std::runtime_error("mine");
        });
      } catch (const std::runtime_error& e) {
        thrown = e.what();
      }
      CAF_CHECK_EQUAL(thrown, "mine");
    });
    CAF_CHECK_EQUAL(all(db), "1,deep");
  });
}

CAF_TEST(a transaction that a statement ended keeps nothing and says so) {
  with_table([](target& db) {
    db.execute(insert, "old");
    auto e = failure_of([&] {
      db.write([](transaction& tx) {
        tx.execute(insert, "new");
        CAF_CHECK_EQUAL(
            code_of([&] { tx.execute("INSERT OR ROLLBACK INTO t (v) VALUES ('old')"); }),
            "constraint");
        CAF_CHECK_EQUAL(code_of([&] { tx.execute(insert, "after"); }), "invalid_state");
        CAF_CHECK_EQUAL(code_of([&] { tx.fetch("SELECT 1"); }), "invalid_state");
      });
    });
    CAF_CHECK(e.code == errc::sql && e.message.find("ended the transaction") != std::string::npos);
    // A deferred foreign key that is violated at the commit undoes all.
    e = failure_of([&] {
      db.write([](transaction& tx) {
        tx.execute(insert, "new");
        tx.execute("INSERT INTO child VALUES (77)");
      });
    });
    CAF_CHECK(e.code == errc::constraint && e.outcome == outcome::rolled_back);
    db.write([](transaction& tx) { // a violation that is repaired before the commit does not
      tx.execute("INSERT INTO child VALUES (77)");
      tx.execute("INSERT INTO t (id, v) VALUES (77, 'parent')");
    });
    CAF_CHECK_EQUAL(all(db), "old,parent");
  });
}

CAF_TEST(the rules of the engine hold inside a transaction) {
  with_table([](target& db) {
    db.write([&](transaction& tx) {
      for (const auto* sql : {"COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE dbengine",
                              "ATTACH ':memory:' AS x", "PRAGMA query_only = 1"})
        CAF_CHECK_EQUAL(code_of([&] { tx.execute(sql); }), "not_allowed");
      CAF_CHECK_EQUAL(code_of([&] { tx.execute("VACUUM"); }),
                      "sql"); // SQLite refuses VACUUM within a transaction
      // This thread holds the write connection, so another request for it would wait for itself.
      CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, "x"); }), "invalid_state");
      CAF_CHECK_EQUAL(code_of([&] { db.execute_transaction({operation::execute(insert, "x")}); }),
                      "invalid_state");
      CAF_CHECK_EQUAL(code_of([&] { db.raw_connection(); }), "invalid_state");
      // A read outside of the transaction sees the committed state.
      tx.execute(insert, "inside");
      CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t").value() == 0);
      CAF_CHECK(tx.fetch_value<int>("SELECT count(*) FROM t").value() == 1);
      std::vector<params> sets{params::of("a"), params::of("b"), params::of("a")};
      const auto e = failure_of([&] { tx.execute_many(insert, sets); });
      CAF_CHECK(e.code == errc::constraint && e.index == 2u);
      sets.pop_back();
      CAF_CHECK_EQUAL(tx.execute_many(insert, sets).changes, 2);
    });
    CAF_CHECK_EQUAL(all(db), "inside,a,b");
  });
}

CAF_TEST(a transaction has a deadline for each of its statements) {
  with_table([](target& db) {
    const auto e = failure_of([&] {
      db.with_timeout(50ms).write([](transaction& tx) {
        tx.execute(insert, "undone");
        tx.fetch(
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c");
      });
    });
    CAF_CHECK(e.code == errc::timeout);
    CAF_CHECK_EQUAL(all(db), "");
    db.execute(insert, "on");
    CAF_CHECK_EQUAL(all(db), "on");
  });
}

CAF_TEST(a snapshot takes no writes and stays as it was) {
  with_table([](target& db) {
    db.execute(insert, "before");
    db.read([&](snapshot& s) {
      std::thread([&] {
        db.execute(insert, "after");
        db.execute("CREATE TABLE late (x)");
      }).join();
      CAF_CHECK(s.fetch_value<int>("SELECT count(*) FROM t").value() == 1);
      CAF_CHECK_EQUAL(code_of([&] { s.fetch("SELECT * FROM late"); }), "sql");
      CAF_CHECK_EQUAL(code_of([&] { s.fetch("DELETE FROM t RETURNING id"); }), "read_only");
      CAF_CHECK_EQUAL(code_of([&] { s.fetch("BEGIN"); }), "not_allowed");
      db.read([](snapshot& inner) {
        CAF_CHECK(inner.fetch_value<int>("SELECT count(*) FROM t").value() == 2);
      });
    });
    CAF_CHECK_EQUAL(all(db), "before,after");
  });
}

CAF_TEST(nothing of what a raw connection did to itself is left for the next) {
  with_table([](target& db) {
    const std::string other =
        db.memory ? ":memory:" : (db.file.parent_path() / "other.db").string();
    for (const bool read_only : {false, true}) {
      {
        auto raw = db.raw_connection(read_only);
        auto* h = raw.native_handle();
        CAF_REQUIRE(h != nullptr);
        for (const auto& sql :
             {std::string("PRAGMA cache_size = 7"), std::string("PRAGMA foreign_keys = 0"),
              std::string("PRAGMA recursive_triggers = 1"), std::string("PRAGMA temp_store = FILE"),
              std::string("CREATE TEMP TABLE mine (x)"),
              "ATTACH '" + (read_only ? ":memory:" : other) + "' AS other",
              std::string("PRAGMA case_sensitive_like = 1")})
          if (code_of([&] { raw.execute(sql); }) != "none")
            CAF_CHECK(read_only);     // a reader's connection stays query_only after any statement
        sqlite3_stmt* open = nullptr; // never finalised, in the middle of its rows
        CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(h, "SELECT * FROM sqlite_schema", -1, &open, nullptr),
                          SQLITE_OK);
        CAF_CHECK_EQUAL(sqlite3_step(open), SQLITE_ROW);
        sqlite3_progress_handler(
            h, 1, [](void*) { return 1; }, nullptr);
        sqlite3_create_function(
            h, "mine", 0, SQLITE_UTF8, nullptr,
            [](sqlite3_context* c, int, sqlite3_value**) { sqlite3_result_int(c, 1); }, nullptr,
            nullptr);
        sqlite3_busy_timeout(h, 1);
        sqlite3_exec(h, "BEGIN", nullptr, nullptr, nullptr);
      }
      for (int i = 0; i < 2; ++i) {
        auto raw = db.raw_connection(i == 1);
        CAF_CHECK(raw.fetch_value<int>("PRAGMA cache_size").value() <
                  0); // in KiB, as the options set it
        CAF_CHECK(raw.fetch_value<int>("PRAGMA foreign_keys").value() == 1);
        CAF_CHECK(raw.fetch_value<int>("PRAGMA recursive_triggers").value() == 0);
        CAF_CHECK_EQUAL(raw.fetch("PRAGMA database_list").size(), 1u);
        CAF_CHECK_EQUAL(code_of([&] { raw.fetch("SELECT * FROM temp.mine"); }), "sql");
        CAF_CHECK_EQUAL(code_of([&] { raw.fetch("SELECT mine()"); }), "sql");
        CAF_CHECK(raw.fetch_value<int>("SELECT 'a' LIKE 'A'") == 1);
        CAF_CHECK(
            raw.fetch_value<int>(
                   "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5000) SELECT max(x) FROM c")
                .value() == 5000);
        CAF_CHECK(sqlite3_get_autocommit(raw.native_handle()) != 0);
      }
      db.execute("DELETE FROM t");
      db.execute(insert, "x");
      CAF_CHECK_EQUAL(all(db), "x");
    }
  });
}

CAF_TEST(a raw connection that locked the file leaves it free) {
  with_table([](target& db) {
    {
      auto raw = db.raw_connection();
      raw.execute(insert, "kept");
      raw.execute("BEGIN EXCLUSIVE");
      raw.execute(insert, "undone");
    }
    db.execute(insert, "next");
    CAF_CHECK_EQUAL(all(db), "kept,next");
    CAF_CHECK(db.fetch_value<std::string>("PRAGMA journal_mode").value() == "wal");
  });
}

CAF_TEST(a raw connection can do what others may not and is waited for) {
  with_table([](target& db) {
    std::atomic<bool> written = false;
    std::thread waiting;
    {
      auto raw = db.raw_connection();
      raw.execute("BEGIN IMMEDIATE");
      raw.execute("SAVEPOINT mine");
      raw.execute(insert, "kept");
      raw.execute("RELEASE mine");
      waiting = std::thread([&] {
        db.execute(insert, "later");
        written = true;
      });
      raw.execute("COMMIT");
      const std::vector<params> sets{params::of("a"), params::of("b")};
      CAF_CHECK_EQUAL(raw.execute_many(insert, sets).sets, 2u);
      CAF_CHECK(!written);
      CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, "x"); }), "invalid_state");
      CAF_CHECK_EQUAL(code_of([&] { raw.fetch("SELECT load_extension('x')"); }), "not_allowed");
    }
    waiting.join();
    CAF_CHECK_EQUAL(all(db), "kept,a,b,later");
  });
}

CAF_TEST(a pragma that was set stays set when the write connection is another) {
  with_table([](target& db) {
    db.set_pragma("max_page_count", 1000);
    db.set_pragma("user_version", 5);
    db.execute("PRAGMA user_version = 6");
    { auto raw = db.raw_connection(); }
    auto raw = db.raw_connection();
    CAF_CHECK(raw.fetch_value<int>("PRAGMA max_page_count").value() == 1000);
    CAF_CHECK(raw.fetch_value<int>("PRAGMA user_version").value() == 6);
  });
}
