// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a database that another program truncates during a write: the outcome that the caller
// gets agrees with what plain SQLite reads when the file has its old length again.

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <functional>
#include <sqlite3.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

const std::string insert = "INSERT INTO u VALUES (meanwhile())";

struct way {
  const char* name;
  std::function<void(db_engine&)> write;
};

const std::vector<way> ways{
    {"execute", [](db_engine& db) { db.execute(insert); }},
    {"execute with an id", [](db_engine& db) { db.with_id("a").execute(insert); }},
    {"fetch", [](db_engine& db) { db.fetch(insert + " RETURNING x"); }},
    {"transaction", [](db_engine& db) { db.execute_transaction({operation::execute(insert)}); }},
    {"batch",
     [](db_engine& db) {
       db.execute_many(insert + ", (?)", std::vector<params>{params{1}, params{2}});
     }},
    {"script", [](db_engine& db) { db.execute_script(insert + "; SELECT 1"); }},
    {"script that goes on",
     [](db_engine& db) {
       const auto r = db.execute_script(insert, script_mode::continue_on_error);
       if (r.steps.at(0).failure)
         throw error(*r.steps[0].failure);
     }},
    {"scope", [](db_engine& db) { db.write([](transaction& tx) { tx.execute(insert); }); }},
    {"scope that forgets the error",
     [](db_engine& db) {
       db.write([](transaction& tx) {
         static_cast<void>(failure_of([&] { tx.execute(insert); }));
         tx.execute("INSERT INTO u VALUES (8)");
       });
     }},
    {"or fail",
     [](db_engine& db) { db.execute("INSERT OR FAIL INTO k VALUES (meanwhile()), (7)"); }},
    {"raw connection", [](db_engine& db) {
       auto raw = db.raw_connection();
       raw.execute(insert);
     }}};

long rows_in(const fs::path& file, const char* table) {
  sqlite3* db = nullptr;
  sqlite3_stmt* s = nullptr;
  long n = -1;
  sqlite3_open(file.c_str(), &db);
  if (sqlite3_prepare_v2(db, ("SELECT count(*) FROM " + std::string(table)).c_str(), -1, &s,
                         nullptr) == SQLITE_OK &&
      sqlite3_step(s) == SQLITE_ROW)
    n = static_cast<long>(sqlite3_column_int64(s, 0));
  sqlite3_finalize(s);
  sqlite3_close(db);
  return n;
}

struct cut_result {
  error_info told;
  long rows = 0; // rows in the file afterwards
};

// `patience` is the time between the truncation and the end of the statement: long enough, or not,
// for a check by the engine.
cut_result cut_during(const way& w, std::chrono::milliseconds patience) {
  const engine_folder folder;
  const auto file = folder.path / "test.db";
  fs::path::string_type name = file.string();
  off_t size = 0;
  bool cut = false;
  cut_result result;
  {
    options o;
    o.functions.push_back({.name = "meanwhile",
                           .arguments = 0,
                           .deterministic = false,
                           .call = [&](std::span<const value_ref>) -> value {
                             if (!std::exchange(cut, true)) {
                               size = static_cast<off_t>(fs::file_size(file));
                               if (::truncate(name.c_str(), size - 40'960) != 0)
                                 throw std::runtime_error("not cut");
                               std::this_thread::sleep_for(patience);
                             }
                             return value(7);
                           }});
    db_engine db(folder.url(), o);
    db.execute_script("CREATE TABLE t (x); CREATE TABLE u (x); CREATE TABLE k (x UNIQUE)");
    db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 500) "
               "INSERT INTO t SELECT randomblob(1000) FROM c");
    db.checkpoint();
    result.told = failure_of([&] { w.write(db); });
    // At the latest, the first answer after it reports that nothing is written any more.
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO u VALUES (9)"); }), "fenced");
  }
  CAF_CHECK_EQUAL(::truncate(name.c_str(), size), 0);
  result.rows = rows_in(file, "u") + rows_in(file, "k");
  return result;
}

} // namespace

CAF_TEST(the outcome of a write in a file that was cut is true) {
  using namespace std::chrono_literals;
  for (const auto& w : ways)
    for (const auto patience : {0ms, 12ms}) {
      const auto r = cut_during(w, patience);
      CAF_MESSAGE(w.name << ", " << patience.count() << " ms: " << to_string(r.told) << ", "
                         << r.rows << " rows");
      CAF_CHECK(r.rows >= 0);
      if (r.told.code == errc::none) // a raw connection's commit fails later
        continue;
      CAF_CHECK_EQUAL(to_string(r.told.code), to_string(errc::fenced));
      if (r.rows != 0)
        CAF_CHECK_EQUAL(to_string(r.told.outcome), to_string(outcome::unknown));
    }
}

CAF_TEST(a lone write that was committed into a file that was cut is unknown) {
  using namespace std::chrono_literals;
  const auto r = cut_during(ways[0], 12ms);
  CAF_CHECK_EQUAL(to_string(r.told.code), to_string(errc::fenced));
  CAF_CHECK_EQUAL(to_string(r.told.outcome), to_string(outcome::unknown));
  CAF_CHECK_EQUAL(r.rows, 1);
}
