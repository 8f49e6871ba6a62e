// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of handles that were moved from, that were destroyed with something open, or that are held
// while the engine shuts down.

#include "support/engine/engine_fixture.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/db_engine.hpp>

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

std::chrono::milliseconds time_of_shutdown(db_engine& db) {
  const auto start = std::chrono::steady_clock::now();
  db.shutdown();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

// Far below `shutdown_timeout`, far above the time for closing the files.
constexpr auto at_once = 4s;

std::string made_with_rows(const engine_folder& folder) {
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  db.execute_many("INSERT INTO t VALUES (?)",
                  std::vector<params>{params::of(1), params::of(2), params::of(3)});
  return folder.url();
}

} // namespace

CAF_TEST(a handle that was moved from says so) {
  const engine_folder folder;
  db_engine db(made_with_rows(folder));
  auto c = db.cursor("SELECT x FROM t", params{}, 1);
  auto c2 = std::move(c);
  CAF_CHECK_EQUAL(code_of([&] { c.next(); }), "invalid_state");
  CAF_CHECK_EQUAL(code_of([&] { c.begin(); }), "invalid_state");
  CAF_CHECK_EQUAL(c2.next().size(), 1u);
  c = std::move(c2);
  CAF_CHECK_EQUAL(code_of([&] { c2.next(); }), "invalid_state");
  CAF_CHECK_EQUAL(c.next().size(), 1u);
  {
    auto iterated = db.cursor("SELECT x FROM t", params{}, 1);
    auto i = iterated.begin();
    auto elsewhere = std::move(iterated);
    CAF_CHECK_EQUAL((*i)[0].as<int>(), 1); // its rows are fetched already
    CAF_CHECK_EQUAL(code_of([&] { ++i; }), "invalid_state");
  }
  {
    auto raw = db.raw_connection(true);
    auto raw2 = std::move(raw);
    CAF_CHECK_EQUAL(code_of([&] { raw.fetch("SELECT 1"); }), "invalid_state");
    CAF_CHECK_EQUAL(code_of([&] { raw.execute("SELECT 1"); }), "invalid_state");
    CAF_CHECK_EQUAL(code_of([&] { raw.execute_many("SELECT ?", std::vector{params::of(1)}); }),
                    "invalid_state");
    CAF_CHECK_EQUAL(code_of([&] { raw.native_handle(); }), "invalid_state");
    CAF_CHECK(raw2.native_handle() != nullptr);
  }
  auto first = db.fetch_one("SELECT 'a text that is long enough to stand on the heap' AS a");
  {
    const auto moved = std::move(*first);
    CAF_CHECK_EQUAL(moved[0].bytes().substr(0, 6), "a text");
  }
  CAF_CHECK_EQUAL((*first)["a"].bytes().substr(0, 6), "a text"); // its values stay valid
  auto r = db.fetch("SELECT x FROM t");
  const auto r2 = std::move(r);
  CAF_CHECK(r.empty() && r.columns().empty() && r.begin() == r.end());
  CAF_CHECK_EQUAL(code_of([&] { r.front(); }), "range");
  db_engine db2(std::move(db));
  CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT 1"); }), "invalid_state");
  CAF_CHECK_EQUAL(code_of([&] { db.with_id("a"); }), "invalid_state");
  CAF_CHECK_EQUAL(code_of([&] { db.health(); }), "invalid_state");
  db.shutdown(); // a no-op: there is nothing to shut down
  CAF_CHECK_EQUAL(db2.fetch("SELECT x FROM t").size(), 3u);
}

CAF_TEST(what a raw connection left open holds no lock) {
  for (const bool stepped : {false, true})
    for (const bool read_only : {false, true}) {
      CAF_MESSAGE("stepped " << stepped << ", read-only " << read_only);
      const engine_folder folder;
      const auto file = (folder.path / "test.db").string();
      const auto other = (folder.path / "other.db").string();
      sqlite3_stmt* left = nullptr;
      sqlite3_stmt* attached = nullptr;
      {
        db_engine db(made_with_rows(folder));
        plain_sqlite(other).script("PRAGMA journal_mode=WAL; CREATE TABLE o (x);"
                                   "INSERT INTO o VALUES (1)");
        {
          const auto raw = db.raw_connection(read_only);
          auto* h = raw.native_handle();
          const auto attach = "ATTACH '" + other + "' AS other";
          CAF_CHECK_EQUAL(sqlite3_exec(h, attach.c_str(), nullptr, nullptr, nullptr), 0);
          sqlite3_prepare_v2(h, "SELECT x FROM t", -1, &left, nullptr);
          sqlite3_prepare_v2(h, "SELECT x FROM other.o", -1, &attached, nullptr);
          if (stepped) {
            CAF_CHECK_EQUAL(sqlite3_step(left), SQLITE_ROW);
            CAF_CHECK_EQUAL(sqlite3_step(attached), SQLITE_ROW);
            if (!read_only) {
              sqlite3_exec(h, "BEGIN", nullptr, nullptr, nullptr);
              sqlite3_exec(h, "DELETE FROM t", nullptr, nullptr, nullptr);
            }
          }
        }
        // The end of the scope releases everything: no reader's snapshot and no write is left.
        CAF_CHECK_EQUAL(db.fetch("SELECT x FROM t").size(), 3u);
        db.execute("INSERT INTO t VALUES (4)");
        CAF_CHECK(db.checkpoint(checkpoint_mode::truncate).complete);
        plain_sqlite(other).script("PRAGMA journal_mode=DELETE; INSERT INTO o VALUES (2)");
        CAF_CHECK_EQUAL(sqlite3_step(left), SQLITE_ERROR); // a later step takes no lock
        CAF_CHECK_EQUAL(sqlite3_step(attached), SQLITE_ERROR);
        db.execute("INSERT INTO t VALUES (5)");
      }
      CAF_CHECK(!std::filesystem::exists(file + "-wal"));
      CAF_CHECK(!std::filesystem::exists(file + "-shm"));
      CAF_CHECK(!std::filesystem::exists(other + "-wal"));
      plain_sqlite after(file);
      CAF_CHECK_EQUAL(sqlite3_exec(after.handle(),
                                   "PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE; COMMIT", nullptr,
                                   nullptr, nullptr),
                      SQLITE_OK);
      CAF_CHECK_EQUAL(sqlite3_step(left), SQLITE_ERROR);
      sqlite3_finalize(left); // a host may finalise it this late
      sqlite3_finalize(attached);
    }
}

CAF_TEST(nothing waits for handles that run nothing) {
  const engine_folder folder;
  const auto url = made_with_rows(folder);
  const auto opens_at_once = [&] {
    CAF_CHECK_EQUAL(code_of([&] { db_engine(url).execute("INSERT INTO t VALUES (9)"); }), "none");
  };
  {
    db_engine db(url);
    std::vector<cursor> many;
    for (int i = 0; i < 4; ++i)
      many.push_back(db.cursor("SELECT x FROM t WHERE x > ?", params::of(0), 1));
    many[0].next();
    CAF_CHECK(time_of_shutdown(db) < at_once);
    for (auto& c : many)
      CAF_CHECK_EQUAL(code_of([&] { c.next(); }), "shut_down");
    opens_at_once();
    many.erase(many.begin());
    CAF_CHECK_EQUAL(code_of([&] { many[0].next(); }), "shut_down");
  }
  {
    db_engine db(url);
    db.read([&](snapshot& s) {
      s.fetch("SELECT 1");
      CAF_CHECK(time_of_shutdown(db) < at_once);
      CAF_CHECK_EQUAL(code_of([&] { s.fetch("SELECT 1"); }), "shut_down");
      opens_at_once();
    });
  }
  for (const bool read_only : {false, true}) {
    db_engine db(url);
    {
      const auto raw = db.raw_connection(read_only);
      CAF_CHECK(time_of_shutdown(db) < at_once);
      CAF_CHECK_EQUAL(code_of([&] { raw.fetch("SELECT 1"); }), "shut_down");
      // The raw connection lives to the end of its scope, because the native handle may be in use.
      CAF_CHECK_EQUAL(
          sqlite3_exec(raw.native_handle(), "SELECT x FROM t", nullptr, nullptr, nullptr), 0);
    }
    opens_at_once();
  }
  {
    db_engine db(url); // a shutdown in a write: its insert is committed
    db.write([&](transaction& tx) {
      tx.execute("INSERT INTO t VALUES (10)");
      CAF_CHECK(time_of_shutdown(db) < at_once);
      CAF_CHECK_EQUAL(code_of([&] { tx.fetch("SELECT 1"); }), "shut_down");
    });
  }
  CAF_CHECK_EQUAL(db_engine(url).fetch("SELECT x FROM t WHERE x = 10").size(), 1u);
}

CAF_TEST(a handle that is used while the engine shuts down gets rows or the word) {
  const engine_folder folder;
  const auto url = made_with_rows(folder);
  int interrupted = 0;
  int steps = 0;
  for (int round = 0; round < 30; ++round) {
    db_engine db(url);
    std::atomic<int> ready{0};
    std::vector<std::string> codes(3);
    const auto until_refused = [&](std::string& code, auto&& step) {
      ++ready;
      while ((code = code_of(step)) == "none") {
      }
    };
    std::thread by_cursor([&] {
      auto c = db.cursor("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
                         " SELECT i FROM n",
                         params{}, 2);
      until_refused(codes[0], [&] {
        c.next();
        ++steps;
      });
    });
    std::thread by_snapshot([&] {
      db.read([&](snapshot& s) {
        until_refused(codes[1], [&] { s.fetch("SELECT count(*) FROM t"); });
      });
    });
    std::thread by_raw([&] {
      const auto raw = db.raw_connection();
      until_refused(codes[2], [&] { raw.fetch("SELECT count(*) FROM t"); });
    });
    while (ready < 3)
      std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(37 * round));
    CAF_CHECK(time_of_shutdown(db) < at_once);
    by_cursor.join();
    by_snapshot.join();
    by_raw.join();
    for (const auto& code : codes) {
      CAF_CHECK_EQUAL(code, "shut_down");
      interrupted += code == "shut_down";
    }
  }
  CAF_MESSAGE(interrupted << " handles were refused after " << steps << " steps of cursors");
}
