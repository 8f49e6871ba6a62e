// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of situations that look like a truncated or removed file, but are none: an engine that
// mistook one would stay fenced.

#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/faults/failing_calls.hpp"
#include "support/faults/fault_script.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sqlite3.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

// SQLite's own VFS with a latch before writes to a database beyond its first pages: a checkpoint
// stops there half way, as that of a large file does for seconds.
struct held_writes {
  struct file {
    sqlite3_file base;
  };
  static inline blocking_point* latch = nullptr;
  static inline sqlite3_io_methods methods{};
  static inline const sqlite3_io_methods* real = nullptr;

  static int write(sqlite3_file* f, const void* bytes, int size, sqlite3_int64 at) {
    if (latch != nullptr && at >= 40'960)
      latch->wait();
    return real->xWrite(f, bytes, size, at);
  }

  // Replaces the methods of a connection's database file, which SQLite shares among all files.
  static void put_before(sqlite3* db) {
    sqlite3_file* f = nullptr;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
    real = f->pMethods;
    methods = *real;
    methods.xWrite = &write;
    f->pMethods = &methods;
  }
};

void run(sqlite3* db, const char* sql) {
  char* message = nullptr;
  if (sqlite3_exec(db, sql, nullptr, nullptr, &message) != SQLITE_OK)
    CAF_FAIL(sql << ": " << message);
}

void fill(db_engine& db) {
  db.execute("CREATE TABLE t (x)");
  db.execute("CREATE TABLE u (x)");
  db.execute("INSERT INTO u VALUES (1)");
  db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300) "
             "INSERT INTO t SELECT randomblob(4000) FROM c");
  db.checkpoint();
}

bool serves(db_engine& db) {
  return db.fetch("SELECT x FROM u WHERE x = 1").size() == 1 && db.health().fenced.empty();
}

void let_ticks_pass() {
  std::this_thread::sleep_for(std::chrono::milliseconds(12)); // of the clock that checks use
}

// engine                 another program
// 300 pages; reads
//                        DELETE, VACUUM, checkpoint: 4 pages
//                        INSERT: 300 pages, in the WAL
//                        checkpoint: the header, which states 300 pages, and more; it stops
// reads and writes, repeatedly
//                        the other pages
// reads and writes
//
// Returns the text of the first error on the way.
std::string shrink_and_grow(bool mapped) {
  const engine_folder folder;
  options o;
  if (!mapped)
    o.mmap_size = 0;
  o.cache_size = 64 * 1024;
  db_engine db(folder.url(), o);
  fill(db);
  sqlite3* other = nullptr;
  CAF_REQUIRE_EQUAL(sqlite3_open((folder.path / "test.db").c_str(), &other), SQLITE_OK);
  sqlite3_busy_timeout(other, 10'000);
  run(other, "PRAGMA wal_autocheckpoint=0; DELETE FROM t; VACUUM; "
             "PRAGMA wal_checkpoint(TRUNCATE)");
  CAF_CHECK(fs::file_size(folder.path / "test.db") < 40'960);
  run(other, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300) "
             "INSERT INTO t SELECT randomblob(4000) FROM c");
  blocking_point half_way;
  held_writes::put_before(other);
  held_writes::latch = &half_way;
  std::thread checkpoint([&] {
    sqlite3_wal_checkpoint_v2(other, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  });
  CAF_CHECK(half_way.await_one());
  std::string first;
  const auto note = [&first](const error_info& e) {
    if (first.empty() && e.code != errc::none)
      first = to_string(e);
  };
  const auto use = [&] {
    note(failure_of([&] { db.fetch("SELECT sum(length(x)) FROM t"); }));
    note(failure_of([&] { db.execute("UPDATE u SET x = x"); }));
  };
  for (int i = 0; i < 5; ++i) {
    use();
    let_ticks_pass();
  }
  half_way.open();
  checkpoint.join();
  held_writes::latch = nullptr;
  sqlite3_close(other);
  use();
  if (first.empty()) {
    CAF_CHECK(serves(db));
    CAF_CHECK(db.integrity_check().empty());
  }
  return first;
}

} // namespace

CAF_TEST(a database that another program shrinks and then makes grow is no cut one) {
  for (const bool mapped : {true, false})
    CAF_CHECK_EQUAL(shrink_and_grow(mapped), "");
}

#ifdef DBENGINE_FAULTS
CAF_TEST(an engine that believes the header alone is found out) { // its negative control
  base::fault::set_mutant("believes the first look");
  const auto first = shrink_and_grow(false);
  base::fault::set_mutant({});
  CAF_CHECK(first.find("the database file was cut short") != std::string::npos);
}
#endif

CAF_TEST(a rollback mode file that another program shrinks is no cut one) {
  const engine_folder folder;
  const auto file = (folder.path / "test.db").string();
  sqlite3* other = nullptr;
  CAF_REQUIRE_EQUAL(sqlite3_open(file.c_str(), &other), SQLITE_OK);
  run(other, "CREATE TABLE t (x); CREATE TABLE u (x); INSERT INTO u VALUES (1);"
             "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 300) "
             "INSERT INTO t SELECT randomblob(4000) FROM c");
  options o;
  o.read_only = true;
  o.mmap_size = 0;
  db_engine db(folder.url(), o);
  CAF_CHECK(serves(db));
  for (int i = 0; i < 3; ++i) {
    run(other, "DELETE FROM t; VACUUM");
    let_ticks_pass();
    CAF_CHECK(serves(db));
    run(other, "BEGIN; WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c "
               "WHERE n < 300) INSERT INTO t SELECT randomblob(4000) FROM c");
    let_ticks_pass();
    CAF_CHECK(serves(db)); // with the journal beside the file
    run(other, "COMMIT");
    let_ticks_pass();
    CAF_CHECK(serves(db));
  }
  // Negative control: truncation is detected.
  CAF_CHECK_EQUAL(::truncate(file.c_str(), 40'960), 0);
  let_ticks_pass();
  const auto e = failure_of([&] { db.fetch("SELECT sum(length(x)) FROM t"); });
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
  sqlite3_close(other);
}

CAF_TEST(a path that cannot be looked at fences nothing) {
  const auto r = in_child([] {
    const engine_folder folder;
    const auto inner = folder.path / "inner";
    fs::create_directory(inner);
    db_engine db("sqlite:///" + (inner / "test.db").string());
    fill(db);
    if (!serves(db))
      throw error(errc::internal, "it does not serve");
    drop_override_of_modes();
    ::chmod(inner.c_str(), 0); // EACCES for every path in it
    struct stat st {};
    const bool closed = ::stat((inner / "test.db").c_str(), &st) != 0 && errno == EACCES;
    for (int i = 0; i < 5; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2)); // makes the next check use paths
      db.execute("INSERT INTO u VALUES (?)", 10 + i);
      db.fetch("SELECT x FROM u");
    }
    ::chmod(inner.c_str(), 0700);
    db.execute("INSERT INTO u VALUES (3)");
    if (!closed || !serves(db) || db.fetch("SELECT x FROM u").size() != 7)
      throw error(errc::internal, "not what was written");
  });
  CAF_CHECK(!r.died);
  CAF_CHECK_EQUAL(to_string(r.code), to_string(errc::none));
  CAF_CHECK_EQUAL(r.message, "");
}

CAF_TEST(a name that is gone for a moment fences nothing) {
  const engine_folder folder;
  const auto file = folder.path / "test.db";
  db_engine db(folder.url());
  fill(db);
  auto away = file;
  away += ".away";
  using steady = std::chrono::steady_clock;
  int judged = 0;
  for (int i = 0; i < 2'000 && judged < 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto gone = steady::now();
    steady::time_point there;
    fs::rename(file, away);
    std::thread back([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      fs::rename(away, file);
      there = steady::now();
    });
    const auto e = failure_of([&] { db.execute("INSERT INTO u VALUES (2)"); });
    back.join();
    if (there - gone < std::chrono::milliseconds(5)) { // otherwise a busy machine made it longer
      ++judged;
      CAF_CHECK_EQUAL(to_string(e), to_string(error_info{}));
    }
  }
  CAF_CHECK_EQUAL(judged, 20);
  CAF_CHECK(eventually([&] { return serves(db); }));
}
