// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reading a database or a backup must not release the locks of SQLite on that file in the same
// process.
#include "backup/backup_restore.hpp"
#include "os/pinned_file.hpp"
#include "support/engine/backup_fixture.hpp"

#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

bool is_locked(const std::filesystem::path& path) {
  const auto folder = dbengine::os::directory::open(path.parent_path(), false);
  return dbengine::os::locked_by_sqlite(
      dbengine::os::pinned_file::open(folder, path.filename().string()).get());
}

} // namespace

CAF_TEST(verifying a live database leaves its locks) {
  const backup_fixture f(10);
  // A connection in WAL mode keeps a shared lock while it is open; without the lock another process
  // would remove the WAL.
  dbengine::sqlite::column_of(f.db.get(), "SELECT count(*) FROM t", "read");
  CAF_REQUIRE(is_locked(f.database));
  (void)verify_backup(f.database);
  CAF_CHECK(is_locked(f.database));
}

CAF_TEST(a refused restore leaves the locks of the target and of the backup) {
  backup_fixture f(10);
  const auto made = f.make();
  const auto other = f.make();
  const auto reads = open_plain(made.path);
  dbengine::sqlite::run_sql(reads.get(), "BEGIN; SELECT count(*) FROM t", "read");
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(other.path, made.path, true); }), errc::locked);
    CAF_CHECK(is_locked(made.path));
    restore_backup(made.path, f.folder.path / ("copy" + std::to_string(i)));
    CAF_CHECK(is_locked(made.path));
  }
}

CAF_TEST(descriptors that had to be kept are closed when the locks are gone) {
  const auto open_files = [] {
    std::size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator("/proc/self/fd"))
      n += e.path().empty() ? 0 : 1;
    return n;
  };
  backup_fixture f(10);
  const auto made = f.make();
  const auto before = open_files();
  {
    const auto reads = open_plain(made.path);
    dbengine::sqlite::run_sql(reads.get(), "BEGIN; SELECT count(*) FROM t", "read");
    const auto beside = open_files();
    for (int i = 0; i < 20; ++i)
      (void)verify_backup(made.path);
    CAF_CHECK(open_files() <= beside + 1);
  }
  CAF_CHECK(verify_backup(made.path).ok);
  CAF_CHECK_EQUAL(open_files(), before);
}

//  this process                        | its child
//  ------------------------------------+-----------------------------
//  acquires the lock                   |
//                                      | inherits the open file
//  releases it                         |
//  acquires it again                   |
//                                      | ends
CAF_TEST(a forked child keeps no lock) {
  const temporary_folder folder;
  const auto opened = dbengine::os::directory::open(folder.path, false);
  int ends[2];
  CAF_REQUIRE(pipe(ends) == 0);
  pid_t child = 0;
  {
    const dbengine::os::pinned_file held(opened.lock("lock"));
    CAF_REQUIRE(static_cast<bool>(held));
    child = fork();
    if (child == 0) {
      char c = 0;
      close(ends[1]);
      (void)!read(ends[0], &c, 1);
      _exit(0);
    }
  }
  CAF_CHECK(static_cast<bool>(opened.lock("lock")));
  close(ends[0]);
  close(ends[1]);
  int status = 0;
  CAF_CHECK_EQUAL(waitpid(child, &status, 0), child);
}

//  this process                        | another
//  ------------------------------------+-----------------------------
//                                      | copies
//  no backup, no retention             |
//                                      | completes, ends
//  a backup                            |
CAF_TEST(a backup of another process keeps this one away) {
  const backup_fixture f(100);
  int ready[2], go_on[2];
  CAF_REQUIRE(pipe(ready) == 0 && pipe(go_on) == 0);
  const pid_t child = fork();
  if (child == 0) {
    int code = 1;
    try {
      auto s = f.settings();
      s.at = [&](std::string_view p) {
        char c = 0;
        if (p == "page" && (write(ready[1], &c, 1) != 1 || read(go_on[0], &c, 1) != 1))
          throw error(errc::internal, "a pipe");
      };
      code = f.make(s).verified ? 0 : 2;
    } catch (...) {
    }
    _exit(code);
  }
  char c = 0;
  CAF_REQUIRE(read(ready[0], &c, 1) == 1);
  CAF_CHECK(!backup::backup_job::start(f.settings()));
  CAF_CHECK(prune_backups(f.backups, f.database.string(), {.keep_count = 1}).skipped);
  CAF_CHECK(write(go_on[1], &c, 1) == 1);
  int status = -1;
  CAF_CHECK_EQUAL(waitpid(child, &status, 0), child);
  CAF_CHECK_EQUAL(status, 0);
  CAF_CHECK_EQUAL(f.files().size(), 2u);
  CAF_CHECK(f.make().verified);
  for (const int fd : {ready[0], ready[1], go_on[0], go_on[1]})
    close(fd);
}
