// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The owner of a backup: what manifests record, and how much of it is trusted.
#include "support/engine/backup_fixture.hpp"

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::filesystem::path manifest_of(const backup_file& made) {
  return made.path.string() + ".json";
}

void edit(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  auto text = content(path);
  const auto at = text.find(from);
  CAF_REQUIRE(at != std::string::npos);
  write_file(path, text.replace(at, from.size(), to));
}

void check_refused(const std::filesystem::path& path, const std::string& why) {
  const auto report = verify_backup(path);
  CAF_CHECK(!report.ok && report.has_manifest);
  CAF_CHECK(std::any_of(report.problems.begin(), report.problems.end(),
                        [&](const auto& p) { return p.starts_with(why); }));
}

void check_not_restored(const backup_fixture& f, const std::filesystem::path& path) {
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(path, f.folder.path / "new.db"); }),
                  errc::backup_failed);
}

// A manifest in the old format, with neither folder nor checksum.
std::string of_before(std::string text) {
  for (const std::string key : {",\n  \"manifest_sha256\"", ",\n  \"source_folder\""}) {
    const auto at = text.find(key);
    text.erase(at, text.find('"', text.find(": \"", at) + 3) + 1 - at);
  }
  return text;
}

// Databases with one path in different folders, as in two containers.
struct two_containers {
  temporary_folder folder;
  std::filesystem::path data = folder.path / "data";
  std::filesystem::path database = data / "a.db";
  std::filesystem::path backups = folder.path / "backups";

  two_containers() { make(); }

  void enter_other() const {
    std::filesystem::rename(data, folder.path / "away");
    if (std::filesystem::exists(folder.path / "other"))
      std::filesystem::rename(folder.path / "other", data);
    else
      make();
    std::filesystem::rename(folder.path / "away", folder.path / "other");
  }
  void make() const {
    std::filesystem::create_directory(data);
    dbengine::sqlite::run_sql(open_plain(database).get(), "CREATE TABLE t (x)", "make");
  }
  std::string back_up(int keep) const {
    const auto made =
        dbengine::backup::backup_job::start({.database = database.string(), .directory = backups})
            ->run();
    prune_backups(backups, database.string(), {.keep_count = keep});
    return made.filename;
  }
  std::vector<std::string> listed() const {
    std::vector<std::string> names;
    for (const auto& f : prune_backups(backups, database.string(), {}, true).kept)
      names.push_back(f.filename);
    return names;
  }
};

} // namespace

CAF_TEST(a manifest that names another file or source is not ok) {
  const backup_fixture f(10);
  auto made = f.make();
  const auto good = content(manifest_of(made));
  CAF_CHECK(verify_backup(made.path).ok);
  edit(manifest_of(made), made.filename, "backup_20200101_000000.sqlite");
  check_refused(made.path, "its manifest is that of another file");
  check_not_restored(f, made.path);
  check_refused(made.path, "its manifest was changed");
  write_file(manifest_of(made), good);
  edit(manifest_of(made), f.source(), "/another.db");
  check_refused(made.path, "its manifest was changed");
  write_file(manifest_of(made), good);
  // A copy with its manifest under another name: the manifest is not that of this file.
  const auto other = f.backups / "other.sqlite";
  std::filesystem::copy(made.path, other);
  std::filesystem::copy(manifest_of(made), other.string() + ".json");
  check_refused(other, "its manifest is that of another file");
  check_not_restored(f, other);
  std::filesystem::remove(other.string() + ".json");
  CAF_CHECK(verify_backup(other).ok);
  CAF_CHECK(verify_backup(made.path).ok);
}

CAF_TEST(a backup in the place of another is found out though size and checksum were put right) {
  backup_fixture f(10);
  const auto first = f.make();
  dbengine::sqlite::run_sql(f.db.get(), "UPDATE t SET v = 'x' WHERE id = 1", "change");
  const auto second = f.make();
  std::filesystem::copy_file(first.path, second.path,
                             std::filesystem::copy_options::overwrite_existing);
  check_refused(second.path, "the file has SHA-256");
  check_not_restored(f, second.path);
  edit(manifest_of(second), second.sha256, first.sha256);
  check_refused(second.path, "its manifest was changed");
}

CAF_TEST(a manifest of before belongs to its path and verifies) {
  const backup_fixture f(10);
  const auto made = f.make();
  const auto text = content(manifest_of(made));
  write_file(manifest_of(made), of_before(text));
  CAF_CHECK(verify_backup(made.path).ok);
  const auto mine = dbengine::backup::source_of(f.database.string());
  CAF_CHECK_EQUAL(backup::list_backups(f.backups, mine).size(), 1u);
  CAF_CHECK(backup::newest_verified(f.backups, mine).has_value());
  // The new fields can only be absent together.
  const auto at = text.find(",\n  \"manifest_sha256\"");
  write_file(manifest_of(made), text.substr(0, at) + "\n}\n");
  check_refused(made.path, "its manifest was changed");
}

CAF_TEST(one path in two places is two databases) {
  const two_containers c;
  std::vector<std::string> first, second;
  for (int i = 0; i < 3; ++i)
    first.insert(first.begin(), c.back_up(2));
  first.pop_back();
  CAF_CHECK_EQUAL(c.listed(), first);
  c.enter_other();
  CAF_CHECK(c.listed().empty());
  CAF_CHECK(!backup::newest_verified(c.backups, backup::source_of(c.database.string())));
  for (int i = 0; i < 3; ++i)
    second.insert(second.begin(), c.back_up(2));
  second.pop_back();
  CAF_CHECK_EQUAL(c.listed(), second);
  c.enter_other();
  CAF_CHECK_EQUAL(c.listed(), first);
  // Also after a restore there, which makes the database another file.
  restore_backup(c.backups / first.front(), c.database, true);
  CAF_CHECK_EQUAL(c.listed(), first);
}

CAF_TEST(of a lost database all that may be its own is listed and nothing of another is removed) {
  const two_containers c;
  const auto first = c.back_up(2);
  c.enter_other();
  const auto second = c.back_up(2);
  std::filesystem::remove(c.database);
  CAF_CHECK_EQUAL(c.listed(), (std::vector<std::string>{second, first}));
  std::filesystem::remove_all(c.data);
  CAF_CHECK_EQUAL(c.listed().size(), 2u);
  CAF_CHECK(prune_backups(c.backups, c.database.string(), {.keep_count = 1}).removed.empty());
}
