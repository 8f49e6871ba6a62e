// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the host's functions and collations on every connection, and of SQLite's built-in
// extensions: FTS5, JSON, R-tree.

#include "support/engine/backends.hpp"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <stdexcept>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

int without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  const auto n = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < n; ++i)
    if (lower(a[i]) != lower(b[i]))
      return lower(a[i]) < lower(b[i]) ? -1 : 1;
  return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

options with_functions() {
  options o;
  o.num_workers = 2;
  o.functions.push_back(
      {.name = "twice",
       .arguments = 1,
       .deterministic = true,
       .call = [](std::span<const value_ref> x) { return value(x[0].integer * 2); }});
  o.functions.push_back(
      {.name = "kinds", .arguments = -1, .call = [](std::span<const value_ref> xs) {
         std::string text;
         for (const auto& x : xs)
           text += std::string(to_string(x.type)) + std::to_string(x.size) + " ";
         return value(text);
       }});
  o.functions.push_back({.name = "same", .arguments = 1, .call = [](std::span<const value_ref> x) {
                           switch (x[0].type) {
                           case value_type::integer: return value(x[0].integer);
                           case value_type::real: return value(x[0].real);
                           case value_type::text: return value(std::string(x[0].bytes, x[0].size));
                           case value_type::blob:
                             return value(std::as_bytes(std::span(x[0].bytes, x[0].size)));
                           default: return value();
                           }
                         }});
  o.functions.push_back(
      {.name = "throws", .arguments = 0, .call = [](std::span<const value_ref>) -> value {
         throw std::runtime_error("by design");
       }});
  o.collations.push_back({.name = "plainly", .compare = &without_case});
  return o;
}

} // namespace

CAF_TEST(a function of the host is known to every connection) {
  on_every_backend(with_functions(), [](target& db) {
    db.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, x INTEGER, y INTEGER AS (twice(x)) STORED)");
    db.execute("CREATE INDEX by_twice ON t (twice(x))");
    db.execute("CREATE VIEW v AS SELECT twice(x) AS d FROM t");
    db.execute(
        "CREATE TRIGGER g AFTER INSERT ON t WHEN new.x < 100 BEGIN INSERT INTO t (x) VALUES (100 + twice(new.x)); END");
    db.execute("INSERT INTO t (x) VALUES (?)", 21);
    CAF_CHECK(db.fetch_value<std::string>("SELECT group_concat(y) FROM t").value() == "42,284");
    CAF_CHECK(db.fetch_value<int>("SELECT sum(d) FROM v").value() == 326);
    const auto plan = db.fetch("EXPLAIN QUERY PLAN SELECT * FROM t WHERE twice(x) = 42");
    CAF_CHECK(plan[0]["detail"].as<std::string>().find("by_twice") != std::string::npos);
    CAF_CHECK(db.fetch_value<std::string>("SELECT kinds(1, 2.5, 'abc', x'0001', NULL)").value() ==
              "integer0 real0 text3 blob2 null0 ");
    CAF_CHECK(db.fetch_value<std::string>("SELECT kinds()").value() == "");
    const std::string text("a\0b", 3);
    const auto r = db.fetch("SELECT same(?), same(?), same(?), same(?), same(?)", text,
                            blob{std::byte{0}}, -7, 0.5, nullptr);
    CAF_CHECK(r[0][0].as<std::string>() == text && r[0][1].as<blob>() == blob{std::byte{0}} &&
              r[0][2].as<int>() == -7 && r[0][3].as<double>() == 0.5 && r[0][4].is_null());
    for (const auto* sql :
         {"SELECT throws()", "INSERT INTO t (x) VALUES (throws())", "UPDATE t SET x = throws()"}) {
      const auto e = failure_of([&] { db.execute(sql); });
      CAF_CHECK(e.code == errc::sql && e.message.find("throws(): by design") != std::string::npos);
    }
    CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT twice()"); }), "sql");
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t").value() == 2);
    if (db.interactive) {
      CAF_CHECK(db.raw_connection().fetch_value<int>("SELECT twice(4)").value() == 8);
      CAF_CHECK(db.raw_connection(true).fetch_value<int>("SELECT twice(4)").value() == 8);
    }
  });
}

CAF_TEST(a collation of the host sorts and compares everywhere) {
  on_every_backend(with_functions(), [](target& db) {
    db.execute("CREATE TABLE t (v TEXT COLLATE plainly UNIQUE)");
    db.execute("INSERT INTO t VALUES ('b'), ('A'), ('C')");
    CAF_CHECK(
        db.fetch_value<std::string>("SELECT group_concat(v) FROM (SELECT v FROM t ORDER BY v)")
            .value() == "A,b,C");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES ('B')"); }), "constraint");
    CAF_CHECK(db.fetch_value<int>("SELECT 'x' = 'X' COLLATE plainly").value() == 1);
    CAF_CHECK(db.integrity_check().empty());
  });
}

CAF_TEST(functions run on several threads at once) {
  on_every_backend(with_functions(), [](target& db) {
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i)
          wrong += db.fetch_value<int>("SELECT twice(?)", t * 1000 + i) != (t * 1000 + i) * 2;
      });
    for (auto& t : threads)
      t.join();
    CAF_CHECK_EQUAL(wrong.load(), 0);
  });
}

// FTS5 flushes index writes of earlier statements during a later statement; these are not counted
// as changes of the later one.
CAF_TEST(what full text writes late is no change of another statement) {
  on_every_backend([](target& db) {
    db.execute("CREATE VIRTUAL TABLE words USING fts5(body)");
    db.execute("CREATE TABLE t (x)");
    for (const auto* next : {"CREATE TABLE made AS SELECT 1 AS x", "CREATE INDEX i ON t (x)",
                             "PRAGMA user_version = 5", "DELETE FROM t WHERE x = 'nobody'"}) {
      const auto r = db.execute_transaction(
          {operation::execute("INSERT INTO words (body) VALUES ('a'), ('b'), ('c')"),
           operation::execute(next)});
      CAF_CHECK_EQUAL(r[0].write().changes, 3);
      CAF_CHECK_EQUAL(r[1].write().changes, 0);
    }
  });
}

CAF_TEST(full text is searched) {
  on_every_backend([](target& db) {
    db.execute("CREATE VIRTUAL TABLE doc USING fts5 (title, body, tokenize = 'porter unicode61')");
    const std::vector<params> sets{params::of("Actors", "messages run between actors"),
                                   params::of("Files", "a write-ahead log"),
                                   params::of("Both", "an actor writes a log of messages")};
    db.execute_many("INSERT INTO doc (title, body) VALUES (?, ?)", sets);
    const auto r = db.fetch(
        "SELECT title, snippet(doc, 1, '[', ']', '...', 5) AS s FROM doc WHERE doc MATCH ? ORDER BY rank",
        "actor AND message");
    CAF_CHECK_EQUAL(r.size(), 2u);
    CAF_CHECK(r[0]["s"].as<std::string>().find("[actor") != std::string::npos);
    db.execute("DELETE FROM doc WHERE title = 'Both'");
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM doc WHERE doc MATCH 'log'").value() == 1);
    const auto e = failure_of([&] { db.fetch("SELECT * FROM doc WHERE doc MATCH ?", "\""); });
    CAF_CHECK(e.code == errc::sql);
    db.execute("CREATE VIRTUAL TABLE words USING fts5vocab('doc', 'row')");
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM words").value() > 3);
    db.execute("INSERT INTO doc (doc) VALUES ('optimize')");
    CAF_CHECK(db.integrity_check().empty());
  });
}

CAF_TEST(JSON is taken apart and put together) {
  on_every_backend([](target& db) {
    db.execute(
        "CREATE TABLE j (doc TEXT CHECK (json_valid(doc)), name TEXT AS (json_extract(doc, '$.name')))");
    db.execute("INSERT INTO j (doc) VALUES (?)", R"({"name":"Ada","tags":["a","b"],"n":1.5})");
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO j (doc) VALUES ('{')"); }), "sql");
    CAF_CHECK(db.fetch_value<std::string>("SELECT name FROM j").value() == "Ada");
    CAF_CHECK(db.fetch_value<double>("SELECT doc ->> '$.n' FROM j").value() == 1.5);
    CAF_CHECK_EQUAL(db.fetch("SELECT value FROM j, json_each(doc, '$.tags')").size(), 2u);
    db.execute("UPDATE j SET doc = json_set(doc, '$.name', ?)", "Grace");
    CAF_CHECK(db.fetch_value<std::string>("SELECT json_group_array(name) FROM j").value() ==
              "[\"Grace\"]");
  });
}

CAF_TEST(an R - tree finds what lies within) {
  on_every_backend([](target& db) {
    db.execute("CREATE VIRTUAL TABLE box USING rtree (id, x0, x1, y0, y1, +name TEXT)");
    std::vector<params> sets;
    for (int i = 0; i < 400; ++i)
      sets.push_back(
          params::of(i, i % 20, i % 20 + 1, i / 20, i / 20 + 1, "box " + std::to_string(i)));
    db.execute_many("INSERT INTO box VALUES (?, ?, ?, ?, ?, ?)", sets);
    CAF_CHECK(db.fetch_value<int>(
                    "SELECT count(*) FROM box WHERE x0 >= 5 AND x1 <= 8 AND y0 >= 5 AND y1 <= 8")
                  .value() == 9);
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO box VALUES (1000, 2, 1, 0, 0, '')"); }),
                    "constraint");
    CAF_CHECK(db.fetch_value<std::string>("SELECT rtreecheck('box')").value() == "ok");
  });
}
