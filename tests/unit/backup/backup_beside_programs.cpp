// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Backups and restores beside programs that use the database with SQLite alone.
#include "support/engine/backup_fixture.hpp"

#include "backup/backup_restore.hpp"
#include "support/process/child.hpp"
#include "support/skip.hpp"

#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::string one_row(const std::filesystem::path& path) {
  return dbengine::sqlite::column_of(open_plain(path).get(), "SELECT x FROM u", "look").at(0);
}

// Another process that keeps a file open and does not use it.
class holder {
public:
  holder(const std::filesystem::path& path, int flags) {
    int ends[2] = {};
    CAF_REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const char told = open(path.c_str(), flags) < 0 ? 'f' : 'o';
      (void)!write(ends[1], &told, 1);
      for (;;)
        pause();
    }
    char told = 0;
    CAF_REQUIRE(read(ends[0], &told, 1) == 1 && told == 'o');
    close(ends[0]);
    close(ends[1]);
  }
  ~holder() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  holder(const holder&) = delete;
  holder& operator=(const holder&) = delete;

private:
  pid_t pid_ = 0;
};

// A backup, and a database in rollback mode that the backup is to replace.
struct target_fixture {
  backup_fixture f{10};
  backup_file made;
  std::filesystem::path target = f.folder.path / "old.db";

  target_fixture() {
    dbengine::sqlite::run_sql(f.db.get(), "CREATE TABLE u (x); INSERT INTO u VALUES ('new')",
                              "set up");
    made = f.make();
    dbengine::sqlite::run_sql(open_plain(target).get(),
                              "CREATE TABLE u (x); INSERT INTO u VALUES ('old')", "set up");
  }
  errc restore() const {
    return code_of([&] { restore_backup(made.path, target, true); });
  }
};

} // namespace

CAF_TEST(a file that a program has open and idle is not replaced) {
  const target_fixture t;
  {
    const auto idle = open_plain(t.target);
    dbengine::sqlite::run_sql(idle.get(), "SELECT * FROM u", "look");
    CAF_CHECK_EQUAL(t.restore(), errc::locked);
    dbengine::sqlite::run_sql(idle.get(), "INSERT INTO u VALUES ('mine')", "go on");
  }
  CAF_CHECK_EQUAL(one_row(t.target), "old");
  CAF_CHECK_EQUAL(t.restore(), errc::none);
  CAF_CHECK_EQUAL(one_row(t.target), "new");
}

CAF_TEST(nor one of another process that reads or writes it) {
  const target_fixture t;
  for (const int flags : {O_RDONLY, O_RDWR}) {
    const holder other(t.target, flags);
    CAF_CHECK_EQUAL(t.restore(), errc::locked);
  }
  CAF_CHECK_EQUAL(one_row(t.target), "old");
  CAF_CHECK_EQUAL(t.restore(), errc::none);
  CAF_CHECK_EQUAL(one_row(t.target), "new");
}

// The kernel knows the owner of a file; here only root can become the other user.
CAF_TEST(a user without rights gets the error as well) {
  if (geteuid() != 0)
    DBENGINE_SKIP("needs to be root to become another user");
  const target_fixture t;
  constexpr uid_t nobody = 65534;
  for (const auto& e : std::filesystem::recursive_directory_iterator(t.f.folder.path))
    CAF_REQUIRE(chown(e.path().c_str(), nobody, nobody) == 0);
  CAF_REQUIRE(chown(t.f.folder.path.c_str(), nobody, nobody) == 0);
  const auto as_nobody = [&] {
    return in_child([&] { return setuid(nobody) != 0 ? 98 : static_cast<int>(t.restore()); });
  };
  {
    const holder other(t.target, O_RDONLY);
    CAF_CHECK_EQUAL(as_nobody(), static_cast<int>(errc::locked));
  }
  CAF_CHECK_EQUAL(as_nobody(), static_cast<int>(errc::none));
}

//  the restore                          | a program
//  -------------------------------------+--------------------------
//  has checked for users, holds the old |
//  file                                 |
//                                       | opens it, does not use it
//  gives the name to the new file       |
//  gives it back to the old file        |
CAF_TEST(a program that opens the old file while it is replaced keeps it) {
  const target_fixture t;
  int fd = -1;
  const auto restore = [&] {
    dbengine::backup::restore({.backup = t.made.path,
                               .target = t.target,
                               .force = true,
                               .at = [&](std::string_view point) {
                                 if (point == "keep")
                                   fd = open(t.target.c_str(), O_RDONLY | O_CLOEXEC);
                               }});
  };
  CAF_CHECK_EQUAL(code_of(restore), errc::locked);
  CAF_CHECK(fd >= 0);
  close(fd);
  CAF_CHECK_EQUAL(one_row(t.target), "old");
  CAF_CHECK_EQUAL(t.restore(), errc::none);
}

//  another connection                  | backups
//  ------------------------------------+--------------------------
//  creates and drops a table, again    | read a schema of thousands
//  and again, until all are made       | of tables
CAF_TEST(a schema that others change all the time is read) {
  backup_fixture f(10);
  std::string tables = "BEGIN;";
  for (int i = 0; i < 2000; ++i)
    tables += "CREATE TABLE t" + std::to_string(i) + " (a INTEGER PRIMARY KEY, b TEXT, c);";
  dbengine::sqlite::run_sql(f.db.get(), tables + "COMMIT; PRAGMA synchronous = off", "many tables");
  std::atomic<bool> ends{false};
  std::atomic<int> changes{0};
  std::thread other([&] {
    const auto db = open_plain(f.database);
    while (!ends) {
      dbengine::sqlite::run_sql(db.get(), "CREATE TABLE x (a); DROP TABLE x", "change");
      changes += 2;
    }
  });
  int failed = 0;
  for (int i = 0; i < 10; ++i) {
    auto s = f.settings();
    s.target = f.folder.path / (std::to_string(i) + ".db");
    failed += code_of([&] { f.make(s); }) != errc::none ? 1 : 0;
  }
  ends = true;
  other.join();
  CAF_MESSAGE(changes << " changes, " << failed << " of 10 backups failed");
  CAF_CHECK_EQUAL(failed, 0);
}
