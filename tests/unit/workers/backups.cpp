// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Backups of a running engine: periodic and on request, one at a time, counted and reported, by the
// facade and the typed handle.

#include "backup/backup_catalog.hpp"
#include "support/engine/backed_up_engine.hpp"
#include "support/eventually.hpp"

#include <dbengine/actors/messages.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <set>
#include <sys/stat.h>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

struct fixture : backed_up_engine {
  /// The files in the folder except the lock file.
  std::set<std::string> files() const {
    std::set<std::string> result;
    if (std::filesystem::is_directory(backups))
      for (const auto& e : std::filesystem::directory_iterator(backups))
        if (e.path().filename() != dbengine::backup::backup_lock_name)
          result.insert(e.path().filename());
    return result;
  }
};

std::int64_t rows_of(const std::filesystem::path& path) {
  const db_engine db(path.string(), {.read_only = true});
  return db.fetch_value<std::int64_t>("SELECT count(*) FROM t").value();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(backup_tests, fixture)

CAF_TEST(a backup on request is made where none are enabled) {
  const auto db = open(settings());
  CAF_CHECK(!db.get_backup_info().last_backup);
  CAF_CHECK(db.request_backup());
  const auto info = db.get_backup_info();
  CAF_CHECK(!info.enabled && !info.next_due && !info.running && info.last_error.empty());
  CAF_CHECK_EQUAL(info.interval, defaults::backup_interval);
  CAF_CHECK_EQUAL(info.directory, backups);
  CAF_CHECK(info.last_backup.has_value());
  CAF_CHECK_EQUAL(info.total_backups, 1u);
  CAF_CHECK_EQUAL(info.failed_backups, 0u);
  CAF_REQUIRE_EQUAL(info.backup_files.size(), 1u);
  const auto& file = info.backup_files.front();
  CAF_CHECK(file.verified && file.path == backups / file.filename);
  CAF_CHECK_EQUAL(file.size_bytes, std::filesystem::file_size(file.path));
  CAF_CHECK_EQUAL(verify_backup(file.path).sha256, file.sha256);
  CAF_CHECK_EQUAL(rows_of(file.path), 3);
  for (const auto& name : files()) {
    struct stat s {};
    CAF_REQUIRE(stat((backups / name).c_str(), &s) == 0);
    CAF_CHECK_EQUAL(s.st_mode & 0777U, 0600U);
  }
  CAF_CHECK_EQUAL(db.get_stats().backups, 1u);
  CAF_CHECK(db.health().last_backup_age.has_value());
}

CAF_TEST(periodic backups begin at once where there is none and keep what the options say) {
  auto o = periodic(1s);
  o.backup_cleanup_keep_count = 2;
  {
    const auto db = open(o);
    CAF_CHECK(eventually([&] { return db.get_backup_info().total_backups >= 4; }));
    const auto info = db.get_backup_info();
    CAF_CHECK(info.enabled && info.next_due.has_value());
    CAF_CHECK_EQUAL(info.failed_backups, 0u);
    // Newest first, in different seconds: they were made at intervals, not in a burst.
    for (std::size_t i = 1; i < info.backup_files.size(); ++i)
      CAF_CHECK(info.backup_files[i - 1].time > info.backup_files[i].time);
  }
  const auto listed = dbengine::backup::list_backups(backups);
  // While a backup runs, there may be one more than retention keeps.
  CAF_CHECK(listed.size() == 2 || listed.size() == 3);
  for (const auto& file : listed)
    CAF_CHECK(verify_backup(file.path).ok);
}

CAF_TEST(the first periodic backup is due by the age of the newest one) {
  wall_time made;
  {
    const auto db = open(settings());
    CAF_REQUIRE(db.request_backup());
    made = db.get_backup_info().backup_files.front().time;
  }
  {
    const auto db = open(periodic(1h));
    const auto info = db.get_backup_info();
    CAF_REQUIRE(info.next_due.has_value());
    // The time in the name has whole seconds.
    CAF_CHECK(*info.next_due >= made + 1h - 1s && *info.next_due <= made + 1h + 1s);
    // The time in the manifest has milliseconds.
    CAF_REQUIRE(info.last_backup.has_value());
    CAF_CHECK(std::chrono::floor<std::chrono::seconds>(*info.last_backup) == made);
    CAF_CHECK_EQUAL(info.total_backups, 0u);
  }
  // One interval later: by its name, the newest backup is two hours old.
  const auto old = dbengine::backup::backup_name{
      .time = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - 2h)};
  for (const std::string suffix : {"", ".json"})
    for (const auto& f : dbengine::backup::list_backups(backups))
      if (std::filesystem::exists(f.path.string() + suffix) && f.filename != old.str())
        std::filesystem::copy(f.path.string() + suffix, backups / (old.str() + suffix),
                              std::filesystem::copy_options::overwrite_existing);
  for (const auto& name : files())
    if (!name.starts_with(old.str()))
      std::filesystem::remove(backups / name);
  const auto db = open(periodic(1h));
  CAF_CHECK(eventually([&] { return db.get_backup_info().total_backups == 1; }));
  CAF_CHECK(eventually([&] { return db.get_backup_info().next_due > made + 30min; }));
}

//  the backup's thread                 | this thread
//  ------------------------------------+------------------------------------------
//  copies, blocks in its callback      |
//                                      | request_backup: false; backup_to: busy
//  continues                           | waits for its end
//                                      | request_backup: true
CAF_TEST(one backup at a time) {
  const auto db = open(settings());
  std::atomic<bool> copying{false}, go_on{false};
  std::thread first([&] {
    db.backup_to(folder.path / "mine.db", [&](const backup_progress& p) {
      CAF_CHECK(p.pages_done <= p.pages_total);
      copying = true;
      copying.notify_all();
      go_on.wait(false);
      return true;
    });
  });
  copying.wait(false);
  CAF_CHECK(db.get_backup_info().running.has_value());
  CAF_CHECK(!db.request_backup());
  CAF_CHECK_EQUAL(code_of([&] { db.backup_to(folder.path / "other.db"); }), "busy");
  CAF_CHECK(!std::filesystem::exists(folder.path / "other.db"));
  go_on = true;
  go_on.notify_all();
  first.join();
  CAF_CHECK(verify_backup(folder.path / "mine.db").ok);
  CAF_CHECK(db.request_backup());
  // One at a time in that folder for any process: another process holds the lock file.
  const auto lock =
      dbengine::os::directory::open(backups, false).lock(dbengine::backup::backup_lock_name);
  CAF_REQUIRE(static_cast<bool>(lock));
  CAF_CHECK(!db.request_backup());
  CAF_CHECK_EQUAL(db.get_backup_info().failed_backups, 0u);
}

CAF_TEST(a backup is cancelled by its callback or its token or the end of the engine) {
  auto db = open(settings());
  const auto target = folder.path / "mine.db";
  const auto left = [&] {
    std::size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator(folder.path))
      n += e.path().filename().string().starts_with("mine");
    return n;
  };
  CAF_CHECK_EQUAL(
      code_of([&] { db.backup_to(target, [](const backup_progress&) { return false; }); }),
      "cancelled");
  std::stop_source stop;
  CAF_CHECK_EQUAL(code_of([&] {
                    db.with_cancel(stop.get_token()).backup_to(target, [&](const backup_progress&) {
                      stop.request_stop();
                      return true;
                    });
                  }),
                  "cancelled");
  struct own {};
  bool caught = false;
  try {
    db.backup_to(target, [](const backup_progress&) -> bool { throw own(); });
  } catch (const own&) {
    caught = true;
  }
  CAF_CHECK(caught);
  CAF_CHECK_EQUAL(left(), 0u);
  std::string code;
  std::atomic<bool> copying{false};
  std::thread running([&] {
    code = code_of([&] {
      db.backup_to(target, [&](const backup_progress&) {
        copying = true;
        copying.notify_all();
        return true;
      });
      // Completed before the shutdown reached it, which is also correct.
      std::filesystem::remove(target);
      std::filesystem::remove(target.string() + ".json");
    });
  });
  copying.wait(false);
  db.shutdown();
  running.join();
  CAF_CHECK(code == "cancelled" || code == "none");
  CAF_CHECK_EQUAL(left(), 0u);
  CAF_CHECK_EQUAL(code_of([&] { db.request_backup(); }), "shut_down");
}

CAF_TEST(a backup that fails is counted and reported and the next one works) {
  std::ofstream(backups) << "no folder";
  const auto db = open(settings());
  const auto why = failure_of([&] { db.request_backup(); });
  CAF_CHECK_EQUAL(why.code, errc::backup_failed);
  CAF_CHECK(why.message.find(backups.string()) != std::string::npos);
  auto info = db.get_backup_info();
  CAF_CHECK_EQUAL(info.failed_backups, 1u);
  CAF_CHECK(info.last_error.find("backup_failed") != std::string::npos);
  CAF_CHECK(!db.health().ok);
  std::filesystem::remove(backups);
  CAF_CHECK(db.request_backup());
  info = db.get_backup_info();
  CAF_CHECK(info.last_error.empty());
  CAF_CHECK_EQUAL(info.total_backups, 1u);
  CAF_CHECK(db.health().ok);
}

CAF_TEST(periodic backups are tried again until the folder is there) {
  std::ofstream(backups) << "no folder";
  // The database opens nevertheless.
  const auto db = open(periodic(1s));
  CAF_CHECK(eventually([&] { return db.get_backup_info().failed_backups >= 2; }));
  CAF_CHECK_EQUAL(db.get_backup_info().total_backups, 0u);
  std::filesystem::remove(backups);
  CAF_CHECK(eventually([&] { return db.get_backup_info().total_backups >= 1; }));
  CAF_CHECK(eventually([&] { return db.get_backup_info().last_error.empty(); }));
}

CAF_TEST(what a dead process left goes when the next engine starts) {
  std::filesystem::create_directory(backups);
  std::ofstream(backups / "backup_20200101_000000.sqlite.partial") << "x";
  const auto db = open(periodic(1h));
  CAF_CHECK(eventually([&] { return db.get_backup_info().total_backups == 1; }));
  for (const auto& name : files())
    CAF_CHECK(!name.ends_with(".partial"));
}

CAF_TEST(a memory database is backed up and restored to a file) {
  std::filesystem::path made;
  {
    const db_engine db("sqlite://", settings());
    db.execute_script("CREATE TABLE t (v TEXT); INSERT INTO t VALUES ('a'), ('b')");
    CAF_REQUIRE(db.request_backup());
    db.execute("INSERT INTO t VALUES ('later')");
    const auto info = db.get_backup_info();
    CAF_REQUIRE_EQUAL(info.backup_files.size(), 1u);
    made = info.backup_files.front().path;
    db.backup_to(folder.path / "given.db");
  }
  restore_backup(made, folder.path / "from-memory.db");
  CAF_CHECK_EQUAL(rows_of(folder.path / "from-memory.db"), 2);
  CAF_CHECK_EQUAL(rows_of(folder.path / "given.db"), 3);
}

CAF_TEST(a restore waits for no engine and takes nothing from one) {
  std::filesystem::path made;
  const auto target = folder.path / "test.db";
  {
    const auto db = open(settings());
    CAF_REQUIRE(db.request_backup());
    db.execute("DELETE FROM t WHERE v = 'a'");
    made = db.get_backup_info().backup_files.front().path;
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(made, target, true); }), "locked");
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 2);
    db.execute("INSERT INTO t (v) VALUES ('goes on')");
  }
  restore_backup(made, target, true);
  CAF_CHECK_EQUAL(rows_of(target), 3);
}

CAF_TEST(a compressed backup is listed and restored like any other) {
  auto o = settings();
  o.backup_compress = true;
  const auto db = open(o);
  CAF_REQUIRE(db.request_backup());
  const auto file = db.get_backup_info().backup_files.at(0);
  CAF_CHECK(file.compressed && file.verified && file.filename.ends_with(".sqlite.zst"));
  CAF_CHECK(verify_backup(file.path).ok);
  restore_backup(file.path, folder.path / "unpacked.db");
  CAF_CHECK_EQUAL(rows_of(folder.path / "unpacked.db"), 3);
}

CAF_TEST(the typed handle makes and reports backups) {
  caf::actor_system_config cfg;
  actors::setup(cfg);
  caf::actor_system sys(cfg);
  {
    auto engine = actors::spawn_engine(sys, folder.url(), settings());
    caf::scoped_actor self(sys);
    const auto made = [&] {
      std::optional<bool> result;
      self->request(engine, caf::infinite, backup_request{})
          .receive([&](bool ok) { result = ok; }, [](const caf::error&) {});
      return result;
    };
    // The scheduler starts a moment after the handle exists.
    const auto asked = [&] {
      std::optional<backup_info> result;
      self->request(engine, caf::infinite, backup_info_request{})
          .receive([&](backup_info& i) { result = std::move(i); }, [](const caf::error&) {});
      return result;
    };
    CAF_REQUIRE(eventually([&] { return asked().has_value(); }));
    CAF_REQUIRE(made() == std::optional(true));
    {
      const auto lock =
          dbengine::os::directory::open(backups, false).lock(dbengine::backup::backup_lock_name);
      CAF_CHECK(made() == std::optional(false));
    }
    const auto info = asked().value_or(backup_info{});
    CAF_CHECK_EQUAL(info.total_backups, 1u);
    CAF_CHECK_EQUAL(info.backup_files.size(), 1u);
    std::filesystem::remove_all(backups);
    std::ofstream(backups) << "no folder";
    CAF_CHECK(!made());
    actors::shutdown(sys, engine);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
