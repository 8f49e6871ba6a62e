// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a host's collation that throws: its statement fails, and nothing of it is kept.
// Functions of the host are called for each row unless they declare that they need not be.

#include "support/engine/backends.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// A descending collation; throws while `fails` is set.
struct moody {
  std::atomic<bool> fails{false};

  options with(int readers = 2) {
    options o;
    o.num_workers = readers;
    o.collations.push_back(
        {.name = "byhost", .compare = [this](std::string_view a, std::string_view b) {
           if (fails)
             throw std::runtime_error("no memory for the locale");
           return b.compare(a);
         }});
    return o;
  }

  void fill(target& db) const {
    db.execute("CREATE TABLE t (x TEXT COLLATE byhost UNIQUE)");
    std::vector<params> sets;
    for (int i = 0; i < 200; ++i)
      sets.push_back(params::of("k" + std::to_string(1000 + i * 2)));
    db.execute_many("INSERT INTO t VALUES (?)", sets);
  }
};

std::string failing(const std::function<void()>& f) {
  const auto e = failure_of(f);
  return std::string(to_string(e.code)) + " " + e.message;
}

const std::string expected = "sql collation \"byhost\": no memory for the locale";

void is_sound(target& db, int rows) {
  CAF_CHECK(db.integrity_check().empty());
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), rows);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 'k1101'").value_or(-1), 0);
}

} // namespace

CAF_TEST(a collation that throws fails its statement and nothing of it stays) {
  moody m;
  on_every_backend(m.with(), [&](target& db) {
    m.fill(db);
    for (const std::string sql :
         {"INSERT INTO t VALUES ('k1101')", "UPDATE t SET x = 'k1101' WHERE rowid = 5",
          "INSERT OR REPLACE INTO t VALUES ('k1002')", "DELETE FROM t WHERE x = 'k1102'",
          "CREATE INDEX i ON t (x)", "REINDEX", "VACUUM",
          "CREATE TABLE u AS SELECT x FROM t ORDER BY x || ''",
          "INSERT INTO t VALUES ('k1101') RETURNING x"}) {
      m.fails = true;
      const auto text = failing([&] {
        if (sql.ends_with("RETURNING x"))
          db.fetch(sql);
        else
          db.execute(sql);
      });
      m.fails = false;
      // If SQLite can sort by the index, it compares nothing.
      if (text != "none ")
        CAF_CHECK_EQUAL(text, expected);
      else
        CAF_CHECK(sql.starts_with("CREATE TABLE") || sql == "VACUUM");
    }
    is_sound(db, 200);
    db.execute("INSERT INTO t VALUES ('k1101')");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 'k1101'").value_or(-1),
                    1);
  });
}

CAF_TEST(a read by a collation that throws fails) {
  moody m;
  on_every_backend(m.with(), [&](target& db) {
    m.fill(db);
    m.fails = true;
    for (const std::string sql : {"SELECT count(*) FROM t WHERE x = 'k1102'",
                                  "SELECT x FROM t ORDER BY (x || 'a') COLLATE byhost",
                                  "SELECT max((x || 'a') COLLATE byhost) FROM t",
                                  "SELECT DISTINCT (x || 'a') COLLATE byhost FROM t"}) {
      CAF_CHECK_EQUAL(failing([&] { db.fetch(sql); }), expected);
      CAF_CHECK_EQUAL(failing([&] { db.cursor(sql).next(); }), expected);
    }
    CAF_CHECK(failing([&] { db.integrity_check(); }) == expected);
    m.fails = false;
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 'k1102'").value_or(-1),
                    1);
  });
}

CAF_TEST(a bulk a transaction and a script are undone whole) {
  moody m;
  on_every_backend(m.with(), [&](target& db) {
    m.fill(db);
    const std::vector<params> sets(100, params::of("k1101"));
    m.fails = true;
    CAF_CHECK(failing([&] { db.execute_many("INSERT INTO t VALUES (?)", sets); }) == expected);
    CAF_CHECK(failing([&] {
                db.execute_transaction({operation::execute("CREATE TABLE u (x)"),
                                        operation::execute("INSERT INTO t VALUES ('k1101')")});
              }) == expected);
    CAF_CHECK(failing([&] {
                db.execute_script("CREATE TABLE u (x); INSERT INTO t VALUES ('k1101')");
              }) == expected);
    if (db.interactive)
      CAF_CHECK(failing([&] {
                  db.write([](transaction& tx) {
                    tx.execute("CREATE TABLE u (x)");
                    tx.execute("INSERT INTO t VALUES ('k1101')");
                  });
                }) == expected);
    m.fails = false;
    is_sound(db, 200);
    CAF_CHECK_EQUAL(db.fetch("SELECT 1 FROM sqlite_schema WHERE name = 'u'").size(), 0u);
  });
}

CAF_TEST(in a group only the member whose collation throws fails) {
  moody m;
  on_every_backend(m.with(), [&](target& db) {
    m.fill(db);
    db.execute("CREATE TABLE plain (x INTEGER PRIMARY KEY)");
    m.fails = true;
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 25; ++i) {
          db.execute("INSERT INTO plain VALUES (?)", t * 100 + i);
          failed += failing([&] { db.execute("INSERT INTO t VALUES ('k1101')"); }) == expected;
        }
      });
    for (auto& t : threads)
      t.join();
    m.fails = false;
    CAF_CHECK_EQUAL(failed.load(), 200);
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM plain").value_or(-1), 200);
    is_sound(db, 200);
  });
}

CAF_TEST(a function of the host is called for each row) {
  std::atomic<std::int64_t> n{0};
  options o;
  o.functions.push_back({.name = "next_id",
                         .arguments = 0,
                         .call = [&](std::span<const value_ref>) { return value(++n); }});
  on_every_backend(o, [&](target& db) {
    n = 0;
    db.execute_script(
        "CREATE TABLE src (x); INSERT INTO src VALUES (1), (2), (3); CREATE TABLE t (id, x)");
    db.execute("INSERT INTO t SELECT next_id(), x FROM src");
    CAF_CHECK_EQUAL(db.fetch_value<std::string>("SELECT group_concat(id) FROM t").value_or(""),
                    "1,2,3");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("CREATE INDEX i ON t (next_id())"); }), "sql");
  });
}
