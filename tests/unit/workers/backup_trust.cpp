// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Backups of an engine whose environment changes: other files, other folders, other clocks,
// requests that fail.

#include "backup/backup_catalog.hpp"
#include "os/pinned_file.hpp"
#include "support/engine/backed_up_engine.hpp"
#include "support/eventually.hpp"

#include <dbengine/actors/handles.hpp>
#include <dbengine/actors/messages.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// The name of the code that a request fails with, "none" if it is answered.
template <class Result, class Request>
std::string failure(const caf::scoped_actor& self, const engine_actor& engine, Request request) {
  std::string result = "none";
  self->request(engine, caf::infinite, std::move(request))
      .receive([](const Result&) {},
               [&](const caf::error& e) {
                 result = std::string(to_string(actors::to_error(e).code()));
               });
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(backup_trust_tests, backed_up_engine)

CAF_TEST(a backup to a path says nothing of the periodic ones) {
  std::ofstream(backups) << "no folder";
  const auto db = open(periodic(1h));
  CAF_CHECK(eventually([&] { return db.get_backup_info().failed_backups >= 1; }));
  // A periodic backup may be failing at this moment.
  CAF_CHECK(eventually(
      [&] { return code_of([&] { db.backup_to(folder.path / "mine.db"); }) == "none"; }));
  const auto info = db.get_backup_info();
  CAF_CHECK(!info.last_error.empty());
  CAF_CHECK(!info.last_backup);
  CAF_CHECK_EQUAL(info.total_backups, 1u);
  CAF_CHECK(!db.health().ok);
  // The series of failures continues unchanged.
  const auto failed = info.failed_backups;
  CAF_CHECK(eventually([&] { return db.get_backup_info().failed_backups > failed; }));
}

CAF_TEST(what a caller brings about is no failure of the engine) {
  auto o = settings();
  o.backup_pages_per_step = 1; // so that the backup takes longer than its deadline below
  o.backup_pause = 5ms;
  const auto db = open(o);
  db.backup_to(folder.path / "mine.db");
  CAF_CHECK_EQUAL(code_of([&] { db.backup_to(folder.path / "mine.db"); }), "backup_failed");
  CAF_CHECK_EQUAL(code_of([&] {
                    db.backup_to(folder.path / "other.db",
                                 [](const backup_progress&) { return false; });
                  }),
                  "cancelled");
  std::stop_source stop;
  stop.request_stop();
  CAF_CHECK_EQUAL(code_of([&] { db.with_cancel(stop.get_token()).request_backup(); }), "cancelled");
  CAF_CHECK_EQUAL(code_of([&] { db.with_timeout(1ms).request_backup(); }), "timeout");
  CAF_CHECK(eventually([&] { return db.health().ok; }));
  CAF_CHECK(db.get_backup_info().last_error.empty());
  CAF_CHECK(db.request_backup());
}

CAF_TEST(what a dead process left goes with the next backup where none are enabled) {
  std::filesystem::create_directory(backups);
  std::ofstream(backups / "backup_20200101_000000.sqlite.partial") << "x";
  const auto db = open(settings()); // does not clean the folder
  CAF_CHECK(std::filesystem::exists(backups / "backup_20200101_000000.sqlite.partial"));
  CAF_REQUIRE(db.request_backup());
  CAF_CHECK(!std::filesystem::exists(backups / "backup_20200101_000000.sqlite.partial"));
}

CAF_TEST(another file in the place of the database is not backed up) {
  const auto db = open(settings());
  CAF_REQUIRE(db.request_backup());
  const auto path = folder.path / "test.db";
  std::filesystem::rename(path, folder.path / "moved.db");
  { const db_engine other(folder.url("other.db")); }
  std::filesystem::rename(folder.path / "other.db", path);
  CAF_CHECK_EQUAL(code_of([&] { db.request_backup(); }), "backup_failed");
  // The same after a write has detected the replacement.
  CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t (v) VALUES ('x')"); }), "fenced");
  CAF_CHECK_EQUAL(code_of([&] { db.request_backup(); }), "fenced");
  CAF_CHECK_EQUAL(db.get_backup_info().backup_files.size(), 1u);
}

CAF_TEST(a backup of the future puts no periodic backup off) {
  {
    const auto db = open(settings());
    CAF_REQUIRE(db.request_backup());
  }
  // Made while the clock was wrong: name and manifest have that time.
  const auto made = dbengine::backup::list_backups(backups).at(0).filename;
  const std::string future = "backup_20990101_000000.sqlite";
  std::ifstream in(backups / (made + ".json"));
  std::string text((std::istreambuf_iterator<char>(in)), {});
  text.replace(text.find(made), made.size(), future);
  const auto at = text.find("\"started_unix_ms\": ") + 19;
  text.replace(at, text.find(',', at) - at, "4070908800000");
  std::ofstream(backups / (future + ".json")) << text;
  std::filesystem::rename(backups / made, backups / future);
  std::filesystem::remove(backups / (made + ".json"));
  {
    const auto db = open(settings());
    CAF_CHECK(db.health().last_backup_age == 0s);
  }
  const auto db = open(periodic(1h));
  CAF_CHECK(eventually([&] { return db.get_backup_info().total_backups == 1; }));
}

CAF_TEST(the age of the last backup is known after a restart) {
  {
    const auto db = open(settings());
    CAF_CHECK(!db.health().last_backup_age);
    CAF_REQUIRE(db.request_backup());
  }
  const auto db = open(settings());
  CAF_CHECK(db.health().last_backup_age.has_value());
  CAF_CHECK(db.get_stats().last_backup_time.has_value());
  CAF_CHECK(db.get_backup_info().last_backup.has_value());
}

CAF_TEST(a relative folder stays where it was when the engine opened) {
  const auto home = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  const auto db = open({.backup_dir = "backups"});
  std::filesystem::create_directory(folder.path / "elsewhere");
  std::filesystem::current_path(folder.path / "elsewhere");
  CAF_CHECK(db.request_backup());
  std::filesystem::current_path(home);
  CAF_CHECK(std::filesystem::is_directory(backups));
  CAF_CHECK(!std::filesystem::exists(folder.path / "elsewhere" / "backups"));
  CAF_CHECK_EQUAL(db.get_backup_info().backup_files.size(), 1u);
}

CAF_TEST(in a working folder that was deleted an engine opens and a backup says what is missing) {
  const auto home = std::filesystem::current_path();
  std::filesystem::create_directory(folder.path / "lost");
  std::filesystem::current_path(folder.path / "lost");
  std::filesystem::remove(folder.path / "lost");
  {
    const auto db = open({.backup_dir = "backups"});
    CAF_CHECK_EQUAL(code_of([&] { db.request_backup(); }), "backup_failed");
    CAF_CHECK_EQUAL(code_of([&] { db.backup_to("mine.db"); }), "backup_failed");
    CAF_CHECK_EQUAL(code_of([&] { db.backup_to(""); }), "invalid_option");
    CAF_CHECK(db.get_backup_info().last_error.find("cannot find the directory") !=
              std::string::npos);
    db.backup_to(folder.path / "mine.db");
  }
  std::filesystem::current_path(home);
  CAF_CHECK(verify_backup(folder.path / "mine.db").ok);
}

CAF_TEST(the name decides whether a backup to a path is compressed) {
  auto o = settings();
  o.backup_compress = true;
  const auto db = open(o);
  db.backup_to(folder.path / "plain.db");
  db.backup_to(folder.path / "packed.db.zst");
  const auto begins_as = [&](const char* name) {
    std::ifstream in(folder.path / name, std::ios::binary);
    std::string head(4, '\0');
    in.read(head.data(), 4);
    return head;
  };
  CAF_CHECK_EQUAL(begins_as("plain.db"), "SQLi");
  CAF_CHECK_EQUAL(begins_as("packed.db.zst"), "\x28\xb5\x2f\xfd");
  CAF_CHECK(verify_backup(folder.path / "packed.db.zst").ok);
}

CAF_TEST(a file in rollback mode is not replaced while a read - only engine has it) {
  {
    const auto db = open(settings());
    db.backup_to(folder.path / "made.db");
  }
  const auto target = folder.path / "target.db";
  restore_backup(folder.path / "made.db", target); // in rollback mode, until the first write
  {
    const db_engine reads(target.string(), {.read_only = true});
    CAF_CHECK(reads.fetch_value<int>("SELECT count(*) FROM t") == 3);
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(folder.path / "made.db", target, true); }),
                    "locked");
    // Other programs may write to it nevertheless.
    const db_engine writes(target.string());
    writes.execute("INSERT INTO t (v) VALUES ('d')");
  }
  restore_backup(folder.path / "made.db", target, true);
}

CAF_TEST(the typed handle backs up by path and verifies and prunes) {
  caf::actor_system_config cfg;
  actors::setup(cfg);
  caf::actor_system sys(cfg);
  {
    const auto engine = actors::spawn_engine(sys, folder.url(), settings());
    caf::scoped_actor self(sys);
    const auto target = folder.path / "mine.db";
    CAF_CHECK_EQUAL(failure<bool>(self, engine, backup_to_request{.target = target}), "none");
    CAF_CHECK_EQUAL(failure<bool>(self, engine, backup_to_request{.target = target}),
                    "backup_failed");
    verify_report report;
    self->request(engine, caf::infinite, verify_request{.path = target})
        .receive([&](verify_report& r) { report = std::move(r); }, [](const caf::error&) {});
    CAF_CHECK(report.ok && report.has_manifest);
    for (int i = 0; i < 3; ++i)
      CAF_CHECK_EQUAL(failure<bool>(self, engine, backup_request{}), "none");
    const auto pruned = [&](bool dry_run) {
      prune_report result;
      self->request(engine, caf::infinite,
                    prune_request{.policy = {.keep_count = 1}, .dry_run = dry_run})
          .receive([&](prune_report& r) { result = std::move(r); }, [](const caf::error&) {});
      return result;
    };
    CAF_CHECK_EQUAL(pruned(true).removed.size(), 2u);
    CAF_CHECK_EQUAL(pruned(false).removed.size(), 2u);
    CAF_CHECK_EQUAL(pruned(false).kept.size(), 1u);
    CAF_CHECK_EQUAL(
        failure<prune_report>(self, engine, prune_request{.policy = {.keep_count = -1}}),
        "invalid_option");
    // A read-only request writes no file.
    CAF_CHECK_EQUAL(failure<bool>(self, engine,
                                  backup_to_request{.target = folder.path / "x.db",
                                                    .options = {.read_only = true}}),
                    "read_only");
    // Deadlines and cancellation.
    CAF_CHECK_EQUAL(failure<bool>(self, engine, backup_request{.options = {.timeout = -1ms}}),
                    "timeout");
    CAF_CHECK_EQUAL(failure<verify_report>(
                        self, engine, verify_request{.path = target, .options = {.timeout = -1ms}}),
                    "timeout");
    auto answer = self->request(
        engine, caf::infinite,
        backup_to_request{.target = folder.path / "stopped.db", .options = {.cancel_token = 7}});
    self->send(engine, cancel_request{.cancel_token = 7});
    std::string result = "none";
    answer.receive(
        [](bool) {},
        [&](const caf::error& e) { result = std::string(to_string(actors::to_error(e).code())); });
    CAF_CHECK(result == "cancelled" || result == "none"); // the backup may have been faster
    CAF_CHECK_EQUAL(std::filesystem::exists(folder.path / "stopped.db"), result == "none");
    actors::shutdown(sys, engine);
  }
}

CAF_TEST(a backup over the handle ends when it is cancelled) {
  caf::actor_system_config cfg;
  actors::setup(cfg);
  caf::actor_system sys(cfg);
  {
    {
      const db_engine db(folder.url());
      db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
      db.execute("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 20000) "
                 "INSERT INTO t SELECT x, printf('%0200d', x) FROM c");
    }
    auto o = settings();
    o.backup_pages_per_step = 1;
    o.backup_pause = 10ms; // some 1,100 pages: more than ten seconds
    const auto engine = actors::spawn_engine(sys, folder.url(), o);
    caf::scoped_actor self(sys);
    const auto code_with = [&](call_options options, bool cancel) {
      const auto token = options.cancel_token;
      auto answer = self->request(engine, caf::infinite, backup_request{.options = options});
      if (cancel)
        self->send(engine, cancel_request{.cancel_token = token});
      std::string result = "none";
      answer.receive([](bool) {},
                     [&](const caf::error& e) {
                       result = std::string(to_string(actors::to_error(e).code()));
                     });
      return result;
    };
    CAF_CHECK_EQUAL(code_with({.cancel_token = 9}, true), "cancelled");
    CAF_CHECK_EQUAL(code_with({.timeout = 50ms}, false), "timeout");
    for (const auto& e : std::filesystem::directory_iterator(backups))
      CAF_CHECK_EQUAL(e.path().filename().string(), backup::backup_lock_name);
    actors::shutdown(sys, engine);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
