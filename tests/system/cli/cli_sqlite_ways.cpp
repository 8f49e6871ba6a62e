// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of what the program does as the command sqlite3 does it: statements, scripts, names, white
// space, and several programs at once.

#include <dbengine/db_engine.hpp>

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/program.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <chrono>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  engine_folder folder;

  run_result go(const std::vector<std::string>& words, const std::string& input = {}) const {
    return run(words, {.input = input, .folder = folder.path});
  }
  // The output, or the error output if the exit code is not 0.
  std::string csv(const std::string& sql, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"query", "app.db", sql, "-o", "csv"};
    words.insert(words.end(), more.begin(), more.end());
    const auto r = go(words);
    return r.code == 0 ? r.out : r.err;
  }
  std::string file(const char* name) const { return (folder.path / name).string(); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_sqlite_ways, fixture)

CAF_TEST(pragmas that do something without a value) {
  plain_sqlite(file("app.db")).script("PRAGMA auto_vacuum = 2; VACUUM; CREATE TABLE t (a)");
  for (const auto* sql : {"PRAGMA optimize", "PRAGMA main.optimize", "PRAGMA incremental_vacuum",
                          "pragma Incremental_Vacuum;", "EXPLAIN PRAGMA optimize"})
    CAF_CHECK_EQUAL(go({"query", "app.db", sql}).code, 0);
  plain_sqlite(file("app.db")).script("INSERT INTO t VALUES (zeroblob(500000)); DELETE FROM t");
  CAF_CHECK(csv("PRAGMA freelist_count") != "freelist_count\n0\n");
  go({"query", "app.db", "PRAGMA incremental_vacuum"});
  CAF_CHECK_EQUAL(csv("PRAGMA freelist_count"), "freelist_count\n0\n");
}

CAF_TEST(names of other alphabets are no keywords) {
  go({"query", "app.db", "CREATE TABLE t (a)"});
  CAF_CHECK_EQUAL(csv("WITH öinsert AS (SELECT 1 AS a) SELECT a FROM öinsert"), "a\n1\n");
  CAF_CHECK_EQUAL(csv("WITH a$delete AS (SELECT 1 AS a) SELECT a FROM a$delete"), "a\n1\n");
  CAF_CHECK_EQUAL(csv("WITH insertö AS (SELECT 1 AS a) SELECT a FROM insertö"), "a\n1\n");
  CAF_CHECK_EQUAL(csv("\xef\xbb\xbfSELECT 1 AS a"), "a\n1\n");
  // A read creates no file.
  CAF_CHECK_EQUAL(go({"query", "none.db", "WITH ödelete AS (SELECT 1) SELECT * FROM ödelete"}).code,
                  1);
  CAF_CHECK(!std::filesystem::exists(folder.path / "none.db"));
}

CAF_TEST(a vertical tab is space behind other space and else no token) {
  go({"query", "app.db", "CREATE TABLE t (a)"});
  const auto everywhere = [&](const std::string& sql) {
    std::string all = csv(sql);
    for (const std::string& script : {sql, "BEGIN; COMMIT; " + sql}) {
      const auto r = go({"script", "app.db", "-", "-o", "csv"}, script);
      all += r.code == 0 ? r.out : r.err;
    }
    const auto r = go({"shell", "app.db", "-o", "csv"}, sql + "\n");
    return all + (r.code == 0 ? r.out : r.err);
  };
  for (const auto* sql :
       {"SELECT \v1 AS a", " \v\vSELECT 1 AS a", "SELECT 1 AS a; \v", "\f\vSELECT 1 AS a"})
    CAF_CHECK_EQUAL(everywhere(sql), "a\n1\na\n1\na\n1\na\n1\n");
  for (const auto* sql : {"SELECT\v1", "\vSELECT 1"})
    CAF_CHECK(has(everywhere(sql), "unrecognized token"));
}

CAF_TEST(a parameter is JSON over several lines) {
  go({"query", "app.db", "CREATE TABLE t (a)"});
  CAF_CHECK_EQUAL(csv("SELECT :x AS x", {"-p", "x:={\"a\":\n [1,\n2]}"}),
                  "x\n\"{\"\"a\"\":[1,2]}\"\n");
  CAF_CHECK_EQUAL(csv("SELECT :x AS x", {"-p", "x:=\n7\n"}), "x\n7\n");
  for (const auto* wrong : {"x:=1,\"y\":2", "x:=1} {\"value\":2", "x:=", "x:=1\n2"})
    CAF_CHECK_EQUAL(go({"query", "app.db", "SELECT :x", "-p", wrong}).code, 2);
}

CAF_TEST(an option may have an empty value) {
  plain_sqlite(file("app.db")).script("CREATE TABLE \"\" (a); INSERT INTO \"\" VALUES (1)");
  CAF_CHECK_EQUAL(go({"export", "app.db", "--table=", "out.csv"}).code, 0);
  CAF_CHECK_EQUAL(content_of(folder.path / "out.csv"), "a\n1\n");
  CAF_CHECK_EQUAL(go({"import", "app.db", "out.csv", "--table="}).code, 0);
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n FROM \"\""), "n\n2\n");
  // Without FILE, `export` has no target.
  CAF_CHECK(has(go({"export", "app.db", "--table="}).err, "FILE is missing"));
}

CAF_TEST(the line of a failure is that of its statement) {
  go({"query", "app.db", "CREATE TABLE t (a)"});
  const std::string text = "BEGIN;\nINSERT INTO t VALUES (1);\nINSERT INTO later VALUES (1);\n\n"
                           "CREATE TABLE later (a);\nCOMMIT;\n";
  const auto r = go({"script", "app.db", "-"}, text);
  CAF_CHECK_EQUAL(r.code, 1);
  CAF_CHECK(has(r.err, "no such table: later"));
  CAF_CHECK(has(r.err, "\n  line 3: INSERT INTO later"));
  const auto all = go({"script", "app.db", "-"},
                      "INSERT INTO t VALUES (1);\nSELECT b FROM t;\nCREATE TABLE x (b);\n");
  CAF_CHECK(has(all.err, "\n  line 2: SELECT b FROM t;"));
}

CAF_TEST(a dump may make children before their parents) {
  const std::string text =
      "BEGIN;\nCREATE TABLE kid (id INTEGER PRIMARY KEY, p REFERENCES par (id));\n"
      "INSERT INTO kid VALUES (5, 1);\nCREATE TABLE par (id INTEGER PRIMARY KEY);\n"
      "INSERT INTO par VALUES (1);\nCOMMIT;\n";
  const auto r = go({"script", "app.db", "-"}, text);
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK(!has(r.err, "warning"));
  CAF_CHECK_EQUAL(csv("SELECT * FROM kid"), "id,p\n5,1\n");
  // A script with its own transaction may leave rows without a parent, which are reported. All
  // other statements enforce foreign keys as before.
  const auto orphan =
      go({"script", "app.db", "-"}, "BEGIN; INSERT INTO kid VALUES (6, 9); COMMIT;");
  CAF_CHECK_EQUAL(orphan.code, 0);
  CAF_CHECK(has(orphan.err, "warning: 1 row refers to rows that do not exist (foreign keys)"));
  CAF_CHECK(has(go({"script", "app.db", "-"},
                   "PRAGMA foreign_keys = ON; BEGIN; INSERT INTO kid VALUES (7, 9); COMMIT;")
                    .err,
                "FOREIGN KEY constraint failed"));
  CAF_CHECK(has(go({"script", "app.db", "-"}, "INSERT INTO kid VALUES (7, 9);").err,
                "FOREIGN KEY constraint failed"));
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n FROM kid"), "n\n2\n");
}

CAF_TEST(a journal that is kept and ended is no sign of use) {
  plain_sqlite(file("z.db"))
      .script("PRAGMA journal_mode = PERSIST; CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  CAF_REQUIRE(std::filesystem::file_size(folder.path / "z.db-journal") > 0);
  CAF_CHECK_EQUAL(go({"backup", "verify", "z.db"}).code, 0);
  { std::ofstream(folder.path / "z.db-journal", std::ios::binary) << "\xd9\xd5\x05\xf9 begun"; }
  const auto used = go({"backup", "verify", "z.db"});
  CAF_CHECK_EQUAL(used.code, 7);
  CAF_CHECK(has(used.err + used.out, "it is in use, or it is not a backup"));
}

CAF_TEST(programs that write at once wait for each other) {
  plain_sqlite(file("app.db")).script("CREATE TABLE t (a)");
  std::vector<std::unique_ptr<program>> all;
  for (int i = 0; i < 12; ++i)
    all.push_back(std::make_unique<program>(std::vector<std::string>{
        "query", file("app.db"), "INSERT INTO t VALUES (" + std::to_string(i) + ")"}));
  for (const auto& one : all) {
    one->close_input();
    CAF_CHECK_EQUAL(one->wait(), 0);
  }
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n, sum(a) AS s FROM t"), "n,s\n12,66\n");
}

CAF_TEST(a program waits for an engine for as long as its timeout says) {
  auto holder = std::make_unique<db_engine>(folder.url("app.db"));
  holder->execute("CREATE TABLE t (a)");
  const auto refused = go({"query", "app.db", "INSERT INTO t VALUES (1)", "--timeout", "300ms"});
  CAF_CHECK_EQUAL(refused.code, 5);
  CAF_CHECK(
      has(refused.err, "is open in another engine (process " + std::to_string(::getpid()) + ")"));
  std::jthread ends([&] {
    std::this_thread::sleep_for(300ms);
    holder.reset();
  });
  CAF_CHECK_EQUAL(go({"query", "app.db", "INSERT INTO t VALUES (2)"}).code, 0);
  ends.join();
  CAF_CHECK_EQUAL(csv("SELECT a FROM t"), "a\n2\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
