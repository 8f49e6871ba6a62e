// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One backup and its results. Failures are tested in backup_job_failures.cpp.
#include "support/engine/backup_fixture.hpp"
#include "vfs/memory_vfs.hpp"

#include <atomic>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <thread>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

CAF_TEST(a backup is a plain complete database with a manifest) {
  backup_fixture f;
  const auto made = f.make();
  CAF_CHECK(made.verified);
  CAF_CHECK_EQUAL(f.files(), (std::vector<std::string>{made.filename, made.filename + ".json"}));
  struct stat s {};
  CAF_REQUIRE(stat(made.path.c_str(), &s) == 0);
  CAF_CHECK_EQUAL(s.st_mode & 0777u, 0600u);
  CAF_CHECK_EQUAL(static_cast<std::uint64_t>(s.st_size), made.size_bytes);
  const auto listed = dbengine::backup::list_backups(f.backups, f.source());
  CAF_REQUIRE(listed.size() == 1);
  CAF_CHECK(listed[0].verified && listed[0].sha256 == made.sha256 && listed[0].time == made.time);
  const auto report = verify_backup(made.path);
  CAF_CHECK(report.ok && report.has_manifest);
  CAF_CHECK_EQUAL(report.sha256, made.sha256);
  const auto copy = open_plain(made.path);
  CAF_CHECK(sqlite::column_of(copy.get(), "PRAGMA journal_mode", "q").at(0) == "delete");
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT count(*) FROM t"), 1000);
}

CAF_TEST(a compressed backup verifies and restores) {
  backup_fixture f;
  auto s = f.settings();
  s.compress = true;
  const auto made = f.make(s);
  CAF_CHECK(made.compressed && made.filename.ends_with(".sqlite.zst"));
  CAF_CHECK_EQUAL(f.files().size(), 2u);
  CAF_CHECK(verify_backup(made.path).ok);
  restore_backup(made.path, f.folder.path / "back.db");
  CAF_CHECK_EQUAL(number(open_plain(f.folder.path / "back.db").get(), "SELECT count(*) FROM t"),
                  1000);
  damage(made.path, static_cast<std::streamoff>(made.size_bytes / 2));
  CAF_CHECK(!verify_backup(made.path).ok);
}

CAF_TEST(backups of one second are numbered and a clock set back keeps the order) {
  backup_fixture f(10);
  auto s = f.settings();
  const auto t = std::chrono::sys_days(std::chrono::year(2026) / 10 / 25) + 1h;
  s.now = [&] { return wall_time(t); };
  CAF_CHECK_EQUAL(f.make(s).filename, "backup_20261025_010000.sqlite");
  CAF_CHECK_EQUAL(f.make(s).filename, "backup_20261025_010000_2.sqlite");
  s.now = [&] { return wall_time(t - 24h); };
  CAF_CHECK_EQUAL(f.make(s).filename, "backup_20261025_010000_3.sqlite");
  CAF_CHECK(backup::list_backups(f.backups).front().filename == "backup_20261025_010000_3.sqlite");
}

CAF_TEST(after the last number of a second comes the next second) {
  backup_fixture f(10);
  auto s = f.settings();
  const auto t = std::chrono::sys_days(std::chrono::year(2026) / 10 / 25) + 1h;
  s.now = [&] { return wall_time(t); };
  const auto take_name = [&](const std::string& name) {
    const auto made = f.make(s);
    std::string ignored;
    auto about = dbengine::backup::read_manifest(dbengine::os::directory::open(f.backups, false),
                                                 made.filename, ignored);
    CAF_REQUIRE(about.has_value());
    about->file = name;
    std::filesystem::rename(made.path, f.backups / name);
    std::filesystem::remove(made.path.string() + ".json");
    write_file(f.backups / (name + ".json"), about->to_json());
  };
  take_name("backup_20261025_010000_999999999.sqlite");
  const auto next = f.make(s);
  CAF_CHECK_EQUAL(next.filename, "backup_20261025_010001.sqlite");
  CAF_CHECK(next.time == t + 1s);
  CAF_CHECK(backup::list_backups(f.backups).front().filename == next.filename);
  // If there is no later name at all, the backup fails; it does not use an older name.
  take_name("backup_22611231_235959_999999999.sqlite");
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
}

CAF_TEST(one backup at a time in a directory) {
  backup_fixture f;
  auto first = dbengine::backup::backup_job::start(f.settings());
  CAF_REQUIRE(first != nullptr);
  CAF_CHECK(backup::backup_job::start(f.settings()) == nullptr);
  CAF_CHECK(backup::apply_retention(f.backups, f.source(), {.keep_count = 1}, {}, false).skipped);
  CAF_CHECK(backup::clean_backup_directory(f.backups).empty());
  first->run();
  CAF_CHECK(backup::backup_job::start(f.settings()) != nullptr);
}

CAF_TEST(a backup into a path never replaces) {
  backup_fixture f;
  auto s = f.settings();
  s.target = f.folder.path / "mine.db";
  s.directory.clear();
  const auto unfinished = f.folder.path / "mine.db.partial";
  // The file of a killed process: empty, its first page missing, or cut within it.
  for (const std::string& head :
       {std::string(), std::string(8192, '\0'), std::string("SQLite format 3")}) {
    write_file(unfinished, head);
    f.make(s);
    CAF_CHECK(!std::filesystem::exists(unfinished));
    std::filesystem::remove(s.target);
    std::filesystem::remove(s.target.string() + ".json");
  }
  // The file of another program that names its unfinished files in the same way.
  for (const std::string name : {"mine.db.partial", "mine.db.json.partial"}) {
    write_file(f.folder.path / name, "a download that goes on");
    CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
    CAF_CHECK_EQUAL(std::filesystem::file_size(f.folder.path / name), 23u);
    std::filesystem::remove(f.folder.path / name);
  }
  const auto made = f.make(s);
  CAF_CHECK_EQUAL(made.path, f.folder.path / "mine.db");
  CAF_CHECK(verify_backup(s.target).ok);
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK(verify_backup(s.target).ok);
  s.target = f.folder.path / "no such folder" / "x.db";
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
}

CAF_TEST(an empty database and foreign key violations are backed up as they are) {
  backup_fixture f(1);
  dbengine::sqlite::run_sql(f.db.get(),
                            "CREATE TABLE c (t REFERENCES t (id)); INSERT INTO c VALUES (99)", "q");
  CAF_CHECK(verify_backup(f.make().path).ok);
  open_plain(f.folder.path / "empty.db");
  auto s = f.settings();
  s.database = (f.folder.path / "empty.db").string();
  write_file(s.database, "");
  CAF_CHECK(verify_backup(f.make(s).path).ok);
}

//  writer thread                    | this thread
//  ---------------------------------+--------------------------------------------
//  moves 1 from row a to row b, one |
//  commit each, until stopped       | starts (pins), steps to the end
//                                   | sum in the backup = sum at the beginning
CAF_TEST(a backup under a steady writer ends and is one consistent state) {
  backup_fixture f(20000);
  dbengine::sqlite::run_sql(
      f.db.get(),
      "CREATE TABLE bank (id INTEGER PRIMARY KEY, n INTEGER, pad TEXT);"
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1000)"
      "INSERT INTO bank SELECT x, 1000, printf('%0500d', x) FROM c",
      "fill");
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> commits{0};
  std::thread writer([&] {
    for (std::uint64_t i = 0; !stop; ++i) {
      const auto a = std::to_string(i * 7919 % 1000 + 1);
      const auto b = std::to_string(i * 104729 % 1000 + 1);
      dbengine::sqlite::run_sql(f.db.get(),
                                "BEGIN IMMEDIATE; UPDATE bank SET n = n - 1 WHERE id = " + a +
                                    "; UPDATE bank SET n = n + 1 WHERE id = " + b + "; COMMIT",
                                "write");
      ++commits;
    }
  });
  while (commits == 0)
    std::this_thread::yield();
  auto s = f.settings();
  s.pages_per_step = 16;
  const auto made = f.make(s);
  const auto during = commits.load();
  stop = true;
  writer.join();
  CAF_CHECK(during > 1);
  CAF_CHECK_EQUAL(number(open_plain(made.path).get(), "SELECT sum(n) FROM bank"), 1000 * 1000);
}

CAF_TEST(past the bound of the WAL the pauses are left out) {
  backup_fixture f;
  auto s = f.settings();
  s.pause = 1h;
  s.pages_per_step = 1;
  std::uint64_t wal = 0;
  s.wal_bytes = [&] { return wal; };
  s.max_wal_bytes = 1000;
  auto job = dbengine::backup::backup_job::start(s);
  job->step();
  CAF_CHECK_EQUAL(job->pause(), 1h);
  CAF_CHECK(job->progress().pages_done == 1 && job->progress().pages_total > 10);
  wal = 1001;
  job->step();
  CAF_CHECK_EQUAL(job->pause(), 0ms);
  CAF_CHECK(job->run().verified);
}

CAF_TEST(a memory database is backed up through its VFS) {
  const temporary_folder folder;
  const std::string vfs = dbengine::vfs::register_memory_vfs();
  const auto name = dbengine::vfs::unique_memory_name();
  const auto db = dbengine::sqlite::open_database(name, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                                  vfs.c_str(), "open");
  dbengine::sqlite::run_sql(
      db.get(), "PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (1), (2)",
      "fill");
  const auto job = dbengine::backup::backup_job::start(
      {.database = name, .vfs = vfs, .source = "memory", .directory = folder.path / "b"});
  CAF_CHECK(job->run().verified);
  CAF_CHECK(job->about().source == "memory");
  CAF_CHECK_EQUAL(number(open_plain(job->result().path).get(), "SELECT count(*) FROM t"), 2);
}
