// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that an error's outcome is what the tables show: nothing was run, all is undone, or some
// rows are kept.

#include "support/engine/backends.hpp"

#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

const std::string endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";

int count(target& db, const std::string& table = "t") {
  return db.fetch_value<int>("SELECT count(*) FROM " + table).value_or(-1);
}

} // namespace

CAF_TEST(a script that goes on and is stopped says that its first part is kept) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    auto e = failure_of([&] {
      db.with_timeout(200ms).execute_script("INSERT INTO t VALUES (1);" + endless,
                                            script_mode::continue_on_error);
    });
    CAF_CHECK_EQUAL(code_and_outcome(e), "timeout, was kept in part");
    CAF_CHECK_EQUAL(count(db), 1);
    // If no earlier statement changed anything, nothing is kept.
    e = failure_of([&] {
      db.with_timeout(100ms).execute_script("SELECT 1;" + endless, script_mode::continue_on_error);
    });
    CAF_CHECK_EQUAL(code_and_outcome(e), "timeout, was rolled back");
    e = failure_of(
        [&] { db.with_timeout(100ms).execute_script("INSERT INTO t VALUES (2);" + endless); });
    CAF_CHECK_EQUAL(code_and_outcome(e), "timeout, was rolled back");
    CAF_CHECK_EQUAL(count(db), 1);
  });
}

CAF_TEST(a result refused for its size leaves none of its rows) {
  options o{.num_workers = 2};
  o.max_rows = 3;
  on_every_backend(o, [](target& db) {
    db.execute("CREATE TABLE t (x)");
    const std::string five = "INSERT INTO t SELECT value FROM json_each('[1,2,3,4,5]') RETURNING x";
    CAF_CHECK_EQUAL(code_and_outcome(failure_of([&] { db.fetch(five); })),
                    "too_big, was rolled back");
    CAF_CHECK_EQUAL(count(db), 0);
    const auto steps = db.execute_script("INSERT INTO t VALUES (1);" + five + ";SELECT 1",
                                         script_mode::continue_on_error);
    CAF_REQUIRE_EQUAL(steps.steps.size(), 3u);
    CAF_REQUIRE(steps.steps[1].failure.has_value());
    CAF_CHECK_EQUAL(code_and_outcome(*steps.steps[1].failure), "too_big, was rolled back");
    CAF_CHECK_EQUAL(count(db), 1);
    CAF_CHECK_EQUAL(code_and_outcome(
                        failure_of([&] { db.execute_script("INSERT INTO t VALUES (9);" + five); })),
                    "too_big, was rolled back");
    CAF_CHECK_EQUAL(count(db), 1);
    if (!db.interactive)
      return;
    db.write([&](transaction& tx) {
      tx.execute("INSERT INTO t VALUES (2)");
      CAF_CHECK_EQUAL(code_and_outcome(failure_of([&] { tx.fetch(five); })),
                      "too_big, was rolled back");
      CAF_CHECK_EQUAL(tx.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 2);
      tx.execute("INSERT INTO t VALUES (3)");
    });
    CAF_CHECK_EQUAL(count(db), 3);
    {
      auto raw = db.raw_connection();
      CAF_CHECK_EQUAL(code_and_outcome(failure_of([&] { raw.fetch(five); })),
                      "too_big, was rolled back");
      raw.execute("INSERT INTO t VALUES (4)");
      raw.execute("BEGIN");
      CAF_CHECK_EQUAL(code_and_outcome(failure_of([&] { raw.fetch(five); })),
                      "too_big, was rolled back");
      raw.execute("COMMIT");
    }
    CAF_CHECK_EQUAL(count(db), 4);
  });
}

CAF_TEST(only rows that are kept are called kept) {
  on_every_backend([](target& db) {
    db.execute_script("CREATE TABLE t (x UNIQUE); CREATE TABLE log (x);"
                      "CREATE VIRTUAL TABLE doc USING fts5(b);"
                      "CREATE TRIGGER noted BEFORE INSERT ON t WHEN new.x > 100 BEGIN"
                      "  INSERT INTO log VALUES (new.x);"
                      "  SELECT CASE WHEN new.x = 103 THEN RAISE(FAIL, 'no') END; END;"
                      "CREATE TABLE plain (x UNIQUE);"
                      "CREATE TRIGGER logged BEFORE INSERT ON plain BEGIN"
                      "  INSERT INTO log VALUES (new.x); END");
    // The virtual table writes its shadow tables, and all of that is undone.
    const std::string twice = "INSERT INTO doc (rowid, b) VALUES (1, 'a'), (1, 'b')";
    const auto keeps = [&](const auto& run, const std::string& sql) {
      return std::string(to_string(failure_of([&] { run(sql); }).outcome));
    };
    const auto alone = [&](const std::string& sql) { db.execute(sql); };
    const auto in_batch = [&](const std::string& sql) {
      db.execute_many(sql, std::vector<params>(1));
    };
    CAF_CHECK_EQUAL(keeps(alone, twice), "was rolled back");
    CAF_CHECK_EQUAL(count(db, "doc"), 0);
    CAF_CHECK_EQUAL(keeps(alone, "INSERT INTO plain VALUES (7), (7)"), "was rolled back");
    CAF_CHECK_EQUAL(count(db, "log"), 0);
    CAF_CHECK_EQUAL(keeps(alone, "INSERT OR FAIL INTO t VALUES (1), (1)"), "was kept in part");
    CAF_CHECK_EQUAL(count(db), 1);
    const auto returning = [&](const std::string& sql) { db.fetch(sql); };
    CAF_CHECK_EQUAL(keeps(returning, "INSERT OR FAIL INTO t VALUES (3), (3) RETURNING x"),
                    "was kept in part");
    CAF_CHECK_EQUAL(count(db), 2);
    db.execute("DELETE FROM t WHERE x = 3");
    CAF_CHECK_EQUAL(keeps(alone, "INSERT OR FAIL INTO t VALUES (1)"), "was rolled back");
    CAF_CHECK_EQUAL(keeps(in_batch, "INSERT OR FAIL INTO t VALUES (2), (2)"), "was rolled back");
    CAF_CHECK_EQUAL(count(db), 1);
    // No row of the statement itself is kept, but the rows that its trigger wrote are.
    CAF_CHECK_EQUAL(keeps(alone, "INSERT INTO t VALUES (103)"), "was kept in part");
    CAF_CHECK_EQUAL(count(db, "log"), 1);
    if (!db.interactive)
      return;
    db.write([&](transaction& tx) {
      const auto run = [&](const std::string& sql) { tx.execute(sql); };
      CAF_CHECK_EQUAL(keeps(run, twice), "was rolled back");
      CAF_CHECK_EQUAL(keeps(run, "INSERT INTO plain VALUES (7), (7)"), "was rolled back");
      CAF_CHECK_EQUAL(keeps(run, "INSERT OR FAIL INTO t VALUES (5), (5)"), "was kept in part");
      CAF_CHECK_EQUAL(keeps(run, "INSERT INTO t VALUES (103)"), "was kept in part");
    });
    CAF_CHECK_EQUAL(count(db), 2);
    CAF_CHECK_EQUAL(count(db, "log"), 2);
    CAF_CHECK_EQUAL(count(db, "doc"), 0);
  });
}
