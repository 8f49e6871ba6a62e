// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What an opening asks of the system: no folder is listed, no connection opened and no thread made
// that is not needed. By strace; the bounds are upper ones, some above what was measured.

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
  int all = 0; // but for waiting
  int threads = 0;
  int listings = 0;     // of folders
  int databases = 0;    // openings of the database file by SQLite
  int backup_names = 0; // whatever names the folder of backups
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
    // How often threads wait for each other is the scheduler's affair.
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
  CAF_CHECK_EQUAL(engine.backup_names, 1); // the program's own name of it, when it starts
  // CAF's four and the workers' five; and before CAF's, which end the process where they cannot be
  // had, five that try.
  CAF_CHECK(engine.threads <= 14);
  CAF_CHECK(engine.databases <= 5); // the lock, the writer, the reader, the one that fetches
  CAF_CHECK(engine.all - nothing.all <= 560);
}
