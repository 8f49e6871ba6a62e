// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a database or WAL that is removed, replaced or truncated under the running engine: the
// engine detects it before the next write is answered, and accepts no write after that.

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <fstream>
#include <functional>
#include <sqlite3.h>
#include <thread>
#include <unistd.h>

#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

struct mishap {
  const char* name;
  const char* seen; // in the error's text
  std::function<void(const fs::path& database, const fs::path& wal)> happen;
};

void replace_by_copy(const fs::path& p) {
  auto copy = p;
  copy += ".copy";
  fs::copy_file(p, copy);
  fs::rename(copy, p);
}

const std::vector<mishap> mishaps{
    {"the database is deleted", "moved or deleted",
     [](const auto& d, const auto&) { fs::remove(d); }},
    {"the database is moved", "moved or deleted",
     [](const auto& d, const auto&) { fs::rename(d, d.string() + ".moved"); }},
    {"the database is replaced", "database file was replaced",
     [](const auto& d, const auto&) { replace_by_copy(d); }},
    {"the database is cut short", "cut short",
     [](const auto& d, const auto&) { fs::resize_file(d, 4096); }},
    {"the WAL is deleted", "write-ahead log was deleted",
     [](const auto&, const auto& w) { fs::remove(w); }},
    {"the WAL is replaced", "write-ahead log was replaced",
     [](const auto&, const auto& w) { replace_by_copy(w); }},
    {"the WAL is cut short", "cut short",
     [](const auto&, const auto& w) { fs::resize_file(w, 32); }}};

void fill(db_engine& db) {
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b)");
  db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) "
             "INSERT INTO t SELECT i, randomblob(1000) FROM n");
  db.checkpoint(); // so that the database file has its pages
  db.execute("INSERT INTO t VALUES (1000, x'00')");
}

} // namespace

CAF_TEST(a file that is taken away is seen before the next answer) {
  for (const auto& m : mishaps) {
    CAF_MESSAGE(m.name);
    engine_folder folder;
    db_engine db(folder.url());
    fill(db);
    const auto path = folder.path / "test.db";
    m.happen(path, path.string() + "-wal");
    // Before a write, the files are checked if the last check is old enough.
    const auto a_while = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (std::chrono::steady_clock::now() < a_while)
      std::this_thread::yield();
    const auto e = failure_of([&] { db.execute("INSERT INTO t VALUES (1001, x'00')"); });
    CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
    CAF_CHECK(e.outcome == outcome::not_run);
    CAF_CHECK(e.message.find(m.seen) != std::string::npos);
    // From now on no request of any kind writes, and the error's outcome is `not_run`.
    for (const auto& f : std::vector<std::function<void()>>{
             [&] { db.execute("INSERT INTO t VALUES (1002, x'00')"); },
             [&] {
               db.execute_many("INSERT INTO t VALUES (?, ?)",
                               std::vector<params>{params{1003, 1}, params{1004, 1}});
             },
             [&] { db.write([](transaction& tx) { tx.execute("DELETE FROM t"); }); },
             [&] { db.execute_script("DELETE FROM t"); }}) {
      const auto later = failure_of(f);
      CAF_CHECK_EQUAL(to_string(later.code), to_string(errc::fenced));
      CAF_CHECK(later.outcome == outcome::not_run);
    }
    const auto h = db.health();
    CAF_CHECK(!h.ok);
    CAF_CHECK(h.fenced.find(m.seen) != std::string::npos);
    db.shutdown();
  }
}

CAF_TEST(a file that goes while a transaction runs is seen before its answer) {
  engine_folder folder;
  db_engine db(folder.url());
  fill(db);
  const auto e = failure_of([&] {
    db.write([&](transaction& tx) {
      tx.execute("DELETE FROM t");
      fs::remove(folder.path / "test.db");
    });
  });
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
  CAF_CHECK(e.outcome == outcome::unknown); // it is committed, in a file that has no name any more
}

CAF_TEST(what SQLite itself does to its files is no mishap) { // negative control of the tests above
  engine_folder folder;
  db_engine db(folder.url());
  fill(db);
  for (int round = 0; round < 3; ++round) {
    db.execute("DELETE FROM t WHERE id % 3 = ?", round); // smaller
    db.vacuum();
    db.checkpoint(); // truncates the file and the WAL
    db.execute("INSERT INTO t (b) VALUES (randomblob(5000))");
    db.checkpoint(checkpoint_mode::restart);
    db.execute("INSERT INTO t (b) VALUES (randomblob(5000))");
    // Another program's connection checkpoints and truncates, too.
    sqlite3* other = nullptr;
    CAF_REQUIRE_EQUAL(sqlite3_open((folder.path / "test.db").c_str(), &other), SQLITE_OK);
    CAF_CHECK_EQUAL(
        sqlite3_exec(other,
                     "DELETE FROM t WHERE id % 7 = 1; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
                     nullptr, nullptr, nullptr),
        SQLITE_OK);
    sqlite3_close(other);
    db.execute("INSERT INTO t (b) VALUES (randomblob(5000))");
  }
  CAF_CHECK(db.health().fenced.empty());
  CAF_CHECK(db.integrity_check().empty());
}
