// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The memory VFS as users of SQLite see it: a memory database that behaves like a file.
// memory_file.cpp tests the level below.

#include "vfs/memory_vfs.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

namespace {

using namespace dbengine::vfs;

constexpr int read_write = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
constexpr int create = read_write | SQLITE_OPEN_CREATE;
constexpr int read_only = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;

/// A connection whose answers are text, including errors, so that one comparison covers everything.
class session {
public:
  session(const std::string& name, int flags,
          const char* vfs = dbengine::vfs::register_memory_vfs()) {
    status_ = sqlite3_open_v2(name.c_str(), &db_, flags, vfs);
  }

  session(const session&) = delete;
  session& operator=(const session&) = delete;

  ~session() { sqlite3_close(db_); }

  int status() const { return status_; }
  sqlite3* get() const { return db_; }

  /// Runs one statement. Columns are separated by `|`, rows by `;`.
  std::string operator()(const std::string& sql) {
    sqlite3_stmt* stmt = nullptr;
    std::string result;
    int rc = sqlite3_prepare_v2(db_, sql.c_str(), -1, &stmt, nullptr);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
      rc = sqlite3_step(stmt);
      if (rc != SQLITE_ROW)
        break;
      if (!result.empty())
        result += ';';
      for (int i = 0; i < sqlite3_column_count(stmt); ++i) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt, i));
        result += (i > 0 ? "|" : "");
        result += text != nullptr ? text : "null";
      }
    }
    if (rc != SQLITE_DONE)
      result =
          "error " + std::to_string(sqlite3_extended_errcode(db_)) + ": " + sqlite3_errmsg(db_);
    sqlite3_finalize(stmt);
    return result;
  }

  /// The length of the WAL file, in bytes.
  std::int64_t wal_size() {
    sqlite3_file* wal = nullptr;
    sqlite3_int64 size = -1;
    sqlite3_file_control(db_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    if (wal != nullptr && wal->pMethods != nullptr)
      wal->pMethods->xFileSize(wal, &size);
    return size;
  }

private:
  sqlite3* db_ = nullptr;
  int status_ = SQLITE_OK;
};

/// Writes in a transaction that spills its cache and rolls back; the content must not change.
void check_rollback(const char* journal_mode) {
  session db(dbengine::vfs::unique_memory_name(), create);
  CAF_CHECK_EQUAL(db(std::string("PRAGMA journal_mode=") + journal_mode), journal_mode);
  db("PRAGMA cache_size=10");
  db("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
  db("CREATE INDEX i ON t (v)");
  db("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000) "
     "INSERT INTO t SELECT x, printf('%0500d', x * 7919 % 3001) FROM n");
  const std::string digest = "SELECT count(*), sum(id), sum(length(v)), min(v), max(v) FROM t";
  const auto before = db(digest);
  const auto pages = db("PRAGMA page_count");
  CAF_CHECK_EQUAL(db("BEGIN"), "");
  CAF_CHECK_EQUAL(db("UPDATE t SET v = v || 'changed', id = -id"), "");
  CAF_CHECK_EQUAL(db("INSERT INTO t SELECT id + 100000, v FROM t"), "");
  CAF_CHECK_EQUAL(db("DELETE FROM t WHERE id % 3 = 0"), "");
  CAF_CHECK_NOT_EQUAL(db(digest), before);
  CAF_CHECK_EQUAL(db("ROLLBACK"), "");
  CAF_CHECK_EQUAL(db(digest), before);
  CAF_CHECK_EQUAL(db("PRAGMA page_count"), pages);
  CAF_CHECK_EQUAL(db("PRAGMA integrity_check"), "ok");
}

} // namespace

CAF_TEST(a memory database can have a log) {
  session db(dbengine::vfs::unique_memory_name(), create);
  CAF_CHECK_EQUAL(db.status(), SQLITE_OK);
  CAF_CHECK_EQUAL(db("PRAGMA journal_mode=wal"), "wal");
  CAF_CHECK_EQUAL(db("CREATE TABLE t (x)"), "");
  CAF_CHECK_EQUAL(db("PRAGMA journal_mode"), "wal");
  CAF_CHECK(db.wal_size() > 4096);
  char* vfs = nullptr;
  sqlite3_file_control(db.get(), "main", SQLITE_FCNTL_VFSNAME, &vfs);
  CAF_CHECK_EQUAL(std::string(vfs != nullptr ? vfs : ""), "dbengine-memory");
  sqlite3_free(vfs);
  CAF_CHECK_NOT_EQUAL(std::string(sqlite3_vfs_find(nullptr)->zName), "dbengine-memory");
  // The control: SQLite's own memory databases have no log.
  session plain(":memory:", create, nullptr);
  CAF_CHECK_EQUAL(plain("PRAGMA journal_mode=wal"), "memory");
}

// writer                 early reader            late reader
// INSERT 1
//                        BEGIN, sees 1
// INSERT 2 (not blocked)
//                        sees 1                  sees 1, 2
// INSERT 3 (open)
//                        sees 1                  sees 1, 2
// COMMIT
//                        COMMIT, sees 1, 2, 3
CAF_TEST(a reader keeps its snapshot and blocks no other connection) {
  const auto name = dbengine::vfs::unique_memory_name();
  session writer(name, create);
  writer("PRAGMA journal_mode=wal");
  writer("CREATE TABLE t (x)");
  session early(name, read_only);
  session late(name, read_only);
  const std::string all = "SELECT group_concat(x) FROM (SELECT x FROM t ORDER BY x)";
  CAF_CHECK_EQUAL(writer("INSERT INTO t VALUES (1)"), "");
  CAF_CHECK_EQUAL(early("BEGIN"), "");
  CAF_CHECK_EQUAL(early(all), "1");
  CAF_CHECK_EQUAL(writer("INSERT INTO t VALUES (2)"), "");
  CAF_CHECK_EQUAL(early(all), "1");
  CAF_CHECK_EQUAL(late(all), "1,2");
  CAF_CHECK_EQUAL(writer("BEGIN IMMEDIATE"), "");
  CAF_CHECK_EQUAL(writer("INSERT INTO t VALUES (3)"), "");
  CAF_CHECK_EQUAL(early(all), "1");
  CAF_CHECK_EQUAL(late(all), "1,2");
  session second(name, read_write);
  CAF_CHECK_EQUAL(second("BEGIN IMMEDIATE"), "error 5: database is locked");
  CAF_CHECK_EQUAL(writer("COMMIT"), "");
  CAF_CHECK_EQUAL(early("COMMIT"), "");
  CAF_CHECK_EQUAL(early(all), "1,2,3");
  CAF_CHECK_EQUAL(second("BEGIN IMMEDIATE"), "");
  CAF_CHECK_EQUAL(early("INSERT INTO t VALUES (4)"),
                  "error 8: attempt to write a readonly database");
}

CAF_TEST(without a log readers and the writer exclude each other as on disk) {
  const auto name = dbengine::vfs::unique_memory_name();
  session one(name, create);
  session two(name, create);
  CAF_CHECK_EQUAL(one("PRAGMA journal_mode"), "delete");
  one("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(one("BEGIN IMMEDIATE"), "");
  CAF_CHECK_EQUAL(two("BEGIN IMMEDIATE"), "error 5: database is locked");
  CAF_CHECK_EQUAL(two("BEGIN"), "");
  CAF_CHECK_EQUAL(two("SELECT count(*) FROM t"), "0");
  CAF_CHECK_EQUAL(one("INSERT INTO t VALUES (1)"), "");
  CAF_CHECK_EQUAL(one("COMMIT"), "error 5: database is locked"); // PENDING from here
  session three(name, read_only);
  CAF_CHECK_EQUAL(three("SELECT count(*) FROM t"), "error 5: database is locked");
  CAF_CHECK_EQUAL(two("COMMIT"), "");
  CAF_CHECK_EQUAL(one("COMMIT"), "");
  CAF_CHECK_EQUAL(three("SELECT count(*) FROM t"), "1");
}

CAF_TEST(four readers and a writer see constant sums) {
  // Each write moves an amount from one table to the other, so that their sum is the same in every
  // snapshot.
  constexpr int operations = 20'000;
  const auto name = dbengine::vfs::unique_memory_name();
  session writer(name, create);
  // A reader that finds the log's header half-written briefly acquires the write lock to read it
  // again; that happens on files, too.
  sqlite3_busy_timeout(writer.get(), 60'000);
  writer("PRAGMA journal_mode=wal");
  writer("PRAGMA synchronous=normal");
  writer("CREATE TABLE a (id INTEGER PRIMARY KEY, v INTEGER)");
  writer("CREATE TABLE b (id INTEGER PRIMARY KEY, v INTEGER, pad TEXT)");
  writer("WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < 99) "
         "INSERT INTO a SELECT x, 1000 FROM n");
  writer("INSERT INTO b SELECT id, v, printf('%0300d', id) FROM a");
  std::atomic<bool> done = false;
  std::vector<std::string> wrong(5);
  std::vector<int> reads(4);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < 4; ++i)
    threads.emplace_back([&, i] {
      auto reader = std::make_unique<session>(name, read_only);
      do {
        if (i % 2 == 0) // opening reads the header without a lock
          reader = std::make_unique<session>(name, read_only);
        auto sum = (*reader)("SELECT (SELECT sum(v) FROM a) + (SELECT sum(v) FROM b)");
        if (sum != "200000" && wrong[i].empty())
          wrong[i] = sum;
        ++reads[i];
      } while (!done);
    });
  std::mt19937 random(7);
  for (int i = 0; i < operations && wrong[4].empty(); ++i) {
    const auto from = std::to_string(random() % 100);
    const auto to = std::to_string(random() % 100);
    for (const auto& sql :
         {std::string("BEGIN IMMEDIATE"), "UPDATE a SET v = v - 1 WHERE id = " + from,
          "UPDATE b SET v = v + 1 WHERE id = " + to, std::string("COMMIT")})
      if (auto answer = writer(sql); !answer.empty())
        wrong[4] = answer;
  }
  done = true;
  for (auto& t : threads)
    t.join();
  for (const auto& w : wrong)
    CAF_CHECK_EQUAL(w, "");
  for (int n : reads)
    CAF_CHECK(n > 0);
  CAF_CHECK_EQUAL(writer("SELECT sum(v) FROM a"), std::to_string(100'000 - operations));
  CAF_CHECK_EQUAL(writer("PRAGMA integrity_check"), "ok");
}

CAF_TEST(a checkpoint empties the log unless a snapshot needs it) {
  const auto name = dbengine::vfs::unique_memory_name();
  session writer(name, create);
  session reader(name, read_only);
  writer("PRAGMA journal_mode=wal");
  writer("PRAGMA wal_autocheckpoint=0");
  writer("CREATE TABLE t (x)");
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(writer("INSERT INTO t VALUES (zeroblob(5000))"), "");
  const auto grown = writer.wal_size();
  CAF_CHECK(grown > 500'000);
  CAF_CHECK_EQUAL(reader("BEGIN"), "");
  CAF_CHECK_EQUAL(reader("SELECT count(*) FROM t"), "100");
  CAF_CHECK_EQUAL(writer("INSERT INTO t VALUES (1)"), "");
  auto partial = writer("PRAGMA wal_checkpoint(PASSIVE)");
  CAF_CHECK(partial.starts_with("0|"));
  CAF_CHECK_NOT_EQUAL(partial.substr(2, partial.rfind('|') - 2),
                      partial.substr(partial.rfind('|') + 1));
  CAF_CHECK(writer("PRAGMA wal_checkpoint(TRUNCATE)").starts_with("1|"));
  CAF_CHECK(writer.wal_size() >= grown);
  CAF_CHECK_EQUAL(reader("SELECT count(*) FROM t"), "100");
  CAF_CHECK_EQUAL(reader("COMMIT"), "");
  const auto bytes = dbengine::vfs::memory_vfs_bytes();
  CAF_CHECK_EQUAL(writer("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0");
  CAF_CHECK_EQUAL(writer.wal_size(), 0);
  CAF_CHECK(memory_vfs_bytes() < bytes);
  CAF_CHECK_EQUAL(reader("SELECT count(*) FROM t"), "101");
  CAF_CHECK_EQUAL(reader("PRAGMA integrity_check"), "ok");
}

CAF_TEST(a transaction larger than the page cache rolls back exactly) {
  check_rollback("wal");
  check_rollback("delete");
  check_rollback("truncate");
  check_rollback("persist");
}

CAF_TEST(a database of two hundred megabytes grows and shrinks) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  {
    session db(dbengine::vfs::unique_memory_name(), create);
    db("PRAGMA journal_mode=wal");
    db("CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB)");
    for (int i = 0; i < 200; ++i)
      CAF_REQUIRE_EQUAL(db("INSERT INTO t VALUES (null, zeroblob(1048576))"), "");
    CAF_CHECK(memory_vfs_bytes() - idle > 200'000'000);
    CAF_CHECK_EQUAL(db("SELECT count(*), sum(length(v)) FROM t"), "200|209715200");
    CAF_CHECK_EQUAL(db("DELETE FROM t WHERE id > 1"), "");
    CAF_CHECK_EQUAL(db("VACUUM"), "");
    CAF_CHECK_EQUAL(db("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0");
    CAF_CHECK(memory_vfs_bytes() - idle < 2'000'000);
    CAF_CHECK_EQUAL(db("SELECT count(*), sum(length(v)) FROM t"), "1|1048576");
    CAF_CHECK_EQUAL(db("PRAGMA integrity_check"), "ok");
  }
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
}

CAF_TEST(temporary files live in memory and are freed) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  {
    session db(dbengine::vfs::unique_memory_name(), create);
    db("PRAGMA temp_store=file");
    db("PRAGMA cache_size=10");
    db("PRAGMA temp.cache_size=10");
    const std::string series =
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50000) ";
    CAF_CHECK_EQUAL(db("CREATE TEMP TABLE s AS " + series +
                       "SELECT x, printf('%0100d', x * 7919 % 50021) AS v FROM n"),
                    "");
    CAF_CHECK(memory_vfs_bytes() - idle > 1'000'000);
    CAF_CHECK_EQUAL(
        db("SELECT count(*), count(DISTINCT v), (SELECT x FROM s ORDER BY v, x LIMIT 1) "
           "FROM (SELECT * FROM s ORDER BY v DESC)"),
        "50000|50000|" + db("SELECT x FROM s WHERE v = (SELECT min(v) FROM s)"));
  }
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
}

CAF_TEST(a database vanishes with its last connection) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  const auto name = dbengine::vfs::unique_memory_name();
  {
    session one(name, create);
    one("PRAGMA journal_mode=wal");
    one("CREATE TABLE t (x)");
    session two(name, read_only);
    CAF_CHECK_EQUAL(two("SELECT count(*) FROM t"), "0");
  }
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
  CAF_CHECK_EQUAL(session(name, read_write).status(), SQLITE_CANTOPEN);
  {
    session again(name, create);
    CAF_CHECK_EQUAL(again("SELECT count(*) FROM sqlite_schema"), "0");
  }
  // A log without a checkpoint and a persistent journal are freed, too.
  for (const char* mode : {"wal", "persist"}) {
    session lazy(name, create);
    sqlite3_db_config(lazy.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    CAF_CHECK_EQUAL(lazy(std::string("PRAGMA journal_mode=") + mode), mode);
    CAF_CHECK_EQUAL(lazy("CREATE TABLE t (x)"), "");
    CAF_CHECK(memory_vfs_bytes() > idle);
  }
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
}

CAF_TEST(a held database outlives its connections with its log) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  const auto name = dbengine::vfs::unique_memory_name();
  auto hold = dbengine::vfs::hold_memory_database(name);
  for (int i = 0; i < 3; ++i) {
    session db(name, create);
    sqlite3_db_config(db.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, i % 2 == 0, nullptr);
    db("PRAGMA journal_mode=wal");
    db("CREATE TABLE IF NOT EXISTS t (x)");
    CAF_CHECK_EQUAL(db("INSERT INTO t VALUES (1)"), "");
    CAF_CHECK_EQUAL(db("SELECT count(*) FROM t"), std::to_string(i + 1));
  }
  hold.reset();
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
  CAF_CHECK_EQUAL(session(name, read_write).status(), SQLITE_CANTOPEN);
}

CAF_TEST(a transaction over two memory databases is atomic and leaves nothing) {
  const auto idle = dbengine::vfs::memory_vfs_bytes();
  {
    session db(dbengine::vfs::unique_memory_name(), create);
    const auto other = dbengine::vfs::unique_memory_name();
    CAF_CHECK_EQUAL(db("ATTACH '" + other + "' AS other"), "");
    db("CREATE TABLE main.t (x)");
    db("CREATE TABLE other.t (x)");
    for (const char* end : {"COMMIT", "ROLLBACK"}) {
      CAF_CHECK_EQUAL(db("BEGIN"), "");
      CAF_CHECK_EQUAL(db("INSERT INTO main.t VALUES (1)"), "");
      CAF_CHECK_EQUAL(db("INSERT INTO other.t VALUES (2)"), "");
      CAF_CHECK_EQUAL(db(end), "");
    }
    CAF_CHECK_EQUAL(db("SELECT x FROM main.t UNION ALL SELECT x FROM other.t"), "1;2");
    session beside(other, read_only);
    CAF_CHECK_EQUAL(beside("SELECT x FROM t"), "2");
  }
  CAF_CHECK_EQUAL(memory_vfs_bytes(), idle);
}
