// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of opening a file that another program has open or left in the middle of a transaction.
// Also tests which files a read leaves.
//
//   other program             opening
//   BEGIN IMMEDIATE   ----->  waits for busy_timeout and no longer
//   killed in a transaction   the file is as before the transaction, for readers, too

#include "support/engine/engine_fixture.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <sqlite3.h>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using steady = std::chrono::steady_clock;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A child process that is killed in the middle of a transaction and leaves a journal to roll back.
void leave_hot_journal(const std::string& file) {
  plain_sqlite(file).script(
      "CREATE TABLE t (v); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT "
      "2000) INSERT INTO t SELECT 'old' || zeroblob(500) FROM c");
  const auto child = ::fork();
  if (child == 0) {
    plain_sqlite db(file);
    db.script("PRAGMA cache_size=5; BEGIN IMMEDIATE; UPDATE t SET v = 'new'");
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& e : fs::directory_iterator(folder))
    names.push_back(e.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& n : names)
    text += (text.empty() ? "" : " ") + n;
  return text;
}

const auto read_only = options{.read_only = true};

} // namespace

CAF_TEST(opening waits for a writer of a file in rollback mode) {
  for (const auto* begin : {"BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"}) {
    CAF_MESSAGE(begin);
    const engine_folder folder;
    plain_sqlite other((folder.path / "test.db").string());
    other.script("CREATE TABLE t (x)");
    other.script(std::string(begin) + "; INSERT INTO t VALUES (1)");
    std::jthread ends([&] {
      std::this_thread::sleep_for(300ms);
      other.script("COMMIT");
    });
    const auto start = steady::now();
    db_engine db(folder.url());
    CAF_CHECK(steady::now() - start >= 200ms);
    db.execute("INSERT INTO t VALUES (2)");
    CAF_CHECK(db.fetch_value<int>("SELECT sum(x) FROM t") == 3);
  }
}

CAF_TEST(opening waits no longer than busy_timeout) {
  const engine_folder folder;
  plain_sqlite other((folder.path / "test.db").string());
  other.script("CREATE TABLE t (x)");
  for (const auto* begin : {"BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"})
    for (const auto wait : {0ms, 400ms}) {
      CAF_MESSAGE(begin << ", " << wait.count() << " ms");
      other.script(begin);
      const auto start = steady::now();
      CAF_CHECK_EQUAL(code_of([&] { db_engine db(folder.url(), {.busy_timeout = wait}); }), "busy");
      const auto took = steady::now() - start;
      CAF_CHECK(took >= wait);
      CAF_CHECK(took < 20s); // it has several waits: their sum is far below one busy_timeout each
      CAF_CHECK(!fs::exists(folder.path / "test.db.lock"));
      other.script("ROLLBACK");
    }
  other.script("INSERT INTO t VALUES (1)"); // and the file is unchanged
  db_engine db(folder.url());
  CAF_CHECK(db.fetch_value<int>("SELECT x FROM t") == 1);
}

CAF_TEST(reading opens a file whose writer was killed in a transaction) {
  const engine_folder folder;
  leave_hot_journal((folder.path / "test.db").string());
  CAF_REQUIRE(fs::file_size(folder.path / "test.db-journal") > 0);
  // The error of a read-only opening names the remedy.
  const auto e = failure_of(
      [&] { db_engine db("sqlite:///file:" + (folder.path / "test.db").string() + "?mode=ro"); });
  CAF_CHECK(e.code == errc::cannot_open);
  CAF_CHECK(has(e.message, "ended in the middle of a transaction"));
  CAF_CHECK(fs::exists(folder.path / "test.db-journal"));
  db_engine db(folder.url(), read_only);
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t WHERE v LIKE 'old%'") == 2'000);
  CAF_CHECK(db.integrity_check().empty());
  CAF_CHECK(!fs::exists(folder.path / "test.db-journal"));
}

CAF_TEST(a reader that may not write gets a remedy for a transaction that was not ended) {
  if (::geteuid() != 0) {
    DBENGINE_SKIP("needs root to become somebody who may not write");
    return;
  }
  const engine_folder folder;
  leave_hot_journal((folder.path / "test.db").string());
  fs::permissions(folder.path, fs::perms(0755));
  const auto child = ::fork();
  if (child == 0) {
    if (::setgid(65534) != 0 || ::setuid(65534) != 0)
      ::_exit(98);
    const auto e = failure_of([&] { db_engine db(folder.url(), read_only); });
    ::_exit(e.code == errc::cannot_open && has(e.message, "rolls that transaction back") ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CAF_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  CAF_CHECK(fs::exists(folder.path / "test.db-journal"));
}

CAF_TEST(reading a file that was closed in WAL mode leaves nothing beside it) {
  const engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  CAF_REQUIRE_EQUAL(joined(names_in(folder.path)), "test.db");
  {
    db_engine one(folder.url(), read_only);
    db_engine two(folder.url(), read_only);
    CAF_CHECK(one.fetch_value<int>("SELECT count(*) FROM t") == 0);
    CAF_CHECK(two.fetch_value<int>("SELECT count(*) FROM t") == 0);
    one.shutdown(); // the other engine still reads
    CAF_CHECK(fs::exists(folder.path / "test.db-shm"));
    CAF_CHECK(two.fetch_value<int>("SELECT count(*) FROM t") == 0);
  }
  CAF_CHECK_EQUAL(joined(names_in(folder.path)), "test.db");
}

CAF_TEST(reading leaves the log of others alone) {
  const engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  {
    plain_sqlite idle((folder.path / "test.db").string());
    idle.script("SELECT * FROM t"); // its log is empty, and open
    CAF_CHECK(db_engine(folder.url(), read_only).fetch_value<int>("SELECT count(*) FROM t") == 0);
    CAF_CHECK(fs::exists(folder.path / "test.db-wal"));
    idle.script("INSERT INTO t VALUES (1)");
    CAF_CHECK(db_engine(folder.url(), read_only).fetch_value<int>("SELECT count(*) FROM t") == 1);
    CAF_CHECK(fs::file_size(folder.path / "test.db-wal") > 0);
    idle.script("INSERT INTO t VALUES (2)");
  }
  CAF_CHECK(db_engine(folder.url()).fetch_value<int>("SELECT sum(x) FROM t") == 3);
}

CAF_TEST(a reader that ends while others open and write takes nothing from them) {
  const engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  constexpr int rounds = 60;
  std::jthread reads([&] {
    for (int i = 0; i < 4 * rounds; ++i)
      db_engine(folder.url(), read_only).fetch_value<int>("SELECT count(*) FROM t");
  });
  for (int i = 0; i < rounds; ++i) {
    plain_sqlite other((folder.path / "test.db").string());
    sqlite3_busy_timeout(other.handle(), 30'000);
    other.script("INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)");
  }
  reads.join();
  db_engine db(folder.url());
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 2 * rounds);
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST(a cache that SQLite cannot count is refused and all else is reported as it is) {
  const engine_folder folder;
  constexpr std::size_t most = std::size_t{2'147'483'647} * 1024;
  for (const auto bytes : {most + 1024, std::size_t{1} << 43, ~std::size_t{0}}) {
    const auto e = failure_of([&] { db_engine db(folder.url(), {.cache_size = bytes}); });
    CAF_CHECK(e.code == errc::invalid_option && has(e.message, "cache_size"));
  }
  const std::pair<std::size_t, std::uint64_t> caches[] = {
      {0, 1024}, {1500, 1024}, {std::size_t{3} << 20, 3 << 20}, {most, most}};
  for (const auto& [asked, told] : caches)
    CAF_CHECK_EQUAL(db_engine(folder.url(), {.cache_size = asked}).database_info().cache_bytes,
                    told);
  // A size beyond what SQLite can map is lowered to SQLite's limit.
  for (const auto bytes : {std::size_t{1} << 40, ~std::size_t{0}}) {
    db_engine db(folder.url(), {.mmap_size = bytes});
    CAF_CHECK_EQUAL(
        db.database_info().mmap_bytes,
        static_cast<std::uint64_t>(
            db.raw_connection(true).fetch_value<std::int64_t>("PRAGMA mmap_size").value_or(0)));
    CAF_CHECK(db.database_info().mmap_bytes < std::uint64_t{4} << 30);
  }
}
