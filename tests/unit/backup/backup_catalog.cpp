// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of names, manifests, listings, cleaning and verification.
#include "support/engine/backup_fixture.hpp"

#include <sys/stat.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using dbengine::backup::backup_name;

CAF_TEST(names round trip and anything else is no name) {
  for (const std::string text : {"backup_20240229_235959.sqlite", "backup_20261123_000000_2.sqlite",
                                 "backup_20261123_000000_10.sqlite.zst"}) {
    const auto name = backup_name::parse(text);
    CAF_REQUIRE(name.has_value());
    CAF_CHECK_EQUAL(name->str(), text);
  }
  for (const std::string text :
       {"", "backup_", "backup_20230229_000000.sqlite", "backup_20240101_240000.sqlite",
        "backup_20240101_000000_1.sqlite", "backup_20240101_000000_02.sqlite",
        "backup_20240101_000000_.sqlite", "backup_20240101_000000.sqlite.partial",
        "backup_20240101_000000.sqlite.json", "xbackup_20240101_000000.sqlite",
        "backup_20240101_000000_99999999999999999999.sqlite", "backup_-0240101_000000.sqlite",
        "backup_20240101_000000_1000000000.sqlite", "backup_22620101_000000.sqlite",
        "backup_99991231_235959.sqlite", "backup_19691231_235959.sqlite"})
    CAF_CHECK(!backup_name::parse(text));
  CAF_CHECK(*backup_name::parse("backup_20261123_000000_9.sqlite") <
            *backup_name::parse("backup_20261123_000000_10.sqlite"));
}

CAF_TEST(a manifest round trips with any source and tables) {
  dbengine::backup::manifest m{.file = "f",
                               .source = "/a \"b\"\n",
                               .sha256 = "ab",
                               .size = 1ull << 60,
                               .verified = true,
                               .rows = {{"t\xff", 3}, {"", 0}}};
  std::string why;
  const auto back = dbengine::backup::manifest::parse(m.to_json(), why);
  CAF_REQUIRE(back.has_value());
  CAF_CHECK(back->source == m.source && back->size == m.size && back->rows.size() == 2 &&
            back->verified);
  for (const std::string text : {"", "[]", "{}", "{\"format\": 1}", "null",
                                 "{\"format\":\"dbengine-backup\",\"format_version\":1}"})
    CAF_CHECK(!backup::manifest::parse(text, why) && !why.empty());
}

CAF_TEST(foreign files and broken manifests do not disturb the listing) {
  backup_fixture f(10);
  const auto good = f.make();
  write_file(f.backups / "notes.txt", "x");
  write_file(f.backups / "backup_20200101_000000.sqlite", "no database");
  write_file(f.backups / "backup_20200101_000000.sqlite.json", "{ broken");
  std::filesystem::create_directory(f.backups / "backup_20200102_000000.sqlite");
  CAF_REQUIRE(mkfifo((f.backups / "backup_20200103_000000.sqlite").c_str(), 0600) == 0);
  CAF_REQUIRE(mkfifo((f.backups / (good.filename + "x.json")).c_str(), 0600) == 0);
  const auto listed = dbengine::backup::list_backups(f.backups, f.source());
  CAF_REQUIRE(listed.size() == 2);
  CAF_CHECK(listed[0].filename == good.filename && listed[0].verified);
  CAF_CHECK(!listed[1].verified);
  CAF_CHECK(!verify_backup(listed[1].path).ok);
  CAF_CHECK(!verify_backup(f.backups / "backup_20200103_000000.sqlite").ok);
  CAF_CHECK(!verify_backup(f.backups / "nothing").ok);
  CAF_CHECK(backup::list_backups(f.folder.path / "nowhere").empty());
}

CAF_TEST(verification finds every kind of damage) {
  backup_fixture f;
  auto made = f.make();
  damage(made.path, 4096 * 3 + 100);
  CAF_CHECK(!verify_backup(made.path).ok);
  made = f.make();
  std::filesystem::resize_file(made.path, made.size_bytes - 4096);
  CAF_CHECK(!backup::list_backups(f.backups).front().verified);
  CAF_CHECK(!verify_backup(made.path).ok);
  made = f.make();
  // Without a manifest the database file alone must suffice.
  std::filesystem::remove(made.path.string() + ".json");
  CAF_CHECK(verify_backup(made.path).ok && !verify_backup(made.path).has_manifest);
  std::filesystem::resize_file(made.path, made.size_bytes - 4096);
  CAF_CHECK(!verify_backup(made.path).ok);
  CAF_CHECK_EQUAL(
      code_of([&] { verify_backup(f.make().path, [](const backup_progress&) { return false; }); }),
      errc::cancelled);
}

CAF_TEST(what dead processes left is removed and nothing else) {
  backup_fixture f(10);
  const auto good = f.make();
  const std::string base = "backup_20200101_000000.sqlite";
  for (const auto& name : {base + ".partial", base + ".zst.partial", base + ".json.partial"})
    write_file(f.backups / name, "x");
  std::filesystem::copy(good.path.string() + ".json", f.backups / (base + ".json"));
  write_file(f.backups / "mine.partial", "x");
  write_file(f.backups / "backup_20200105_000000.sqlite.json", "not ours");
  CAF_CHECK_EQUAL(backup::clean_backup_directory(f.backups).size(), 4u);
  CAF_CHECK_EQUAL(f.files().size(), 4u);
  CAF_CHECK(verify_backup(good.path).ok);
}

CAF_TEST(the newest verified backup is known by its manifest) {
  using namespace std::chrono_literals;
  backup_fixture f(10);
  CAF_CHECK(!backup::newest_verified(f.backups, f.source()));
  auto s = f.settings();
  const wall_time now = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
  // The clock was wrong once. The next backup gets a later name, but the right time in its
  // manifest.
  s.now = [&] { return now + 24h * 365; };
  f.make(s);
  s.now = [&] { return now; };
  const auto made = f.make(s);
  CAF_CHECK(made.time > now);
  CAF_CHECK(backup::newest_verified(f.backups, f.source()) == now);
  CAF_CHECK(!backup::newest_verified(f.backups, "another"));
  // A later name without a manifest, or with a damaged file, does not count.
  write_file(f.backups / "backup_20990101_000000.sqlite", "nobody's");
  std::filesystem::resize_file(made.path, 100);
  CAF_CHECK(backup::newest_verified(f.backups, f.source()) == now + 24h * 365);
}

CAF_TEST(a manifest with an impossible time is broken) {
  dbengine::backup::manifest m{.file = "x", .source = "y"};
  std::string why;
  CAF_CHECK(backup::manifest::parse(m.to_json(), why).has_value());
  for (const std::string time : {"9223372036854775807", "-1", "9223372036855"}) {
    auto text = m.to_json();
    const auto at = text.find("\"started_unix_ms\": 0");
    CAF_REQUIRE(at != std::string::npos);
    text.replace(at + 19, 1, time);
    why.clear();
    CAF_CHECK(!backup::manifest::parse(text, why));
    CAF_CHECK(!why.empty());
  }
}

CAF_TEST(a manifest with a number that it cannot be is broken) {
  const dbengine::backup::manifest m{.file = "x", .source = "y", .pages = 7, .rows = {{"t", 7}}};
  std::string why;
  for (const std::string key : {"size", "pages", "page_size", "duration_ms", "started_unix_ms",
                                "foreign_key_violations", "t"})
    for (const std::string value :
         {"-1", "1e300", "1.5", "true", "null", "\"1\"", "[]", "18446744073709551616"}) {
      auto text = m.to_json();
      const auto at = text.find("\"" + key + "\": ") + key.size() + 4;
      CAF_REQUIRE(at != std::string::npos + key.size() + 4);
      text.replace(at, 1, value);
      why.clear();
      CAF_CHECK(!backup::manifest::parse(text, why));
      CAF_CHECK(!why.empty());
    }
  auto text = m.to_json();
  text.replace(text.find("{\n    \"t\""), std::string::npos, "[1]}");
  CAF_CHECK(!backup::manifest::parse(text, why));
}

CAF_TEST(a manifest that nests is refused before it takes memory) {
  const std::size_t n = 1'000'000;
  const auto deep = std::string(n, '[') + std::string(n, ']');
  std::string flat = "[";
  for (std::size_t i = 0; i < n; ++i)
    flat += "{},";
  flat += "{}]";
  for (const auto& inner : {deep, flat})
    for (const auto& text : {inner, "{\"format\": \"dbengine-backup\", \"rows\": " + inner + "}"}) {
      std::string why;
      CAF_CHECK(!backup::manifest::parse(text, why));
      CAF_CHECK_EQUAL(why, "it is not a JSON object of this kind");
    }
}

CAF_TEST(a manifest of very many tables is still read) {
  dbengine::backup::manifest m{.file = "x", .source = "y", .size = 3};
  for (int i = 0; i < 200'000; ++i)
    m.rows["a table with a long name and the number " + std::to_string(i)] = i;
  const auto text = m.to_json();
  CAF_CHECK(text.size() <= backup::max_manifest_bytes);
  std::string why;
  const auto back = dbengine::backup::manifest::parse(text, why);
  CAF_REQUIRE(back.has_value());
  CAF_CHECK(back->size == 3 && back->rows.empty());
}

//  one backup                | another
//  --------------------------+-------------------------------------------
//  copies                    |
//                            | (a user removes the lock file as stale)
//                            | begins, removes no file of the other, completes
//  completes                 |
CAF_TEST(what a living backup writes is no leftover though the lock file is gone) {
  backup_fixture f(100);
  auto s = f.settings();
  const wall_time now = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
  s.now = [&] { return now; };
  const auto first = dbengine::backup::backup_job::start(s);
  CAF_REQUIRE(first != nullptr);
  first->step();
  std::filesystem::remove(f.backups / dbengine::backup::backup_lock_name);
  CAF_CHECK(backup::clean_backup_directory(f.backups).empty());
  s.now = [&] { return now + std::chrono::hours(1); };
  const auto second = f.make(s);
  const auto made = first->run();
  CAF_CHECK(verify_backup(made.path).ok && verify_backup(second.path).ok);
  CAF_CHECK_EQUAL(f.files().size(), 4u);
}

CAF_TEST(pipes links and sockets under the names of something unfinished are removed) {
  backup_fixture f(10);
  f.make();
  const auto name = [&](int day) {
    return (f.backups / ("backup_2020010" + std::to_string(day) + "_000000.sqlite.partial"));
  };
  CAF_REQUIRE(mkfifo(name(1).c_str(), 0600) == 0);
  std::filesystem::create_symlink(f.database, name(2));
  std::filesystem::create_directory_symlink(f.folder.path, name(3));
  CAF_REQUIRE(mknod(name(4).c_str(), S_IFSOCK | 0600, 0) == 0);
  CAF_CHECK_EQUAL(backup::clean_backup_directory(f.backups).size(), 4u);
  CAF_CHECK_EQUAL(f.files().size(), 2u);
  CAF_CHECK(std::filesystem::exists(f.database));
}

CAF_TEST(a folder under the name of something unfinished stops no backup) {
  backup_fixture f(10);
  f.make();
  const auto folder = f.backups / "backup_20200101_000000.sqlite.partial";
  std::filesystem::create_directory(folder);
  CAF_CHECK(backup::clean_backup_directory(f.backups).empty());
  CAF_CHECK(f.make().verified);
  CAF_CHECK(std::filesystem::is_directory(folder));
}

CAF_TEST(reading a foreign folder leaves nothing there) {
  const temporary_folder folder;
  write_file(folder.path / "holiday.jpg", "x");
  CAF_CHECK(backup::clean_backup_directory(folder.path).empty());
  CAF_CHECK(!std::filesystem::exists(folder.path / backup::backup_lock_name));
}
