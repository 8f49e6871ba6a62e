// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the limit on the size of a statement. SQLite before 3.41 copies common table expressions
// and views for each name in a FROM, during preparation and without a check of the deadline. 500
// bytes took gigabytes, and a chain of 30,000 overflowed the thread's stack, which ended the
// process. Both are refused before preparation.

#include "sqlite/statement_size.hpp"
#include "support/engine/backends.hpp"

#include <string>
#include <string_view>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// `n` expressions, each of which names the one before it `times` times.
std::string chain(int n, int times, const std::string& first = "SELECT 1 AS x") {
  std::string sql = "WITH a0 AS (" + first + ")";
  for (int i = 1; i <= n; ++i) {
    sql += ", a" + std::to_string(i) + " AS (SELECT 1 AS x FROM a" + std::to_string(i - 1);
    for (int k = 1; k < times; ++k)
      sql += ", a" + std::to_string(i - 1);
    sql += ")";
  }
  return sql + " SELECT 1 FROM a" + std::to_string(n);
}

std::string view(int i, const std::string& from) {
  return "CREATE VIEW v" + std::to_string(i) + " AS SELECT 1 AS x FROM " + from + " LIMIT 1";
}

std::size_t written_out(std::string_view sql) {
  return dbengine::sqlite::size_of_statement(
             sql,
             [](const std::string& name) {
               return name == "v" ? dbengine::sqlite::extent{1000, 1} : dbengine::sqlite::extent{};
             })
      .written_out.tokens;
}

void refused(target& db, const std::string& sql) {
  CAF_CHECK_EQUAL(code_of([&] { db.fetch(sql); }), "too_big");
  CAF_CHECK_EQUAL(code_of([&] { db.execute(sql); }), "too_big");
  CAF_CHECK_EQUAL(code_of([&] { db.execute_script("SELECT 1; " + sql); }), "too_big");
}

} // namespace

CAF_TEST(expressions that would be copied without end are refused) {
  on_every_backend([](target& db) {
    refused(db, chain(40, 2));
    refused(db, chain(8, 60));
    refused(db, chain(30'000, 1));
    refused(db, "SELECT count(*) FROM (" + chain(40, 2) + ")");
    refused(db, "SELECT $a(;) FROM (" + chain(40, 2) + ")");
    refused(db, "CREATE VIEW v AS " + chain(40, 2));
    refused(db, "WITH a AS (WITH a AS (" + chain(12, 2) +
                    ") SELECT 1 FROM a, a, a, a, a, a, a, a)"
                    " SELECT 1 FROM a, a, a, a, a, a, a, a");
    CAF_CHECK_EQUAL(db.fetch("SELECT 1").size(), 1u);
  });
}

CAF_TEST(what people write is not refused) {
  on_every_backend([](target& db) {
    CAF_CHECK_EQUAL(db.fetch(chain(400, 1)).size(), 1u);
    // 32 copies, because later SQLite versions flatten them into one join, which has at most 64
    // tables.
    CAF_CHECK_EQUAL(db.fetch(chain(5, 2)).size(), 1u);
    std::string report = "WITH d(x) AS (VALUES (1)";
    for (int i = 0; i < 400; ++i)
      report += ", (" + std::to_string(i) + ")";
    report += ")";
    for (int i = 0; i < 50; ++i)
      report += ", part" + std::to_string(i) +
                " AS (SELECT max(x) AS m FROM d WHERE x IN (SELECT x FROM d))";
    report += " SELECT part0.m";
    for (int i = 1; i < 50; ++i)
      report += " + part" + std::to_string(i) + ".m";
    report += " FROM part0";
    for (int i = 1; i < 50; ++i)
      report += " JOIN part" + std::to_string(i);
    CAF_CHECK_EQUAL(db.fetch(report).size(), 1u);
    CAF_CHECK_EQUAL(
        db.fetch("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) "
                 "SELECT count(*) FROM n")
            .size(),
        1u);
  });
}

CAF_TEST(views are counted in statements and with those that name them) {
  on_every_backend([](target& db) {
    db.execute(view(0, "sqlite_schema"));
    std::string script;
    for (int i = 1; i <= 12; ++i)
      script += view(i, "v" + std::to_string(i - 1) + ", v" + std::to_string(i - 1)) + ";";
    db.execute_script(script);
    CAF_CHECK_EQUAL(db.fetch("SELECT 1 FROM v12 LIMIT 1").size(), 1u);
    refused(db, "SELECT 1 FROM v12, v12, v12, v12, main.v12, \"v12\", [V12], 'v12'");
    refused(
        db,
        "WITH v0 AS (SELECT 1), a AS (SELECT 1 FROM v11, v11, v11, v11) SELECT 1 FROM a, a, a, a");
    CAF_CHECK_EQUAL(code_of([&] { db.execute(view(13, "v12, v12, v12, v12, v12, v12")); }),
                    "too_big");
    CAF_CHECK_EQUAL(
        db.fetch("WITH v12 AS (SELECT 1) SELECT 1 FROM v12, v12, v12, v12, v12, v12, v12, v12")
            .size(),
        1u);
  });
}

CAF_TEST(a view that comes last cannot make those large that name it) {
  on_every_backend([](target& db) {
    const auto make = [&db](int i) {
      db.execute(view(i, "v" + std::to_string(i - 1) + ", v" + std::to_string(i - 1)));
    };
    make(8); // its text was prepared before, when it was harmless
    db.execute("DROP VIEW v8");
    db.execute(view(0, "sqlite_schema"));
    for (int i = 1; i < 8; ++i)
      make(i);
    for (int i = 20; i > 8; --i)
      make(i);
    CAF_CHECK_EQUAL(code_of([&] { make(8); }), "too_big");
    CAF_CHECK_EQUAL(db.fetch("SELECT name FROM sqlite_schema").size(), 20u);
    make(7 + 100); // the other views are unchanged
  });
}

CAF_TEST(tokens are counted as SQLite would copy them) {
  CAF_CHECK_EQUAL(written_out("SELECT a, b FROM t WHERE v IN (v, v) GROUP BY v, v ORDER BY v, v"),
                  24u);
  CAF_CHECK_EQUAL(written_out("SELECT v.a, x.v FROM v, v AS x JOIN (v, (v)) ON v.v = 1, v"),
                  5'030u);
  CAF_CHECK_EQUAL(written_out("SELECT v FROM v(1) -- FROM v\n/* FROM v */, 'it''s FROM v'"), 9u);
  CAF_CHECK_EQUAL(written_out("SELECT 1 FROM main.v, main . \"v\", [v], `v`, 'v' WHERE 1 IN v"),
                  6'020u);
  CAF_CHECK_EQUAL(written_out("SELECT $a::b(;), :c, @d, a$b FROM v"), 1'010u);
  CAF_CHECK_EQUAL(written_out("UPDATE OR IGNORE v SET a = v, v = 2"), 1'012u);
  CAF_CHECK_EQUAL(written_out("INSERT INTO v(v, v) VALUES (v, v), (v, v)"), 1'020u);
  CAF_CHECK_EQUAL(written_out("WITH v AS (SELECT 1) SELECT 1 FROM v; SELECT 1 FROM v"), 11u);
  CAF_CHECK_EQUAL(written_out("WITH a(x) AS (SELECT 1 FROM a, v) SELECT 1 FROM A, a"), 2'027u);
  CAF_CHECK_EQUAL(
      written_out("WITH \"a\"\"b\" AS NOT MATERIALIZED (SELECT 1) SELECT 1 FROM [a\"b]"), 13u);
  for (const auto* part : {"", "'", "\"", "[", "/*", "--", "(", ")", ".", ",", "WITH", "WITH a AS",
                           "WITH a AS (", "WITH a AS (SELECT 1 UPDATE m .) x"})
    CAF_CHECK(written_out(part) < 15);
  CAF_CHECK(sqlite::size_of_statement(std::string(1'000'000, '('), {}).as_it_stands <= 10'000);
}
