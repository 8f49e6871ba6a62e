// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests how many system calls an opening makes: it lists no folder, opens no connection and creates
// no thread without need. Measured by strace; the bounds are slightly above the measured counts.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/paths.hpp"

#include <dbengine/db_engine.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

struct calls {
  int code = -1;
  int all = 0; // without those that wait
  int threads = 0;
  int listings = 0;     // of folders
  int databases = 0;    // openings of the database file by SQLite
  int backup_names = 0; // calls that name the folder of backups
};

calls traced(const fs::path& log, const std::vector<std::string>& arguments,
             const std::string& database, const std::string& backups) {
  std::vector<std::string> line{
      "-f", "-qq", "-s", "4096", "-o", log.string(), std::string(DBENGINE_BIN_DIR) + "/open_once"};
  line.insert(line.end(), arguments.begin(), arguments.end());
  calls c;
  c.code = run(line, {.program = "/usr/bin/strace"}).code;
  std::ifstream in(log);
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  for (std::string l; std::getline(in, l);) {
    if (has(l, "+++") || has(l, "---") || has(l, "resumed>"))
      continue;
    // How often threads wait for each other depends on the scheduler.
    c.all += has(l, " futex(") || has(l, " sched_yield(") ? 0 : 1;
    c.threads += has(l, " clone3(") || has(l, " clone(") ? 1 : 0;
    c.listings += has(l, " getdents64(") ? 1 : 0;
    c.databases +=
        has(l, " openat(") && has(l, "\"" + database + "\"") && !has(l, "O_PATH") ? 1 : 0;
    c.backup_names += !backups.empty() && has(l, backups) ? 1 : 0;
  }
  return c;
}

} // namespace

CAF_TEST(an opening asks for nothing that it does not need) {
  if (!fs::exists("/usr/bin/strace")) {
    DBENGINE_SKIP("strace is not installed");
    return;
  }
  const engine_folder folder;
  const auto file = fs::canonical(folder.path) / "test.db";
  {
    db_engine db(folder.url(), {.backup_dir = folder.path / "backups"});
    db.execute("CREATE TABLE t (x)");
    db.execute("INSERT INTO t VALUES (1)");
    CAF_REQUIRE(db.request_backup());
  }
  const auto log = folder.path / "trace";
  const auto nothing = traced(log, {}, file.string(), {});
  if (nothing.code != 0) {
    DBENGINE_SKIP("processes cannot be traced here");
    return;
  }
  const auto engine =
      traced(log, {file.string(), (folder.path / "backups").string()}, file.string(), "backups");
  CAF_REQUIRE_EQUAL(engine.code, 0);
  CAF_MESSAGE("an engine opened, asked once and closed: "
              << engine.all - nothing.all << " system calls, " << engine.threads << " threads, "
              << engine.databases << " descriptors of the database");
  CAF_CHECK_EQUAL(nothing.threads, 0);
  CAF_CHECK_EQUAL(engine.listings - nothing.listings, 0);
  CAF_CHECK_EQUAL(engine.backup_names, 1); // by the program itself, when it starts
  // CAF's four and the workers' five. Before CAF's, five more are created to test whether threads
  // are available, because CAF ends the process if they are not.
  CAF_CHECK(engine.threads <= 14);
  CAF_CHECK(engine.databases <= 5); // the lock, the writer, the reader, the lease
  CAF_CHECK(engine.all - nothing.all <= 560);
}
