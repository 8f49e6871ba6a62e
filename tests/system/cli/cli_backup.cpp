// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of backup now, list, verify and prune, and of restore, from the command line.

#include <dbengine/db_engine.hpp>

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"

#include <algorithm>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "support/test.hpp"

using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;

  fixture() { good("query app.db 'CREATE TABLE t AS SELECT 1 AS a'"); }

  run_result in_folder(const std::string& line) const {
    return run_line(line, {.folder = folder.path});
  }
  run_result good(const std::string& line) const {
    auto r = in_folder(line);
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line + (r.code == 0 ? "" : r.err), "0 " + line);
    return r;
  }
  /// The backups in a folder, oldest first.
  std::vector<std::string> backups(const std::string& in) const {
    std::vector<std::string> names;
    for (const auto& e : std::filesystem::directory_iterator(folder.path / in))
      if (e.path().extension() == ".sqlite")
        names.push_back(e.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
  /// Gives the backup a date: the time of a backup is that of its name, which its manifest repeats.
  void make_old(const std::string& in, const std::string& name, const std::string& day) const {
    const auto old = "backup_" + day + "_000000.sqlite";
    const auto from = folder.path / in / name, to = folder.path / in / old;
    auto manifest = content_of(from.string() + ".json");
    manifest.replace(manifest.find(name), name.size(), old);
    write_text(to.string() + ".json", manifest);
    std::filesystem::remove(from.string() + ".json");
    std::filesystem::rename(from, to);
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_backup, fixture)

CAF_TEST(a backup is made and listed and verified and restored) {
  good("backup now app.db --dir b");
  const auto names = backups("b");
  CAF_REQUIRE_EQUAL(names.size(), 1u);
  const auto list = good("backup list app.db --dir b");
  CAF_CHECK(has(list.out, names[0]));
  CAF_CHECK(has(list.out, "yes"));
  CAF_CHECK_EQUAL(good("backup verify b/" + names[0]).out, "b/" + names[0] + ": ok, 2 pages\n");
  good("query app.db 'UPDATE t SET a = 2'");
  // An existing database is replaced only on request; a name without a folder is in the current
  // folder.
  const auto refused = in_folder("restore b/" + names[0] + " app.db");
  CAF_CHECK_EQUAL(refused.code, 1);
  CAF_CHECK(has(refused.err, "exists already"));
  good("restore b/" + names[0] + " app.db --force");
  CAF_CHECK_EQUAL(good("query app.db 'SELECT a FROM t' -o csv").out, "a\n1\n");
  good("restore b/" + names[0] + " new.db");
  CAF_CHECK_EQUAL(good("query new.db 'SELECT a FROM t' -o csv").out, "a\n1\n");
  CAF_CHECK_EQUAL(in_folder("restore app.db none/new.db").code, 1);
}

CAF_TEST(a backup never takes the place of a file) {
  good("backup now app.db one.sqlite");
  const auto again = in_folder("backup now app.db one.sqlite");
  CAF_CHECK_EQUAL(again.code, 1);
  CAF_CHECK_EQUAL(again.err, "error: " + (folder.path / "one.sqlite").string() +
                                 " exists already (backup_failed)\n");
}

CAF_TEST(a backup is made beside an engine that has the file and a restore is not ) {
  dbengine::db_engine holder((folder.path / "app.db").string());
  holder.execute("INSERT INTO t VALUES (7)");
  good("backup now app.db beside.sqlite");
  good("backup now app.db --dir b");
  CAF_CHECK_EQUAL(good("query beside.sqlite 'SELECT max(a) AS a FROM t' -o csv").out, "a\n7\n");
  CAF_CHECK_EQUAL(in_folder("restore beside.sqlite app.db --force").code, 5);
  CAF_CHECK_EQUAL(in_folder("vacuum app.db").code, 5);
  holder.execute("INSERT INTO t VALUES (8)");
}

CAF_TEST(a damaged backup is not restored) {
  good("backup now app.db one.sqlite");
  auto bytes = content_of(folder.path / "one.sqlite");
  bytes[5000] = static_cast<char>(bytes[5000] ^ 0x55);
  write_text(folder.path / "one.sqlite", bytes);
  CAF_CHECK_EQUAL(in_folder("restore one.sqlite app.db --force").code, 1);
  CAF_CHECK_EQUAL(good("query app.db 'SELECT a FROM t' -o csv").out, "a\n1\n");
}

CAF_TEST(an empty folder of backups is said to be empty) {
  const auto r = good("backup list app.db --dir none");
  CAF_CHECK_EQUAL(r.out, "");
  CAF_CHECK(has(r.err, "no backups in none"));
}

CAF_TEST(pruning keeps the newest and only reports with dry run) {
  good("query other.db 'CREATE TABLE t (a)'");
  for (const char* day : {"20250101", "20250201", "20250301", "20250401"}) {
    good("backup now app.db --dir b");
    for (const auto& name : backups("b"))
      if (!name.starts_with("backup_2025"))
        make_old("b", name, day);
  }
  good("backup now other.db --dir b");
  CAF_REQUIRE_EQUAL(backups("b").size(), 5u);
  const auto at = std::filesystem::canonical(folder.path / "b").string() + "/backup_";
  const std::string gone = at + "20250201_000000.sqlite\n" + at + "20250101_000000.sqlite\n";
  const auto told = good("backup prune app.db --dir b --keep 2 --dry-run");
  CAF_CHECK_EQUAL(told.out, gone);
  CAF_CHECK(told.err.starts_with("2 would be removed ("));
  CAF_CHECK(told.err.ends_with("), 2 kept\n"));
  CAF_CHECK_EQUAL(backups("b").size(), 5u);
  const auto done = good("backup prune app.db --dir b --keep 2");
  CAF_CHECK_EQUAL(done.out, gone);
  CAF_CHECK(done.err.starts_with("2 removed ("));
  const auto left = backups("b");
  CAF_REQUIRE_EQUAL(left.size(), 3u); // that of another database stays
  CAF_CHECK_EQUAL(left[0], "backup_20250301_000000.sqlite");
  CAF_CHECK_EQUAL(good("backup prune app.db --dir b --keep 2").out, "");
  // By age, from the configuration: all are too old, but the newest stays.
  write_text(folder.path / "age.toml", "[backup]\ndir = \"b\"\ncleanup_max_age = \"30d\"\n");
  CAF_CHECK_EQUAL(good("-c age.toml backup prune app.db").out, at + "20250301_000000.sqlite\n");
  CAF_CHECK_EQUAL(backups("b").size(), 2u);
  CAF_CHECK_EQUAL(in_folder("backup prune app.db --dir none").code, 1);
  CAF_CHECK_EQUAL(in_folder("backup prune :memory:").code, 2);
}

CAF_TEST(the backups of a database that is lost are listed and pruned and restored) {
  for (const char* day : {"20250101", "20250201"}) {
    good("backup now app.db --dir b");
    for (const auto& name : backups("b"))
      if (!name.starts_with("backup_2025"))
        make_old("b", name, day);
  }
  std::filesystem::remove(folder.path / "app.db");
  for (const std::string name : {"app.db", "./app.db", "sqlite:///app.db"}) {
    const auto list = good("backup list " + name + " --dir b");
    CAF_CHECK(has(list.out, "backup_20250101_000000.sqlite"));
    CAF_CHECK(has(list.out, "backup_20250201_000000.sqlite"));
  }
  CAF_CHECK(!std::filesystem::exists(folder.path / "app.db"));
  // A database that never existed is an error.
  for (const std::string line : {"backup list ap.db --dir b", "backup list app.db --dir none"}) {
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(r.code, 1);
    CAF_CHECK(has(r.err, "there is no database"));
  }
  CAF_CHECK(has(good("backup prune app.db --dir b --keep 1").out, "backup_20250101"));
  good("restore b/backup_20250201_000000.sqlite app.db");
  CAF_CHECK_EQUAL(good("query app.db 'SELECT a FROM t' -o csv").out, "a\n1\n");
}

CAF_TEST(beside the backup of another process there is neither a backup nor a pruning) {
  good("backup now app.db --dir b");
  const int held =
      ::open((folder.path / "b" / ".dbengine-backup.lock").c_str(), O_RDWR | O_CLOEXEC);
  CAF_REQUIRE(held >= 0 && ::flock(held, LOCK_EX | LOCK_NB) == 0);
  for (const std::string line :
       {"backup now app.db --dir b", "backup prune app.db --dir b --keep 1"}) {
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(r.code, 5);
    CAF_CHECK(has(r.err, "(busy)"));
  }
  CAF_CHECK_EQUAL(backups("b").size(), 1u);
  good("backup list app.db --dir b");
  good("backup now app.db beside.sqlite");
  ::close(held);
  good("backup now app.db --dir b");
  CAF_CHECK_EQUAL(backups("b").size(), 2u);
}

CAF_TEST(the backup that was made is named whatever lies beside it) {
  std::filesystem::create_directory(folder.path / "b");
  write_text(folder.path / "b" / "backup_20990101_000000.sqlite", "nobody's");
  const auto r = good("backup now app.db --dir b");
  const auto names = backups("b");
  CAF_REQUIRE_EQUAL(names.size(), 2u);
  CAF_CHECK(has(r.err, names[0]));
  CAF_CHECK(!has(r.err, names[1]));
}

CAF_TEST(a limit on the sizes of files fails a backup and leaves nothing) {
  good("query app.db 'INSERT INTO t SELECT zeroblob(1000000)'");
  for (const std::string what : {" backup now app.db --dir b", " backup now app.db one.sqlite"}) {
    const auto r = run({"-c", "ulimit -f 100; exec " + shell_word(program_path()) + what},
                       {.folder = folder.path, .program = "/bin/sh"});
    CAF_CHECK_EQUAL(r.code, 1);
    CAF_CHECK(has(r.err, "disk_full"));
  }
  CAF_CHECK(backups("b").empty());
  for (const auto& e : std::filesystem::recursive_directory_iterator(folder.path))
    CAF_CHECK(e.path().extension() != ".partial");
}

CAF_TEST(a compressed backup is verified only where there is room for it) {
  good("backup now app.db one.zst");
  const auto r = run_line(
      "backup verify one.zst",
      {.environment = {{"TMPDIR", (folder.path / "none").string()}}, .folder = folder.path});
  CAF_CHECK_EQUAL(r.code, 1);
  CAF_CHECK(has(r.err, "cannot use the folder for temporary files (TMPDIR)"));
  good("backup verify one.zst");
}

CAF_TEST(a restore that was killed before its target was there is cleaned up by the next one) {
  good("backup now app.db one.sqlite");
  const auto data = folder.path / "data";
  std::filesystem::create_directory(data);
  write_text(data / ".new.db.dbengine-restore", "dbengine restore\n");
  write_text(data / ".new.db.dbengine-restore.partial", "half a database");
  good("restore one.sqlite data/another.db");
  for (const auto& e : std::filesystem::directory_iterator(data))
    CAF_CHECK_EQUAL(e.path().filename().string(), "another.db");
}

CAF_TEST_FIXTURE_SCOPE_END()
