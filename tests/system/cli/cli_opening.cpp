// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the program on files that others have open or left in the middle of a transaction, and
// on paths that are no files.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using steady = std::chrono::steady_clock;

struct fixture {
  engine_folder folder;

  run_result in_folder(const std::string& line) const {
    return run_line(line, {.folder = folder.path});
  }
  std::string file(const char* name) const { return (folder.path / name).string(); }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_opening, fixture)

CAF_TEST(a command waits for another program for as long as its timeout says) {
  plain_sqlite other(file("o.db"));
  other.script("CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)");
  {
    std::jthread ends([&] {
      std::this_thread::sleep_for(1s);
      other.script("COMMIT");
    });
    const auto r = in_folder("query o.db 'INSERT INTO t VALUES (2)' --timeout 50s");
    CAF_CHECK_EQUAL(r.code, 0);
    CAF_CHECK_EQUAL(r.err.find("locked"), std::string::npos);
  }
}

CAF_TEST(a command gives up when its timeout is over) {
  plain_sqlite other(file("o.db"));
  other.script("CREATE TABLE t (a); BEGIN EXCLUSIVE");
  for (const auto* line :
       {"query o.db 'SELECT 1 FROM t' --timeout 1s",
        "query o.db 'INSERT INTO t VALUES (1)' --timeout 1s", "check o.db --timeout 1s"}) {
    CAF_MESSAGE(line);
    const auto start = steady::now();
    const auto r = in_folder(line);
    const auto took = steady::now() - start;
    CAF_CHECK_EQUAL(r.code, 5);
    CAF_CHECK(took >= 1s);
    CAF_CHECK(took < 25s); // not the 30 s of an engine without the option
  }
}

CAF_TEST(an interrupt ends the wait for another program) {
  plain_sqlite other(file("o.db"));
  other.script("CREATE TABLE t (a); BEGIN EXCLUSIVE");
  const auto start = steady::now();
  const auto r = run_line("query o.db 'SELECT 1 FROM t' --timeout 10m",
                          {.folder = folder.path, .signal = SIGINT, .ready = has_threads});
  CAF_CHECK_EQUAL(r.code, 130);
  CAF_CHECK(steady::now() - start < 60s);
}

CAF_TEST(a transaction of a program that was killed is undone by reading) {
  for (const auto* line : {"query h.db 'SELECT count(*) FROM t' -o csv", "check h.db", "stats h.db",
                           "dump h.db", "schema h.db", "backup now h.db --dir bh"}) {
    CAF_MESSAGE(line);
    fs::remove(file("h.db"));
    plain_sqlite(file("h.db"))
        .script("CREATE TABLE t (v); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM "
                "c LIMIT 2000) INSERT INTO t SELECT 'old' || zeroblob(500) FROM c");
    const auto child = ::fork();
    if (child == 0) {
      plain_sqlite db(file("h.db"));
      db.script("PRAGMA cache_size=5; BEGIN IMMEDIATE; UPDATE t SET v='new'");
      ::kill(::getpid(), SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    CAF_REQUIRE(fs::exists(file("h.db-journal")));
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(r.code, 0);
    CAF_CHECK_EQUAL(r.err.find("readonly"), std::string::npos);
  }
  CAF_CHECK_EQUAL(in_folder("query h.db 'SELECT count(*) FROM t' -o csv").out, "count(*)\n2000\n");
}

CAF_TEST(reading commands leave nothing beside a database) {
  CAF_REQUIRE_EQUAL(in_folder("script r.db -").code, 0);
  plain_sqlite(file("r.db")).script("PRAGMA journal_mode=wal; CREATE TABLE t (a)");
  for (const auto* line : {"query r.db 'SELECT * FROM t'", "check r.db", "stats r.db", "dump r.db",
                           "schema r.db", "export r.db -t t -"}) {
    CAF_MESSAGE(line);
    CAF_CHECK_EQUAL(in_folder(line).code, 0);
    for (const auto* left : {"r.db-wal", "r.db-shm", "r.db-journal", "r.db.lock"})
      CAF_CHECK(!fs::exists(file(left)));
  }
}

CAF_TEST(what is no file is no database) {
  CAF_REQUIRE(::mkfifo(file("x").c_str(), 0600) == 0);
  for (const auto* line :
       {"query x 'SELECT 1'", "query x 'CREATE TABLE t (a)'", "check x", "dump x", "schema x",
        "stats x", "backup now x --dir b", "backup verify x", "vacuum x", "export x -t t -"}) {
    CAF_MESSAGE(line);
    const auto r = in_folder(line); // a hanging program is killed, and the test fails
    CAF_CHECK(r.code != 0 && r.code < 100);
    CAF_CHECK(!r.err.empty() || has(r.out, "not a readable file"));
  }
  CAF_CHECK(has(in_folder("query x 'SELECT 1'").err, "is a pipe"));
}

CAF_TEST_FIXTURE_SCOPE_END()
