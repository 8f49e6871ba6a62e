// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a backup refuses: an endless write-ahead log, another file's content, a name in use.
#include "support/engine/backup_fixture.hpp"

#include <sys/stat.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

// A pause is never shorter than requested, so the time has a lower bound on any machine.
CAF_TEST(pages for each step and the pause between them bound the rate) {
  backup_fixture f(2000);
  auto s = f.settings();
  s.pages_per_step = 4;
  s.pause = 5ms;
  std::vector<std::chrono::steady_clock::time_point> steps;
  s.at = [&](std::string_view p) {
    if (p == "page")
      steps.push_back(std::chrono::steady_clock::now());
  };
  const auto made = f.make(s);
  CAF_CHECK(steps.size() >= made.pages / 4);
  CAF_CHECK(steps.size() > 20);
  for (std::size_t i = 1; i < steps.size(); ++i)
    CAF_CHECK(steps[i] - steps[i - 1] >= 5ms);
}

CAF_TEST(past the limit of the WAL a backup fails and leaves nothing) {
  for (const std::string point : {"page", "count"}) {
    const backup_fixture f;
    auto s = f.settings();
    s.pages_per_step = 8;
    std::uint64_t wal = 0;
    s.wal_bytes = [&] { return wal; };
    s.wal_limit = 1000;
    int seen = 0;
    s.at = [&](std::string_view p) {
      if (p == point && ++seen == (point == "page" ? 3 : 1))
        wal = 1001;
    };
    std::string why;
    try {
      f.make(s);
    } catch (const error& e) {
      why = e.what();
    }
    CAF_CHECK(why.find("write-ahead log grew past 1000 bytes") != std::string::npos);
    CAF_CHECK(f.files().empty());
    // A log that was that long before the backup does not count against it, and 0 means no bound.
    CAF_CHECK(f.make(s).verified);
    wal = 5000;
    s.wal_limit = 0;
    CAF_CHECK(f.make(s).verified);
  }
}

//  a writer in this process               | the backup
//  ---------------------------------------+--------------------------------
//                                         | pins
//  commits 100 pages at each point        | copies 1 page
//                                         | fails before the log is much longer
CAF_TEST(the limit holds against a real write - ahead log) {
  backup_fixture f(2000);
  constexpr std::uint64_t limit = 2'000'000;
  dbengine::sqlite::run_sql(f.db.get(), "PRAGMA wal_checkpoint(truncate)", "empty the log");
  auto s = f.settings();
  s.pages_per_step = 1;
  s.max_wal_bytes = 1ull << 40; // the log is never urgent
  s.wal_limit = limit;
  s.at = [&](std::string_view p) {
    if (p == "page")
      dbengine::sqlite::run_sql(f.db.get(),
                                "UPDATE t SET v = printf('%0100d', id + 1) WHERE id < 2000", "q");
  };
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK(f.files().empty());
  const auto grown = std::filesystem::file_size(f.database.string() + "-wal");
  CAF_MESSAGE("the log has " << grown << " bytes, its limit is " << limit);
  // The excess is at most what one step of the writer adds.
  CAF_CHECK(grown > limit && grown < 2 * limit);
}

CAF_TEST(another file in the place of the database is not backed up) {
  backup_fixture f(10);
  auto s = f.settings();
  struct stat st {};
  CAF_REQUIRE(stat(f.database.c_str(), &st) == 0);
  s.identity = {st.st_dev, st.st_ino};
  CAF_CHECK(f.make(s).verified);
  const auto before = f.files();
  std::filesystem::rename(f.database, f.folder.path / "moved");
  open_plain(f.database);
  dbengine::sqlite::run_sql(open_plain(f.database).get(), "CREATE TABLE t (x)", "another");
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK_EQUAL(f.files(), before);
}

CAF_TEST(a backup into a path goes on where its maker died between the names) {
  backup_fixture f(10);
  auto s = f.settings();
  s.target = f.folder.path / "mine.db";
  s.directory.clear();
  f.make(s);
  const auto beside = s.target.string() + ".json";
  // The state after a kill: the manifest has its final name, the backup does not.
  std::filesystem::rename(s.target, s.target.string() + ".partial");
  CAF_CHECK(f.make(s).verified);
  CAF_CHECK(verify_backup(s.target).ok);
  CAF_CHECK(!std::filesystem::exists(s.target.string() + ".partial"));
  // A foreign file of that name stays.
  std::filesystem::remove(s.target);
  write_file(beside, "{\"mine\": 1}");
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK_EQUAL(std::filesystem::file_size(beside), 11u);
}

CAF_TEST(a source that is damaged while it is copied fails the backup) {
  backup_fixture f(5000);
  dbengine::sqlite::run_sql(f.db.get(), "PRAGMA wal_checkpoint(truncate)", "into the file");
  auto s = f.settings();
  s.pages_per_step = 4;
  int pages = 0;
  s.at = [&](std::string_view p) {
    if (p == "page" && ++pages == 2)
      damage(f.database, 4096 * 100); // ahead of the copy
  };
  CAF_CHECK_EQUAL(code_of([&] { f.make(s); }), errc::backup_failed);
  CAF_CHECK(pages > 10);
  CAF_CHECK(f.files().empty());
}

// Each of the three checks finds what the others miss: row counts, page count, `integrity_check`.
CAF_TEST(a copy that is not what was pinned is no backup) {
  const std::pair<const char*, const char*> changes[] = {
      {"DELETE FROM t WHERE id = 7",
       "the numbers of rows in its tables differ from those of the snapshot"},
      {"CREATE TABLE more (x)", "pages of"},
      {"DELETE FROM t WHERE id > 500; VACUUM", "pages of"},
      // Equal numbers of rows and pages, but an index with a wrong definition.
      {"PRAGMA writable_schema = on;"
       "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t (v DESC)' WHERE name = 'i'",
       "index i"},
  };
  for (const auto& [sql, why] : changes)
    for (const bool compress : {false, true}) {
      backup_fixture f;
      auto s = f.settings();
      s.compress = compress;
      s.at = [&](std::string_view p) {
        if (p == "sync")
          for (const auto& name : f.files())
            dbengine::sqlite::run_sql(open_plain(f.backups / name).get(), sql, "change the copy");
      };
      std::string message;
      try {
        f.make(s);
      } catch (const error& e) {
        message = e.what();
      }
      CAF_CHECK(message.find("the copy does not verify") != std::string::npos);
      CAF_CHECK(message.find(why) != std::string::npos);
      CAF_CHECK(f.files().empty());
    }
}

//  this thread                    | the backup
//  -------------------------------+---------------------------------------
//                                 | pins
//  commits before each step       | continues, ends after its pages
CAF_TEST(a backup under a writer ends after its pages and holds the first state) {
  backup_fixture f(2000);
  auto s = f.settings();
  s.pages_per_step = 16;
  std::uint64_t steps = 0;
  s.at = [&](std::string_view p) {
    if (p != "page")
      return;
    if (++steps > 1000)
      throw error(errc::internal, "it began anew, again and again");
    dbengine::sqlite::run_sql(
        f.db.get(), "UPDATE t SET v = 'later'; DELETE FROM t WHERE id = " + std::to_string(steps),
        "write");
  };
  const auto made = f.make(s);
  CAF_CHECK_EQUAL(steps, (made.pages + 15) / 16);
  const auto copy = open_plain(made.path);
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT count(*) FROM t WHERE v <> 'later'"), 2000);
}

//  this thread                    | SQLite's online backup, without a pin
//  -------------------------------+---------------------------------------
//  commits after each step        | restarts each time, never ends
//                                 |
//  commits after each step        | with the pin: ends after its pages
CAF_TEST(without the pin a copy under a writer never ends) {
  backup_fixture f(2000);
  const auto target = open_plain(f.folder.path / "copy.db");
  const auto source =
      dbengine::sqlite::open_database(f.database.string(), SQLITE_OPEN_READONLY, nullptr, "open");
  const auto steps_until_done = [&](int most) {
    sqlite3_backup* b = sqlite3_backup_init(target.get(), "main", source.get(), "main");
    int steps = 0;
    while (steps < most && sqlite3_backup_step(b, 16) == SQLITE_OK) {
      ++steps;
      dbengine::sqlite::run_sql(f.db.get(), "UPDATE t SET v = 'x' WHERE id = 1", "write");
    }
    sqlite3_backup_finish(b);
    return steps;
  };
  CAF_CHECK_EQUAL(steps_until_done(1000), 1000);
  dbengine::sqlite::run_sql(source.get(), "BEGIN; SELECT count(*) FROM sqlite_schema", "pin");
  CAF_CHECK(steps_until_done(1000) < 200);
}
