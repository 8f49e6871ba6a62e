// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The backups that retention removes, and those that it always keeps.
#include "support/engine/backup_fixture.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// Ages in days, newest first. A capital letter is a verified backup, a small letter a damaged one,
// '-' one of another database, '?' one without a manifest.
std::vector<dbengine::backup::catalog_entry> catalog(const std::string& kinds, wall_time now) {
  std::vector<dbengine::backup::catalog_entry> result;
  int day = 0;
  for (const char c : kinds) {
    dbengine::backup::catalog_entry e;
    e.file = {.filename = std::string(1, c) + std::to_string(day),
              .size_bytes = 100,
              .time = now - 24h * day++,
              .verified = c == 'V' || c == '-'};
    if (c != '?')
      e.about = dbengine::backup::manifest{.source = c == '-' ? "other" : "mine"};
    result.push_back(std::move(e));
  }
  return result;
}

std::string removed(const std::string& kinds, const retention_policy& policy) {
  const wall_time now = std::chrono::sys_days(std::chrono::year(2026) / 6 / 1);
  std::string result;
  for (const auto& f :
       dbengine::backup::plan_retention(catalog(kinds, now), "mine", policy, now).remove)
    result += f.filename + " ";
  return result;
}

} // namespace

CAF_TEST(plans by count age and size) {
  CAF_CHECK_EQUAL(removed("VVVV", {}), "");
  CAF_CHECK_EQUAL(removed("VVVV", {.keep_count = 2}), "V2 V3 ");
  CAF_CHECK_EQUAL(removed("VVVV", {.max_age = 36h}), "V2 V3 ");
  CAF_CHECK_EQUAL(removed("VVVV", {.max_bytes = 250}), "V2 V3 ");
  CAF_CHECK_EQUAL(removed("VVVV", {.keep_count = 3, .max_age = 12h}), "V1 V2 V3 ");
  // Damaged backups do not displace good ones; backups of other or unknown databases are not
  // touched.
  CAF_CHECK_EQUAL(removed("vvVVVv", {.keep_count = 2}), "V4 v5 ");
  CAF_CHECK_EQUAL(removed("V-?V-?V", {.keep_count = 2}), "V6 ");
  // The newest verified backup stays, whatever the bounds.
  CAF_CHECK_EQUAL(removed("vVV", {.max_age = 1s, .max_bytes = 1}), "V2 ");
  CAF_CHECK_EQUAL(removed("--?V", {.keep_count = 1, .max_age = 1s, .max_bytes = 1}), "");
}

CAF_TEST(retention removes files and manifests of this database only) {
  backup_fixture f(10), other(10);
  auto s = other.settings();
  s.directory = f.backups;
  const auto foreign = other.make(s);
  for (int i = 0; i < 5; ++i)
    f.make();
  const auto dry = dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 2},
                                                     std::chrono::system_clock::now(), true);
  CAF_CHECK(dry.removed.size() == 3 && dry.kept.size() == 2);
  CAF_CHECK_EQUAL(f.files().size(), 12u);
  const auto done = dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 2},
                                                      std::chrono::system_clock::now(), false);
  CAF_CHECK_EQUAL(done.removed.size(), 3u);
  CAF_CHECK_EQUAL(f.files().size(), 6u);
  CAF_CHECK(verify_backup(foreign.path).ok);
}

CAF_TEST(pruning by the URL of a database) {
  backup_fixture f(10), other(10);
  auto s = other.settings();
  s.directory = f.backups;
  other.make(s);
  std::vector<std::string> names;
  for (int i = 0; i < 4; ++i)
    names.insert(names.begin(), f.make().filename);
  const auto names_of = [](const std::vector<backup_file>& files) {
    std::vector<std::string> result;
    for (const auto& file : files)
      result.push_back(file.filename);
    return result;
  };
  const auto before = f.files();
  // A dry run writes nothing, so it creates no lock file …
  std::filesystem::remove(f.backups / dbengine::backup::backup_lock_name);
  const auto dry = prune_backups(f.backups, f.database.string(), {.keep_count = 1}, true);
  CAF_CHECK_EQUAL(names_of(dry.kept), std::vector<std::string>(names.begin(), names.begin() + 1));
  CAF_CHECK_EQUAL(names_of(dry.removed), std::vector<std::string>(names.begin() + 1, names.end()));
  CAF_CHECK_EQUAL(f.files(), before);
  CAF_CHECK(!std::filesystem::exists(f.backups / backup::backup_lock_name));
  // … and works beside a running backup, while a real run is skipped.
  {
    const auto running =
        dbengine::os::directory::open(f.backups, false).lock(dbengine::backup::backup_lock_name);
    CAF_CHECK_EQUAL(
        prune_backups(f.backups, f.database.string(), {.keep_count = 1}, true).removed.size(), 3u);
    CAF_CHECK(prune_backups(f.backups, f.database.string(), {.keep_count = 1}).skipped);
  }
  CAF_CHECK(prune_backups(f.backups, f.database.string(), {}).removed.empty());
  CAF_CHECK_EQUAL(f.files(), before);
  const auto url = "sqlite:///" + f.database.string();
  CAF_CHECK_EQUAL(names_of(prune_backups(f.backups, url, {.keep_count = 1}).removed),
                  names_of(dry.removed));
  CAF_CHECK_EQUAL(f.files().size(), 4u);
  CAF_CHECK_EQUAL(code_of([&] { prune_backups(f.backups, url, {.keep_count = -1}); }),
                  errc::invalid_option);
  CAF_CHECK_EQUAL(code_of([&] { prune_backups(f.backups / "none", url, {.keep_count = 1}); }),
                  errc::backup_failed);
  CAF_CHECK_EQUAL(code_of([&] { prune_backups(f.backups, "postgres://x", {}); }),
                  errc::invalid_url);
}

CAF_TEST(a newest backup that rotted does not push the last good one out) {
  backup_fixture f(10);
  std::vector<backup_file> made;
  for (int i = 0; i < 4; ++i)
    made.push_back(f.make());
  const auto apply = [&](const std::string& just_made) {
    return dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 1},
                                             std::chrono::system_clock::now(), false, {},
                                             just_made);
  };
  // Their sizes are unchanged: only their bytes show the damage.
  damage(made[3].path, 5000);
  damage(made[2].path, 5000);
  const auto done = apply("");
  CAF_REQUIRE_EQUAL(done.removed.size(), 1u);
  CAF_CHECK_EQUAL(done.removed[0].filename, made[0].filename);
  CAF_CHECK(verify_backup(made[1].path).ok);
  // A backup that has just been verified is not read again.
  const auto fresh = f.make();
  CAF_CHECK(apply(fresh.filename).removed.size() == 3);
  CAF_CHECK(verify_backup(fresh.path).ok);
}

CAF_TEST(a backup being read stays) {
  backup_fixture f(10);
  std::vector<backup_file> made;
  for (int i = 0; i < 3; ++i)
    made.push_back(f.make());
  const auto apply = [&] {
    return dbengine::backup::apply_retention(f.backups, f.source(), {.keep_count = 1},
                                             std::chrono::system_clock::now(), false);
  };
  {
    // One file in use by a verification or restore (a shared flock), one by an SQLite program.
    dbengine::os::unique_fd reader(open(made[0].path.c_str(), O_RDONLY | O_CLOEXEC));
    CAF_REQUIRE(flock(reader.get(), LOCK_SH) == 0);
    const auto db = open_plain(made[1].path);
    dbengine::sqlite::run_sql(db.get(), "BEGIN; SELECT count(*) FROM t", "read");
    const auto result = apply();
    CAF_CHECK(result.removed.empty());
    CAF_CHECK_EQUAL(result.in_use.size(), 2u);
    // Reading the file must not release locks: closing a descriptor of a file drops this process's
    // POSIX locks on it.
    CAF_CHECK_EQUAL(apply().in_use.size(), 2u);
    CAF_CHECK(verify_backup(made[1].path).ok);
    CAF_CHECK_EQUAL(apply().in_use.size(), 2u);
  }
  CAF_CHECK_EQUAL(apply().removed.size(), 2u);
}
