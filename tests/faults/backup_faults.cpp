// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that fail a backup, a retention or a restore at every stage by a system error: the call
// returns the reason and leaves nothing, and the next call works.
#include "backup/backup_restore.hpp"

#include "support/engine/backup_fixture.hpp"
#include "support/faults/failing_calls.hpp"
#include "support/faults/needs_pipes.hpp"

#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <thread>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

// SQLite reads by either call.
const std::vector<int> reads = {__NR_read, __NR_pread64};
const std::vector<int> writes = {__NR_write, __NR_pwrite64};
const std::vector<int> syncs = {__NR_fsync, __NR_fdatasync};
const std::vector<int> listings = {__NR_getdents64};
const std::vector<int> renames = {__NR_rename, __NR_renameat, __NR_renameat2};
const std::vector<int> opens = {__NR_open, __NR_openat};
const std::vector<int> links = {__NR_link, __NR_linkat};
const std::vector<int> removals = {__NR_unlink, __NR_unlinkat};
const std::vector<int> threads = {__NR_clone, __NR_clone3};

struct failure {
  std::string point;
  const std::vector<int>& calls;
  int number;
  std::vector<errc> expected;
};

std::function<void(std::string_view)> failing_at(const failure& f) {
  return [&f](std::string_view point) {
    if (point == f.point && f.number != 0)
      let_fail(f.calls, f.number);
  };
}

bool is_one_of(errc code, const std::vector<errc>& expected) {
  return std::find(expected.begin(), expected.end(), code) != expected.end();
}

} // namespace

CAF_TEST(a backup that the system fails says why and leaves nothing) {
  if (!calls_can_fail())
    DBENGINE_SKIP("this kernel filters no system calls");
  if (needs_pipes)
    CAF_MESSAGE("left out: failing writes, which a sanitizer needs");
  backup_fixture f;
  f.make();
  const auto before = f.files();
  const failure failures[] = {
      {"directory", listings, EIO, {errc::io}},
      {"directory", opens, EACCES, {errc::backup_failed}},
      {"open", opens, EMFILE, {errc::cannot_open, errc::io}},
      {"pin", listings, EIO, {errc::io}},
      {"pin", reads, EIO, {errc::io}},
      {"page", reads, EIO, {errc::io}},
      {"page", writes, ENOSPC, {errc::disk_full}},
      {"page", writes, EDQUOT, {errc::disk_full}},
      {"page", writes, EIO, {errc::io}},
      {"sync", syncs, EIO, {errc::io}},
      {"verify", reads, EIO, {errc::io, errc::backup_failed}},
      {"hash", reads, EIO, {errc::io}},
      {"hash", writes, ENOSPC, {errc::disk_full}},
      {"manifest", writes, ENOSPC, {errc::disk_full}},
      {"manifest", syncs, EIO, {errc::io}},
      {"manifest", opens, ENOSPC, {errc::disk_full}},
      {"rename", renames, EIO, {errc::io}},
      {"rename", syncs, EIO, {errc::io}}, // of the folder, between the two renames
      {"hash", syncs, EIO, {errc::io}},   // compressed: of the packed file; else of the manifest
      {"publish", renames, EROFS, {errc::backup_failed}},
      {"publish", syncs, EIO, {errc::io}},
  };
  for (const bool compress : {false, true})
    for (const auto& one : failures) {
      // Only a compressed backup is written a second time.
      if (!compress && one.point == "hash" && &one.calls == &writes)
        continue;
      if (needs_pipes && &one.calls == &writes)
        continue;
      auto s = f.settings();
      s.compress = compress;
      s.at = failing_at(one);
      CAF_MESSAGE(one.point << " " << one.number << (compress ? " compressed" : ""));
      const auto result = in_child([&] { f.make(s); });
      CAF_CHECK(!result.died);
      CAF_CHECK(is_one_of(result.code, one.expected));
      CAF_CHECK(!result.message.empty());
      CAF_CHECK_EQUAL(f.files(), before);
    }
  // Control: the same run without a failure succeeds, and the folder is intact.
  const failure none{"page", writes, 0, {}};
  auto s = f.settings();
  s.at = failing_at(none);
  CAF_CHECK_EQUAL(in_child([&] { f.make(s); }).code, errc::none);
  CAF_CHECK_EQUAL(f.files().size(), before.size() + 2);
  for (const auto& made : dbengine::backup::list_backups(f.backups))
    CAF_CHECK(verify_backup(made.path).ok);
}

CAF_TEST(a backup is made where no thread can be had) {
  if (!calls_can_fail())
    DBENGINE_SKIP("this kernel filters no system calls");
  backup_fixture f;
  const failure no_thread{"hash", threads, EAGAIN, {}};
  for (const bool compress : {false, true}) {
    auto s = f.settings();
    s.compress = compress;
    s.at = failing_at(no_thread);
    const auto result = in_child([&] {
      f.make(s);
      // Checks that there really was no thread.
      try {
        std::thread([] {}).join();
      } catch (const std::system_error&) {
        return;
      }
      throw error(errc::internal, "a thread was had");
    });
    CAF_CHECK_EQUAL(result.code, errc::none);
    CAF_CHECK_EQUAL(result.message, "");
  }
  const auto listed = dbengine::backup::list_backups(f.backups);
  CAF_CHECK_EQUAL(listed.size(), 2u);
  for (const auto& made : listed)
    CAF_CHECK(made.verified && verify_backup(made.path).ok);
}

CAF_TEST(a file size limit at any size fails the backup and leaves nothing) {
  backup_fixture f(300);
  const auto whole = f.make();
  const auto before = f.files();
  int failed = 0;
  for (const bool compress : {false, true})
    for (std::uint64_t limit = 0; limit < whole.size_bytes; limit += whole.size_bytes / 16) {
      auto s = f.settings();
      s.compress = compress;
      const auto result = in_child([&] {
        // Without this, the signal of the limit would end the process, whether SQLite or the engine
        // writes.
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit bound{limit, limit};
        if (setrlimit(RLIMIT_FSIZE, &bound) != 0)
          throw error(errc::internal, "setrlimit");
        f.make(s);
      });
      CAF_CHECK_EQUAL(result.code, errc::disk_full);
      CAF_CHECK_EQUAL(f.files(), before);
      ++failed;
    }
  CAF_CHECK(failed >= 32);
  CAF_CHECK(verify_backup(f.make().path).ok);
}

CAF_TEST(a folder that may not be read or written fails the backup) {
  backup_fixture f;
  const auto good = f.make();
  const auto before = f.files();
  for (const mode_t mode : {0000U, 0100U, 0300U, 0400U, 0500U}) {
    CAF_REQUIRE(chmod(f.backups.c_str(), mode) == 0);
    for (const bool locked_once : {true, false}) {
      if (!locked_once)
        std::filesystem::remove(f.backups / dbengine::backup::backup_lock_name);
      const auto result = in_child([&] {
        drop_override_of_modes();
        f.make();
      });
      CAF_CHECK_EQUAL(result.code, errc::backup_failed);
      CAF_CHECK(result.message.find(f.backups.string()) != std::string::npos);
    }
    const auto pruned = in_child([&] {
      drop_override_of_modes();
      dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 1}, {}, false);
    });
    CAF_CHECK_EQUAL(pruned.code, errc::backup_failed);
    CAF_REQUIRE(chmod(f.backups.c_str(), 0700) == 0);
    CAF_CHECK_EQUAL(f.files(), before);
  }
  CAF_CHECK(verify_backup(good.path).ok);
  CAF_CHECK(verify_backup(f.make().path).ok);
}

CAF_TEST(a folder that is deleted or moved at any point fails the backup) {
  backup_fixture f;
  const auto aside = f.folder.path / "aside";
  for (const bool moved : {false, true})
    for (const std::string point :
         {"directory", "open", "pin", "page", "count", "sync", "verify", "hash", "manifest"}) {
      auto s = f.settings();
      s.at = [&](std::string_view p) {
        if (p != point || std::filesystem::exists(aside))
          return;
        if (moved)
          std::filesystem::rename(f.backups, aside);
        else
          std::filesystem::remove_all(f.backups);
      };
      CAF_MESSAGE(point << (moved ? " moved" : " deleted"));
      CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
      CAF_CHECK(f.files().empty());
      if (moved) {
        std::filesystem::remove(aside / dbengine::backup::backup_lock_name);
        CAF_CHECK(std::filesystem::is_empty(aside));
        std::filesystem::remove(aside);
      }
    }
  CAF_CHECK(verify_backup(f.make().path).ok);
}

CAF_TEST(a retention that the system fails loses no backup that stays) {
  if (!calls_can_fail())
    DBENGINE_SKIP("this kernel filters no system calls");
  backup_fixture f(10);
  for (int i = 0; i < 4; ++i)
    f.make();
  const failure failures[] = {
      {"", listings, EIO, {errc::io}},
      {"", removals, EIO, {errc::io}},
      {"", removals, EACCES, {errc::backup_failed}},
      {"retention manifest", removals, EIO, {errc::io}},
  };
  for (const auto& one : failures) {
    const auto prune = [&] {
      const auto at = failing_at(one);
      at("");
      dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 1}, {}, false, at);
    };
    const auto result = in_child(prune);
    CAF_CHECK(!result.died && is_one_of(result.code, one.expected));
    dbengine::backup::clean_backup_directory(f.backups);
    const auto listed = dbengine::backup::list_backups(f.backups, f.source());
    // If the removal of a manifest failed, its backup is gone already.
    CAF_CHECK_EQUAL(listed.size(), one.point.empty() ? 4u : 3u);
    CAF_CHECK_EQUAL(f.files().size(), 2 * listed.size());
    for (const auto& file : listed)
      CAF_CHECK(file.verified && verify_backup(file.path).ok);
  }
  CAF_CHECK_EQUAL(
      backup::apply_retention(f.backups, f.source(), {.keep_count = 1}, {}, false).removed.size(),
      2u);
}

CAF_TEST(a restore that the system fails leaves a whole database) {
  if (!calls_can_fail())
    DBENGINE_SKIP("this kernel filters no system calls");
  backup_fixture f(100);
  const auto made = f.make();
  dbengine::sqlite::run_sql(f.db.get(),
                            "DELETE FROM t WHERE id > 50; PRAGMA wal_checkpoint(truncate)", "q");
  f.db.reset();
  const failure failures[] = {
      {"copy", reads, EIO, {errc::io, errc::backup_failed}},
      {"copy", writes, ENOSPC, {errc::disk_full}},
      {"sync", syncs, EIO, {errc::io}},
      {"guard", opens, EACCES, {errc::cannot_open, errc::backup_failed}},
      {"keep", links, EPERM, {errc::backup_failed}},
      {"keep", syncs, EIO, {errc::io}},
      {"rename", renames, EIO, {errc::io}},
      {"rename", syncs, EIO, {errc::io}},
      {"open", opens, EACCES, {errc::cannot_open}},
      {"open", reads, EIO, {errc::io}},
  };
  for (const auto& one : failures) {
    CAF_MESSAGE(one.point << " " << one.number);
    const auto result = in_child([&] {
      dbengine::backup::restore(
          {.backup = made.path, .target = f.database, .force = true, .at = failing_at(one)});
    });
    CAF_MESSAGE("it says " << to_string(result.code));
    CAF_CHECK(!result.died && is_one_of(result.code, one.expected));
    // The next opening does the same.
    dbengine::backup::clean_after_restore(f.database);
    const auto db = open_plain(f.database);
    CAF_CHECK(sqlite::column_of(db.get(), "PRAGMA integrity_check", "q").at(0) == "ok");
    const auto rows = number(db.get(), "SELECT count(*) FROM t");
    // If restoring the old file also fails, the new one is in place and complete.
    CAF_CHECK(rows == 50 || (rows == 100 && one.point == "rename"));
    for (const auto& e : std::filesystem::directory_iterator(f.folder.path))
      CAF_CHECK(e.path().filename().string().find("restore") == std::string::npos);
  }
  CAF_CHECK_EQUAL(in_child([&] { restore_backup(made.path, f.database, true); }).code, errc::none);
  CAF_CHECK_EQUAL(number(open_plain(f.database).get(), "SELECT count(*) FROM t"), 100);
}
