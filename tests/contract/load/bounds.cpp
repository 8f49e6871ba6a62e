// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that the bounds of time and memory hold for input made to break them: texts that consist of
// semicolons, rows that consist of blobs.

#include "support/engine/backends.hpp"
#include "support/eventually.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

std::chrono::milliseconds time_of(const std::function<void()>& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

} // namespace

CAF_TEST(a script of a million semicolons takes the time of reading it) {
  on_every_backend([](target& db) {
    const std::string many(900'000, ';');
    for (const auto mode : {script_mode::all_or_nothing, script_mode::continue_on_error}) {
      std::string code;
      // A quadratic scan takes a quarter of an hour, a linear one some milliseconds.
      CAF_CHECK(time_of([&] {
                  code = code_of([&] {
                    if (db.execute_script("SELECT '" + many, mode).failures() == 1)
                      throw error(errc::sql, "as it should be");
                  });
                }) < 20s);
      CAF_CHECK_EQUAL(code, "sql");
      CAF_CHECK(time_of([&] {
                  CAF_CHECK_EQUAL(db.execute_script(many + "SELECT 1", mode).steps.size(), 1u);
                }) < 20s);
    }
    // Many statements, each too short to call the progress handler: the deadline is checked between
    // them.
    std::string wrong;
    for (int i = 0; i < 200'000; ++i)
      wrong += "x;";
    CAF_CHECK_EQUAL(code_of([&] {
                      db.with_timeout(20ms).execute_script(wrong, script_mode::continue_on_error);
                    }),
                    "timeout");
    CAF_CHECK(eventually([&] { return db.health().ok; }));
  });
}

CAF_TEST(a statement that fails ends where SQLite says and the script goes on) {
  on_every_backend([](target& db) {
    const std::vector<std::string> wrong{
        "nope;",
        "nope 'a;b';",
        "nope \"a;b\" `c;d` [e;f];",
        "nope /* ; */ x;",
        "nope -- ;\n x;",
        "CREATE TRIGGER g AFTER INSERT ON nope BEGIN SELECT 1; SELECT 2; END;",
        "CREATE TEMPORARY TRIGGER g AFTER INSERT ON nope BEGIN SELECT 'END;'; SELECT 2; END;",
        "EXPLAIN CREATE TRIGGER g AFTER INSERT ON nope BEGIN SELECT 1; END;",
        "CREATE nope TRIGGER BEGIN;",
        "nope END;"};
    for (const auto& sql : wrong) {
      CAF_MESSAGE(sql);
      const auto r = db.execute_script(sql + "SELECT 7", script_mode::continue_on_error);
      CAF_REQUIRE_EQUAL(r.steps.size(), 2u);
      CAF_CHECK(r.steps[0].failure.has_value());
      CAF_CHECK_EQUAL(r.steps[0].size, sql.size());
      CAF_CHECK_EQUAL(r.steps[1].result[0][0].as<int>(), 7);
    }
  });
}

CAF_TEST(a result is refused before its memory is taken) {
  options o;
  o.num_workers = 2;
  o.max_result_bytes = 1 << 20;
  on_every_backend(o, [](target& db) {
    std::string row;
    for (int i = 0; i < 64; ++i)
      row += i == 0 ? "zeroblob(n)" : ", zeroblob(n)";
    row += " FROM size";
    db.execute("CREATE TABLE size (n)");
    db.execute("INSERT INTO size VALUES (900000000)");
    // Filling them would take minutes and 57 GB.
    CAF_CHECK(time_of([&] {
                CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT " + row); }), "too_big");
                CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT " + row).next(); }), "too_big");
              }) < 20s);
    CAF_CHECK_EQUAL(db.fetch("SELECT zeroblob(1000000)")[0][0].as<blob>().size(), 1'000'000u);
    CAF_CHECK_EQUAL(db.fetch("SELECT zeroblob(5), 'text', 7, NULL")[0][1].as<std::string>(),
                    "text");
  });
}

CAF_TEST(the rows of a cursor are not bounded) {
  options o;
  o.num_workers = 2;
  o.max_rows = 5;
  on_every_backend(o, [](target& db) {
    const std::string hundred = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
                                "WHERE x < 100) SELECT x FROM c";
    CAF_CHECK_EQUAL(code_of([&] { db.fetch(hundred); }), "too_big");
    int rows = 0;
    for (auto c = db.cursor(hundred, {}, 40); const auto& row : c)
      rows += row[0].as<int>() > 0 ? 1 : 0;
    CAF_CHECK_EQUAL(rows, 100);
  });
}
