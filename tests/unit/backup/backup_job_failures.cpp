// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One backup that fails or is cancelled: it reports why, and leaves no file.

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

CAF_TEST(a failure at any point leaves no file) {
  backup_fixture f;
  for (const bool compress : {false, true})
    for (const std::string point : {"directory", "open", "pin", "page", "count", "sync", "verify",
                                    "hash", "manifest", "rename", "publish", "done"}) {
      auto s = f.settings();
      s.compress = compress;
      bool reached = false;
      s.at = [&](std::string_view p) {
        if (p == point) {
          reached = true;
          throw error(errc::io, "injected");
        }
      };
      CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::io);
      CAF_CHECK(reached);
      CAF_CHECK(f.files().empty());
    }
  CAF_CHECK(f.make().verified);
}

CAF_TEST(cancelling and abandoning leave no file) {
  backup_fixture f;
  auto job = dbengine::backup::backup_job::start(f.settings());
  job->step();
  job->cancel();
  CAF_CHECK_EQUAL(code_of([&] { job->step(); }), errc::cancelled);
  CAF_CHECK(f.files().empty());
  job = dbengine::backup::backup_job::start(f.settings());
  CAF_CHECK_EQUAL(f.files().size(), 1u);
  job.reset();
  CAF_CHECK(f.files().empty());
}

CAF_TEST(a cancel stops the check of a whole database early) {
  backup_fixture f(20000);
  const auto made = f.make();
  const auto fd = dbengine::os::directory::open(f.backups, false).open_file(made.filename);
  int questions = 0;
  const auto found = dbengine::backup::check_database(fd.get(), {}, [&] {
    ++questions;
    return true;
  });
  CAF_CHECK(found.problems.empty() && found.pages == made.pages);
  const int all = questions;
  questions = 0;
  CAF_CHECK_EQUAL(
      code_of([&] { backup::check_database(fd.get(), {}, [&] { return ++questions < 10; }); }),
      errc::cancelled);
  CAF_CHECK(questions < all / 3);
  // In a job, a cancel also stops each stage after the copy.
  for (const std::string point : {"count", "sync", "verify", "hash"}) {
    dbengine::backup::backup_job* running = nullptr;
    auto s = f.settings();
    s.at = [&](std::string_view p) {
      if (p == point)
        running->cancel();
    };
    const auto job = dbengine::backup::backup_job::start(s);
    running = job.get();
    CAF_CHECK_EQUAL(code_of([&] { job->run(); }), errc::cancelled);
  }
  CAF_CHECK_EQUAL(f.files().size(), 2u);
}

CAF_TEST(what a progress callback throws reaches the caller) {
  backup_fixture f(2000);
  struct own {};
  const auto throws = [](const backup_progress&) -> bool { throw own(); };
  int caught = 0;
  try {
    dbengine::backup::backup_job::start(f.settings())->run(throws);
  } catch (const own&) {
    ++caught;
  }
  CAF_CHECK(f.files().empty());
  const auto made = f.make();
  try {
    verify_backup(made.path, throws);
  } catch (const own&) {
    ++caught;
  }
  try {
    restore_backup(made.path, f.folder.path / "new.db", false, throws);
  } catch (const own&) {
    ++caught;
  }
  CAF_CHECK_EQUAL(caught, 3);
  CAF_CHECK(!std::filesystem::exists(f.folder.path / "new.db"));
}

CAF_TEST(a full disk at every size is reported and leaves no file) {
  backup_fixture f(3000);
  const auto small = f.folder.path / "small";
  std::filesystem::create_directory(small);
  if (mount("tmpfs", small.c_str(), "tmpfs", 0, "size=2m") != 0)
    DBENGINE_SKIP("mounting a tmpfs is not permitted");
  for (const bool compress : {false, true})
    for (const std::string point : {"open", "page", "sync", "hash", "manifest"}) {
      auto s = f.settings();
      s.directory = small / "backups";
      s.compress = compress;
      s.pages_per_step = 20;
      s.at = [&](std::string_view p) {
        if (p == point) {
          std::ofstream fill(small / "fill", std::ios::binary);
          const std::string block(4096, 'x');
          while (fill.write(block.data(), 4096).flush()) {
          }
        }
      };
      const auto code = code_of([&] { f.make(s); });
      CAF_CHECK(code == errc::disk_full || (code == errc::none && point == "sync" && !compress));
      std::filesystem::remove(small / "fill");
      int left = 0;
      if (std::filesystem::exists(small / "backups"))
        for (const auto& e : std::filesystem::directory_iterator(small / "backups"))
          left += e.path().filename() != dbengine::backup::backup_lock_name;
      CAF_CHECK_EQUAL(left, code == errc::none ? 2 : 0);
      std::filesystem::remove_all(small / "backups");
    }
  umount(small.c_str());
}

CAF_TEST(a directory that goes away or is a link fails the backup) {
  backup_fixture f;
  auto s = f.settings();
  s.at = [&](std::string_view p) {
    if (p == "sync")
      std::filesystem::remove_all(f.backups);
  };
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  const auto aside = f.folder.path / "aside";
  const auto trap = f.folder.path / "trap";
  std::filesystem::create_directory(trap);
  s.at = [&](std::string_view p) {
    if (p == "sync") {
      std::filesystem::rename(f.backups, aside);
      std::filesystem::create_symlink(trap, f.backups);
    }
  };
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK(std::filesystem::is_empty(trap));
  for (const auto& e : std::filesystem::directory_iterator(aside))
    CAF_CHECK_EQUAL(e.path().filename(), backup::backup_lock_name);
  s.at = {};
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK(std::filesystem::is_empty(trap));
}

CAF_TEST(links under the names of a backup lead nowhere) {
  backup_fixture f(10);
  const auto victim = f.folder.path / "victim";
  write_file(victim, "precious");
  std::filesystem::create_directory(f.backups);
  auto s = f.settings();
  const auto t = std::chrono::sys_days(std::chrono::year(2026) / 1 / 2);
  s.now = [&] { return wall_time(t); };
  // A link left by a dead process is removed, not its target. A link with a final name is skipped:
  // the backup uses another name.
  std::filesystem::create_symlink(victim, f.backups / "backup_20260102_000000.sqlite.partial");
  std::filesystem::create_symlink(victim, f.backups / "backup_20260102_000000.sqlite");
  CAF_CHECK_EQUAL(f.make(s).filename, "backup_20260102_000000_2.sqlite");
  CAF_CHECK_EQUAL(std::filesystem::file_size(victim), 8u);
  CAF_CHECK_EQUAL(backup::list_backups(f.backups).size(), 1u);
  // The file is replaced while the backup runs: the backup fails, and the foreign file stays.
  const auto other = f.backups / "backup_20260102_000000_3.sqlite.partial";
  s.at = [&](std::string_view p) {
    if (p == "rename") {
      std::filesystem::remove(other);
      write_file(other, "forged");
    }
  };
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK(!std::filesystem::exists(f.backups / "backup_20260102_000000_3.sqlite"));
  CAF_CHECK(!std::filesystem::exists(f.backups / "backup_20260102_000000_3.sqlite.json"));
  CAF_CHECK(std::filesystem::exists(other));
}

CAF_TEST(a corrupt source fails the backup) {
  backup_fixture f(5000);
  dbengine::sqlite::run_sql(f.db.get(), "PRAGMA wal_checkpoint(truncate)", "q");
  damage(f.database, 4096 * 40);
  damage(f.database, 4096 * 41);
  damage(f.database, 4096 * 42 + 2);
  const auto code = code_of([&] { f.make(); });
  CAF_CHECK(code == errc::backup_failed || code == errc::corrupt);
  CAF_CHECK(f.files().empty());
  auto s = f.settings();
  s.database = (f.folder.path / "missing.db").string();
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::cannot_open);
  CAF_CHECK(!std::filesystem::exists(s.database));
}
