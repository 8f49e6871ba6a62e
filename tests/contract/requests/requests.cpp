// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of transactions, scripts, deadlines and maintenance on every backend.

#include "support/engine/backends.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr auto endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";
constexpr auto insert = "INSERT INTO t (v) VALUES (?)";

// Runs the check on each backend with the table `t`.
void with_table(const std::function<void(target&)>& check) {
  on_every_backend([&](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
    check(db);
    CAF_CHECK(db.integrity_check().empty());
  });
}

std::int64_t count(const target& db) {
  return db.fetch_value<std::int64_t>("SELECT count(*) FROM t").value();
}

} // namespace

CAF_TEST(a transaction gives a result for each operation) {
  with_table([](target& db) {
    auto r = db.execute_transaction({operation::execute(insert, "a"),
                                     operation::fetch("SELECT count(*) AS n FROM t"),
                                     operation::execute("UPDATE t SET v = :v", {{"v", "b"}})});
    CAF_REQUIRE_EQUAL(r.size(), 3u);
    CAF_CHECK(!r[0].is_rows() && r[0].write().last_insert_rowid == 1);
    CAF_CHECK(r[1].is_rows() && r[1].rows()[0]["n"].as<int>() == 1);
    CAF_CHECK_EQUAL(r[2].write().changes, 1);
    CAF_CHECK(db.execute_transaction({}).empty());
  });
}

CAF_TEST(a failing transaction undoes tables and rows and names the operation) {
  with_table([](target& db) {
    db.execute(insert, "old");
    auto e = failure_of([&] {
      db.execute_transaction(
          {operation::execute("CREATE TABLE made (x)"), operation::execute(insert, "new"),
           operation::execute("ALTER TABLE t ADD COLUMN more"), operation::execute(insert, "old")});
    });
    CAF_CHECK(e.code == errc::constraint && e.index == 3u && e.outcome == outcome::rolled_back);
    CAF_CHECK_EQUAL(count(db), 1);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT * FROM made"); }), "sql");
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT more FROM t"); }), "sql");
    e = failure_of([&] {
      db.execute_transaction({operation::execute(insert, "x"), operation::fetch("SELECT ?")});
    });
    CAF_CHECK(e.code == errc::bind && e.index == 1u);
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(a script runs triggers and comments and is undone as a whole) {
  with_table([](target& db) {
    auto s = db.execute_script("CREATE TABLE log (x); -- a; comment\n"
                               "CREATE TRIGGER g AFTER INSERT ON t BEGIN\n"
                               "  INSERT INTO log VALUES (new.v); INSERT INTO log VALUES (';');\n"
                               "END;\nINSERT INTO t (v) VALUES ('a;b'); SELECT count(*) FROM log");
    CAF_REQUIRE_EQUAL(s.steps.size(), 4u);
    CAF_CHECK_EQUAL(s.steps[3].result[0][0].as<int>(), 2);
    const std::string bad = "INSERT INTO t (v) VALUES ('c'); SELECT nope; DELETE FROM t";
    auto e = failure_of([&] { db.execute_script(bad); });
    CAF_CHECK(e.code == errc::sql && e.index == 1u && e.offset == bad.find("nope"));
    CAF_CHECK_EQUAL(count(db), 1);
    // A statement that fails when it runs, and one that does not compile: the statements after them
    // run.
    s = db.execute_script("INSERT INTO t (v) VALUES ('a;b'); DELETE FROM t",
                          script_mode::continue_on_error);
    CAF_CHECK_EQUAL(s.failures(), 1u);
    CAF_CHECK_EQUAL(count(db), 0);
    s = db.execute_script(bad, script_mode::continue_on_error);
    CAF_CHECK_EQUAL(s.failures(), 1u);
    CAF_CHECK_EQUAL(count(db), 0);
  });
}

CAF_TEST(a write commits on return and rolls back on an exception) {
  with_table([](target& db) {
    if (!db.interactive)
      return;
    const auto id = db.write([](transaction& tx) {
      tx.execute(insert, "a");
      return tx.execute(insert, "b").last_insert_rowid;
    });
    CAF_CHECK_EQUAL(id, 2);
    std::string thrown;
    try {
      db.write([](transaction& tx) {
        tx.execute(insert, "c");
        tx.execute("CREATE TABLE made (x)");
        throw std::runtime_error("no");
      });
    } catch (const std::runtime_error& e) {
      thrown = e.what();
    }
    CAF_CHECK_EQUAL(thrown, "no");
    CAF_CHECK_EQUAL(count(db), 2);
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT * FROM made"); }), "sql");
  });
}

CAF_TEST(a write inside a write is a savepoint) {
  with_table([](target& db) {
    if (!db.interactive)
      return;
    db.write([&](transaction& tx) {
      tx.execute(insert, "outer");
      CAF_CHECK_EQUAL(code_of([&] {
                        tx.write([](transaction& inner) {
                          inner.execute(insert, "inner");
                          inner.execute(insert, "outer");
                        });
                      }),
                      "constraint");
      tx.write([](transaction& inner) { inner.execute(insert, "kept"); });
      db.write([](transaction& inner) { inner.execute(insert, "by the engine"); });
      CAF_CHECK_EQUAL(tx.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 3);
    });
    CAF_CHECK_EQUAL(count(db), 3);
    CAF_CHECK(!db.fetch_one("SELECT 1 FROM t WHERE v = 'inner'"));
  });
}

CAF_TEST(all reads of a snapshot see the same) {
  with_table([](target& db) {
    if (!db.interactive)
      return;
    db.read([&](snapshot& s) {
      const auto before = s.fetch_value<int>("SELECT count(*) FROM t");
      std::thread([&] { db.execute(insert, "meanwhile"); }).join();
      CAF_CHECK(s.fetch_value<int>("SELECT count(*) FROM t") == before);
    });
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(a cursor gives every row in order) {
  with_table([](target& db) {
    const auto numbers = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE "
                         "x < :last) SELECT x FROM c";
    std::int64_t expected = 0;
    for (auto r : db.cursor(numbers, {{"last", 1000}}, 64))
      CAF_REQUIRE_EQUAL(r[0].as<std::int64_t>(), ++expected);
    CAF_CHECK_EQUAL(expected, 1000);
    auto c = db.cursor(numbers, {{"last", 10}}, 4);
    CAF_CHECK_EQUAL(c.next().size(), 4u);
    CAF_CHECK_EQUAL(c.next().size(), 4u);
    CAF_CHECK_EQUAL(c.next().size(), 2u);
    CAF_CHECK(c.next().empty());
    { auto abandoned = db.cursor(endless); }
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT nope").next(); }), "sql");
  });
}

CAF_TEST(a raw connection is clean for the next) {
  with_table([](target& db) {
    if (!db.interactive)
      return;
    {
      auto raw = db.raw_connection();
      CAF_CHECK(raw.native_handle() != nullptr);
      raw.execute("BEGIN");
      raw.execute(insert, "lost");
    }
    CAF_CHECK_EQUAL(count(db), 0);
    {
      auto raw = db.get_raw_connection();
      raw.execute("BEGIN");
      raw.execute(insert, "kept");
      raw.execute("COMMIT");
    }
    CAF_CHECK_EQUAL(count(db), 1);
    {
      auto raw = db.raw_connection(true);
      CAF_CHECK_EQUAL(raw.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 1);
      CAF_CHECK_EQUAL(code_of([&] { raw.execute(insert, "x"); }), "read_only");
    }
    db.execute(insert, "after");
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

CAF_TEST(a deadline stops one request and the engine serves on) {
  with_table([](target& db) {
    auto e = failure_of([&] { db.with_timeout(50ms).fetch(endless); });
    CAF_CHECK(e.code == errc::timeout);
    e = failure_of(
        [&] { db.with_timeout(50ms).execute(std::string("INSERT INTO t (v) ") + endless); });
    CAF_CHECK(e.code == errc::timeout && e.outcome == outcome::rolled_back);
    e = failure_of([&] { db.with_timeout(0ms).execute(insert, "never"); });
    CAF_CHECK(e.code == errc::timeout && e.outcome == outcome::not_run);
    db.execute(insert, "served");
    CAF_CHECK_EQUAL(count(db), 1);
    CAF_CHECK(eventually([&] { return db.health().ok; }));
    CAF_CHECK(db.get_stats().timeouts >= 2);
  });
}

CAF_TEST(a stop token ends a running request) {
  std::atomic<bool> running = false;
  options o;
  o.functions.push_back({.name = "started",
                         .arguments = 0,
                         .deterministic = false,
                         .call = [&](std::span<const value_ref>) {
                           running = true;
                           return value(1);
                         }});
  on_every_backend(o, [&](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
    const std::string reading = "WITH RECURSIVE c(x) AS (SELECT started() UNION ALL SELECT x + 1 "
                                "FROM c) SELECT max(x) FROM c";
    for (const auto& sql : {reading, "INSERT INTO t (v) " + reading}) {
      running = false;
      std::stop_source stop;
      std::thread stopper([&] {
        while (!running)
          std::this_thread::yield();
        stop.request_stop();
      });
      const auto e = failure_of([&] { db.with_cancel(stop.get_token()).execute(sql); });
      running = true;
      stopper.join();
      CAF_CHECK_EQUAL(std::string(to_string(e.code)), "cancelled");
    }
    std::stop_source stopped;
    stopped.request_stop();
    const auto e =
        failure_of([&] { db.with_cancel(stopped.get_token()).execute(insert, "never"); });
    CAF_CHECK(e.code == errc::cancelled && e.outcome == outcome::not_run);
    db.execute(insert, "served");
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(a write with an id runs once) {
  with_table([](target& db) {
    const auto first = db.with_id("order-1").execute("INSERT INTO t (v) VALUES (NULL)");
    const auto second = db.with_id("order-1").execute("INSERT INTO t (v) VALUES (NULL)");
    CAF_CHECK(first.changes == 1 && second.changes == 1);
    CAF_CHECK_EQUAL(second.last_insert_rowid, first.last_insert_rowid);
    CAF_CHECK_EQUAL(count(db), 1);
    db.with_id("order-2").execute("INSERT INTO t (v) VALUES (NULL)");
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

CAF_TEST(statistics count requests and failures) {
  with_table([](target& db) {
    const auto before = db.get_stats();
    db.execute(insert, "a");
    db.fetch("SELECT * FROM t");
    db.fetch("SELECT * FROM t");
    CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, "a"); }), "constraint");
    db.execute_transaction({operation::execute(insert, "b")});
    const auto after = db.get_stats();
    CAF_CHECK_EQUAL(after.requests - before.requests, 5u);
    CAF_CHECK_EQUAL(after.errors - before.errors, 1u);
    auto grown = [&](request_class c) { return after.of(c).count - before.of(c).count; };
    CAF_CHECK_EQUAL(grown(request_class::execute), 2u);
    CAF_CHECK_EQUAL(grown(request_class::fetch), 2u);
    CAF_CHECK_EQUAL(grown(request_class::transaction), 1u);
    CAF_CHECK(!after.backup_enabled);
  });
}

CAF_TEST(health and information are those of the database) {
  with_table([](target& db) {
    CAF_CHECK(db.health().ok);
    CAF_CHECK(db.health().problems.empty());
    const auto i = db.database_info();
    CAF_CHECK(!i.sqlite_version.empty() && i.page_size >= 512 && i.page_count > 0);
    CAF_CHECK(i.foreign_keys && !i.read_only);
    CAF_CHECK_EQUAL(i.encoding, "UTF-8");
    CAF_CHECK_EQUAL(i.memory, i.path.empty() || !std::filesystem::exists(i.path));
    db.analyze();
    db.optimize();
    db.vacuum();
    CAF_CHECK(db.integrity_check(true).empty());
  });
}

CAF_TEST(what needs the connection itself is refused where it is far) {
  with_table([](target& db) {
    if (db.interactive)
      return;
    CAF_CHECK_EQUAL(code_of([&] { db.write([](transaction&) {}); }), "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.read([](snapshot&) {}); }), "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.raw_connection(); }), "not_allowed");
  });
}

CAF_TEST(a call after the shutdown fails at once) {
  on_every_backend([](target& db) {
    db.shutdown();
    db.shutdown();
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT 1"); }), "shut_down");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("CREATE TABLE t (x)"); }), "shut_down");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_many("SELECT ?", std::vector{params::of(1)}); }),
                    "shut_down");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_transaction({operation::fetch("SELECT 1")}); }),
                    "shut_down");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_script("SELECT 1"); }), "shut_down");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT 1").next(); }), "shut_down");
    CAF_CHECK_EQUAL(code_of([&] { db.vacuum(); }), "shut_down");
    if (db.interactive) {
      CAF_CHECK_EQUAL(code_of([&] { db.write([](transaction&) {}); }), "shut_down");
      CAF_CHECK_EQUAL(code_of([&] { db.read([](snapshot&) {}); }), "shut_down");
      CAF_CHECK_EQUAL(code_of([&] { db.raw_connection(); }), "shut_down");
    }
  });
}
