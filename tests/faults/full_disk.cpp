// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a full disk: a typed error is returned, reads continue, and writes resume by themselves
// when there is space. Needs a small file system, and therefore the right to mount one.

#include "support/eventually.hpp"
#include "support/faults/small_disk.hpp"

#include <dbengine/db_engine.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

const char* const a_page = "INSERT INTO t (b) VALUES (randomblob(4096))";

bool full(const health_report& h) {
  return !h.ok && h.problems.size() == 1 &&
         h.problems.front().find("the disk of the database is full") == 0;
}

} // namespace

CAF_TEST(writes stop on a full disk and resume with the space) {
  const small_disk disk("size=4m");
  if (!disk.mounted()) {
    DBENGINE_SKIP("no file system can be mounted here");
    return;
  }
  { std::ofstream(disk.file("ballast")) << std::string(1 << 20, 'x'); }
  db_engine db(disk.folder().url());
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b)");
  std::int64_t rows = 0;
  error_info e;
  while (rows < 10'000 && (e = failure_of([&] { db.execute(a_page); })).code == errc::none)
    ++rows;
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::disk_full));
  CAF_CHECK(e.outcome == outcome::rolled_back);
  CAF_CHECK(rows > 100);
  // For every kind of write: the same error, nothing kept, no fence, no open circuit.
  for (int i = 0; i < 10; ++i) {
    CAF_CHECK_EQUAL(code_of([&] { db.execute(a_page); }), "disk_full");
    CAF_CHECK_EQUAL(code_of([&] {
                      db.execute_many("INSERT INTO t (b) VALUES (randomblob(?))",
                                      std::vector<params>{params{4096}, params{8192}});
                    }),
                    "disk_full");
    CAF_CHECK_EQUAL(code_of([&] { db.write([](transaction& tx) { tx.execute(a_page); }); }),
                    "disk_full");
    CAF_CHECK(db.fetch_value<std::int64_t>("SELECT count(*) FROM t") == rows);
    CAF_CHECK(db.fetch_value<std::int64_t>("SELECT sum(length(b)) FROM t") == rows * 4096);
  }
  CAF_CHECK(db.health().fenced.empty());
  CAF_CHECK(db.health().circuit == circuit_state::closed);
  CAF_CHECK_EQUAL(db.get_stats().restarts, 0u);
  CAF_CHECK(db.health().disk_free_bytes < 64 * 1024);
  CAF_CHECK(full(db.health()));
  // With space, the very next write succeeds.
  std::filesystem::remove(disk.file("ballast"));
  db.execute(a_page);
  CAF_CHECK_EQUAL(code_of([&] { db.write([](transaction& tx) { tx.execute(a_page); }); }), "none");
  CAF_CHECK(db.fetch_value<std::int64_t>("SELECT count(*) FROM t") == rows + 2);
  CAF_CHECK(db.integrity_check().empty());
  CAF_CHECK(db.health().ok);
  db.shutdown();
  db_engine again(disk.folder().url());
  CAF_CHECK(again.fetch_value<std::int64_t>("SELECT count(*) FROM t") == rows + 2);
}

// No write runs: health alone detects the full disk, and the space that is free again. Little space
// is a warning.
CAF_TEST(health reports a disk that others fill) {
  const small_disk disk("size=4m");
  if (!disk.mounted()) {
    DBENGINE_SKIP("no file system can be mounted here");
    return;
  }
  db_engine db(disk.folder().url());
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b)");
  CAF_CHECK(db.health().ok && db.health().problems.empty());
  { std::ofstream(disk.file("ballast")) << std::string(4 << 20, 'x'); }
  CAF_CHECK(full(db.health()));
  std::filesystem::resize_file(disk.file("ballast"),
                               std::filesystem::file_size(disk.file("ballast")) - (100 << 10));
  const auto h = db.health();
  CAF_CHECK(h.ok && h.problems.size() == 1 &&
            h.problems.front().find("little room") != std::string::npos);
  std::filesystem::remove(disk.file("ballast"));
  CAF_CHECK(db.health().ok && db.health().problems.empty());
}

// Another process holds a snapshot: the log grows past its bound, and no other problem is reported.
CAF_TEST(health warns of a write - ahead log that cannot be restarted) {
  const engine_folder folder;
  db_engine db(folder.url(), {.synchronous = synchronous::off});
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b)");
  auto pinned = std::make_unique<db_engine>(folder.url(), options{.read_only = true});
  auto cursor = std::make_unique<dbengine::cursor>(pinned->cursor(
      "WITH RECURSIVE c(x) AS (SELECT count(*) FROM t UNION ALL SELECT x + 1 FROM c) SELECT x FROM c"));
  CAF_CHECK(!cursor->next().empty());
  const auto write = [&](int mib) {
    for (int i = 0; i < mib; ++i)
      db.execute("INSERT OR REPLACE INTO t VALUES (1, zeroblob(1 << 20))");
  };
  write(120);
  CAF_CHECK(db.health().problems.empty());
  write(20);
  const auto h = db.health();
  CAF_CHECK(h.ok && h.wal_bytes > (128u << 20));
  CAF_CHECK(h.problems.size() == 1 && h.problems.front().find("the write-ahead log has 1") == 0);
  cursor.reset();
  pinned.reset();
  db.checkpoint(checkpoint_mode::truncate);
  CAF_CHECK(db.health().problems.empty());
}

CAF_TEST(a disk with space refuses nothing) { // negative control of the test above
  const small_disk disk("size=64m");
  if (!disk.mounted()) {
    DBENGINE_SKIP("no file system can be mounted here");
    return;
  }
  db_engine db(disk.folder().url());
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b)");
  for (int i = 0; i < 1'000; ++i)
    db.execute(a_page);
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 1'000);
}

CAF_TEST(an engine that cannot be opened on a full disk leaves nothing) {
  const small_disk disk("size=256k");
  if (!disk.mounted()) {
    DBENGINE_SKIP("no file system can be mounted here");
    return;
  }
  const auto names = [&] {
    std::string all;
    for (const auto& e : std::filesystem::directory_iterator(disk.folder().path))
      all += e.path().filename().string() + " ";
    return all;
  };
  // From no free page to enough of them, so that each step of an opening fails once for lack of
  // space.
  int refused = 0;
  for (std::uintmax_t pages = 0; pages < 40; ++pages) {
    { std::ofstream(disk.file("ballast")) << std::string(1 << 20, 'x'); }
    std::filesystem::resize_file(disk.file("ballast"),
                                 std::filesystem::file_size(disk.file("ballast")) - 4096 * pages);
    const auto code = code_of([&] { db_engine db(disk.folder().url()); });
    CAF_MESSAGE(pages << " free pages: " << code << ", " << names());
    if (code == "none")
      break;
    ++refused;
    CAF_CHECK(code == "disk_full" || code == "cannot_open" || code == "io");
    CAF_CHECK_EQUAL(names(), "ballast ");
  }
  CAF_CHECK(refused > 2);
  std::filesystem::remove(disk.file("ballast"));
  db_engine db(disk.folder().url());
  db.execute("CREATE TABLE t (x)");
}

CAF_TEST(a database that was there stays where its opening fails on a full disk) {
  const small_disk disk("size=256k");
  if (!disk.mounted()) {
    DBENGINE_SKIP("no file system can be mounted here");
    return;
  }
  { db_engine(disk.folder().url()).execute("CREATE TABLE t (x)"); }
  { db_engine(disk.folder().url("empty.db")); } // created here, empty
  { std::ofstream(disk.file("zero.db")); }
  { std::ofstream(disk.file("ballast")) << std::string(1 << 20, 'x'); }
  for (const auto* name : {"test.db", "empty.db", "zero.db"}) {
    CAF_CHECK(code_of([&] { db_engine db(disk.folder().url(name)); }) != "none");
    CAF_CHECK(std::filesystem::exists(disk.file(name)));
    for (const auto* suffix : {"-wal", "-shm", "-journal", ".lock"})
      CAF_CHECK(!std::filesystem::exists(disk.file((std::string(name) + suffix).c_str())));
  }
  std::filesystem::remove(disk.file("ballast"));
  db_engine db(disk.folder().url());
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 0);
}
