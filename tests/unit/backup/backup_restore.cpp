// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Restores: atomic, verified before the switch, with the old file intact until the new one opens.
#include "backup/backup_restore.hpp"
#include "backup/restore_names.hpp"

#include "os/file_lock.hpp"
#include "support/engine/backup_fixture.hpp"

#include <sys/stat.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct fixture : backup_fixture {
  fixture() : backup_fixture(100) {
    made = make();
    dbengine::sqlite::run_sql(
        db.get(), "DELETE FROM t WHERE id > 50; INSERT INTO t VALUES (1000, 'later')", "change");
  }
  std::int64_t rows() const { return number(open_plain(database).get(), "SELECT count(*) FROM t"); }
  /// The number of files that a restore left beside the database.
  int leftovers() const {
    int n = 0;
    for (const auto& e : std::filesystem::directory_iterator(folder.path)) {
      const auto name = e.path().filename().string();
      n += name.find("restore") != std::string::npos || name.ends_with(".lock");
    }
    return n;
  }
  backup_file made;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(restore_tests, fixture)

CAF_TEST(a restore brings back the old content and nothing of the WAL) {
  chmod(database.c_str(), 0640);
  // A restore is refused while another connection has the database open, and nothing changes.
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(made.path, database, true); }), errc::locked);
  CAF_CHECK_EQUAL(number(db.get(), "SELECT count(*) FROM t"), 51);
  db.reset();
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(made.path, database); }), errc::backup_failed);
  CAF_CHECK_EQUAL(rows(), 51);
  restore_backup(made.path, database, true);
  CAF_CHECK_EQUAL(rows(), 100);
  CAF_CHECK_EQUAL(leftovers(), 0);
  struct stat s {};
  CAF_REQUIRE(stat(database.c_str(), &s) == 0);
  CAF_CHECK_EQUAL(s.st_mode & 0777u, 0640u);
}

CAF_TEST(a restore is refused while an engine has the target) {
  db.reset();
  const dbengine::os::file_lock engine(database);
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(made.path, database, true); }), errc::locked);
  CAF_CHECK_EQUAL(rows(), 51);
}

CAF_TEST(a damaged backup is refused) {
  db.reset();
  damage(made.path, 4096 * 2 + 50);
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(made.path, database, true); }), errc::backup_failed);
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(folder.path / "none", database, true); }),
                  errc::backup_failed);
  CAF_CHECK_EQUAL(rows(), 51);
  CAF_CHECK_EQUAL(leftovers(), 0);
}

CAF_TEST(a damaged target and stale companions are replaced) {
  // A copy of the live files in the state after a crash, including WAL and index.
  const auto crashed = folder.path / "crashed.db";
  for (const std::string suffix : {"", "-wal", "-shm"})
    std::filesystem::copy(database.string() + suffix, crashed.string() + suffix);
  restore_backup(made.path, crashed, true);
  CAF_CHECK_EQUAL(number(open_plain(crashed).get(), "SELECT count(*) FROM t"), 100);
  const auto garbage = folder.path / "garbage.db";
  write_file(garbage, std::string(5000, 'x'));
  std::filesystem::copy(database.string() + "-wal", garbage.string() + "-wal");
  restore_backup(made.path, garbage, true);
  CAF_CHECK_EQUAL(number(open_plain(garbage).get(), "SELECT count(*) FROM t"), 100);
  // The database is gone, its WAL is still there.
  const auto fresh = folder.path / "fresh.db";
  std::filesystem::copy(database.string() + "-wal", fresh.string() + "-wal");
  restore_backup(made.path, fresh);
  CAF_CHECK_EQUAL(number(open_plain(fresh).get(), "SELECT count(*) FROM t"), 100);
  CAF_CHECK_EQUAL(leftovers(), 0);
}

CAF_TEST(a failure at any point leaves the old file) {
  db.reset();
  for (const std::string point :
       {"mark", "copy", "sync", "guard", "keep", "rename", "replace", "open"}) {
    bool reached = false;
    const auto at = [&](std::string_view p) {
      if (p == point) {
        reached = true;
        throw error(errc::io, "injected");
      }
    };
    CAF_CHECK_EQUAL(code_of([&] {
                      backup::restore(
                          {.backup = made.path, .target = database, .force = true, .at = at});
                    }),
                    errc::io);
    CAF_CHECK(reached);
    CAF_CHECK_EQUAL(rows(), 51);
    CAF_CHECK_EQUAL(leftovers(), 0);
  }
}

CAF_TEST(a new file that does not open gives the name back to the old one) {
  db.reset();
  const auto target = folder.path / "new.db";
  for (const auto& path : {database, target}) {
    const auto at = [&](std::string_view p) {
      if (p == "open") // like a disk that loses writes
        write_file(path, std::string(5000, 'x'));
    };
    CAF_CHECK_EQUAL(code_of([&] {
                      backup::restore(
                          {.backup = made.path, .target = path, .force = true, .at = at});
                    }),
                    errc::not_a_database);
    CAF_CHECK_EQUAL(rows(), 51);
    CAF_CHECK(!std::filesystem::exists(target));
    CAF_CHECK_EQUAL(leftovers(), 0);
  }
}

CAF_TEST(a link that wins the race for the name does not keep it) {
  db.reset();
  const auto precious = folder.path / "precious";
  write_file(precious, "precious");
  const dbengine::backup::restore_names beside(database.filename());
  const auto plant = [&](const std::string& name) {
    std::filesystem::remove(folder.path / name);
    std::filesystem::create_symlink(precious, folder.path / name);
  };
  struct step {
    std::string point;
    std::string name;
  };
  // If the old file is still there, it gets its name back. If both are gone, no link is left that
  // leads outside.
  const std::vector<step> partial{{"replace", beside.partial}};
  const std::vector<step> both{{"replace", beside.partial}, {"replace", beside.old}};
  const std::vector<step> late{{"replace", beside.partial}, {"put_back", beside.old}};
  for (const auto& steps : {partial, both, late}) {
    int planted = 0;
    const auto at = [&](std::string_view p) {
      for (const auto& s : steps)
        if (s.point == p) {
          plant(s.name);
          ++planted;
        }
    };
    CAF_CHECK_EQUAL(code_of([&] {
                      backup::restore(
                          {.backup = made.path, .target = database, .force = true, .at = at});
                    }),
                    errc::backup_failed);
    CAF_CHECK_EQUAL(planted, static_cast<int>(steps.size()));
    CAF_CHECK(!std::filesystem::is_symlink(database));
    CAF_CHECK_EQUAL(std::filesystem::exists(database), steps.size() == 1);
    std::filesystem::remove(folder.path / beside.old);
    restore_backup(made.path, database, true);
    CAF_CHECK_EQUAL(rows(), 100);
  }
  std::ifstream in(precious);
  CAF_CHECK_EQUAL(std::string(std::istreambuf_iterator<char>(in), {}), "precious");
}

CAF_TEST(files of the user beside a database stay) {
  db.reset();
  std::vector<std::filesystem::path> own;
  for (const auto* suffix : {".before-restore", ".before-restore-wal", ".restore.partial"})
    own.emplace_back(database.string() + suffix);
  for (const auto& path : own)
    write_file(path, "a safety copy");
  const auto intact = [&] {
    return std::all_of(own.begin(), own.end(),
                       [](const auto& p) { return std::filesystem::file_size(p) == 13; });
  };
  dbengine::backup::clean_after_restore(database);
  CAF_CHECK(std::filesystem::exists(own[0]) && intact());
  restore_backup(made.path, database, true);
  CAF_CHECK_EQUAL(rows(), 100);
  CAF_CHECK(std::filesystem::exists(own[0]) && intact());
  // The files stay even under the engine's names, if no marker assigns them to a restore.
  const dbengine::backup::restore_names names(database.filename().string());
  own = {folder.path / names.old, folder.path / names.partial};
  for (const auto& path : own) {
    write_file(path, "a safety copy");
    dbengine::backup::clean_after_restore(database);
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(made.path, database, true); }),
                    errc::backup_failed);
    CAF_CHECK_EQUAL(std::filesystem::file_size(path), 13u);
    std::filesystem::remove(path);
  }
  restore_backup(made.path, database, true);
}

CAF_TEST(what a dead restore left is cleaned up by its marker) {
  db.reset();
  const dbengine::backup::restore_names names(database.filename().string());
  const auto old = folder.path / names.old;
  const auto die_after_rename = [&](const std::string& marker) {
    write_file(folder.path / names.marker, marker);
    std::filesystem::rename(database, old);
    restore_backup(made.path, folder.path / "fresh.db");
    std::filesystem::rename(folder.path / "fresh.db", database);
  };
  // The new file opens: the old one is removed.
  die_after_rename("dbengine restore\n");
  dbengine::backup::clean_after_restore(database);
  CAF_CHECK_EQUAL(rows(), 100);
  CAF_CHECK_EQUAL(leftovers(), 0);
  // The new file does not open: the old one gets its name back.
  dbengine::sqlite::run_sql(open_plain(database).get(), "DELETE FROM t WHERE id > 7", "change");
  die_after_rename("");
  write_file(database, std::string(5000, 'x'));
  dbengine::backup::clean_after_restore(database);
  CAF_CHECK_EQUAL(rows(), 7);
  CAF_CHECK_EQUAL(leftovers(), 0);
  // The process died before any file had its final name: the next restore to that name succeeds.
  write_file(folder.path / dbengine::backup::restore_names("new.db").marker, "");
  write_file(folder.path / dbengine::backup::restore_names("new.db").partial, "half");
  restore_backup(made.path, folder.path / "new.db");
  CAF_CHECK_EQUAL(leftovers(), 0);
  // A power cut during the creation of the marker: its length reached the disk, its bytes did not.
  write_file(folder.path / names.marker, std::string(17, '\0'));
  dbengine::backup::clean_after_restore(database);
  CAF_CHECK_EQUAL(leftovers(), 0);
  write_file(folder.path / names.marker, std::string(17, '\0'));
  restore_backup(made.path, database, true);
  CAF_CHECK_EQUAL(leftovers(), 0);
  CAF_CHECK_EQUAL(rows(), 100);
}

CAF_TEST(the next restore into a folder cleans up after one whose target never came to be) {
  db.reset();
  const dbengine::backup::restore_names unborn("unborn.db");
  const dbengine::backup::restore_names running("running.db");
  const dbengine::backup::restore_names born(database.filename().string());
  for (const auto* names : {&unborn, &running, &born}) {
    write_file(folder.path / names->marker, "dbengine restore\n");
    write_file(folder.path / names->partial, "half");
  }
  // Without a marker the file belongs to another program.
  const dbengine::backup::restore_names foreign("foreign.db");
  write_file(folder.path / foreign.partial, "a safety copy");
  const dbengine::os::file_lock engine(folder.path / "running.db");
  restore_backup(made.path, folder.path / "another.db");
  CAF_CHECK(!std::filesystem::exists(folder.path / unborn.marker));
  CAF_CHECK(!std::filesystem::exists(folder.path / unborn.partial));
  for (const auto& name :
       {running.marker, running.partial, born.marker, born.partial, foreign.partial})
    CAF_CHECK(std::filesystem::exists(folder.path / name));
  // The last copy of a database is not removed, whatever the marker says.
  write_file(folder.path / unborn.marker, "dbengine restore\n");
  write_file(folder.path / unborn.old, "the last there is");
  restore_backup(made.path, folder.path / "another.db", true);
  CAF_CHECK(std::filesystem::exists(folder.path / unborn.old));
}

CAF_TEST(a path with a NUL is refused) {
  const auto bad = folder.path / std::string("new.db\0evil", 11);
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(made.path, bad); }), errc::invalid_option);
  CAF_CHECK_EQUAL(code_of([&] { restore_backup(bad, folder.path / "new.db"); }),
                  errc::invalid_option);
  CAF_CHECK_EQUAL(code_of([&] { verify_backup(bad); }), errc::invalid_option);
  auto s = settings();
  s.directory = folder.path / std::string("a\0b", 3);
  CAF_CHECK_EQUAL(code_of([&] { make(s); }), errc::invalid_option);
  s.target = bad;
  CAF_CHECK_EQUAL(code_of([&] { make(s); }), errc::invalid_option);
  for (const auto* name : {"new.db", "a"})
    CAF_CHECK(!std::filesystem::exists(folder.path / name));
}

CAF_TEST(a database that was made while a restore copied stays) {
  db.reset();
  const auto target = folder.path / "new.db";
  dbengine::sqlite::database_handle somebody;
  const auto at = [&](std::string_view p) {
    if (p != "sync")
      return;
    somebody = open_plain(target);
    dbengine::sqlite::run_sql(
        somebody.get(), "PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (1)",
        "q");
  };
  CAF_CHECK_EQUAL(
      code_of([&] { backup::restore({.backup = made.path, .target = target, .at = at}); }),
      errc::backup_failed);
  CAF_CHECK(std::filesystem::exists(target.string() + "-wal"));
  CAF_CHECK_EQUAL(number(somebody.get(), "SELECT count(*) FROM t"), 1);
  CAF_CHECK_EQUAL(leftovers(), 0);
}

CAF_TEST(a restore keeps the group) {
  db.reset();
  if (geteuid() != 0) {
    CAF_MESSAGE("only root has a second group for certain");
    return;
  }
  CAF_REQUIRE(chown(database.c_str(), static_cast<uid_t>(-1), 1) == 0);
  restore_backup(made.path, database, true);
  struct stat s {};
  CAF_REQUIRE(stat(database.c_str(), &s) == 0);
  CAF_CHECK_EQUAL(s.st_gid, 1u);
}

CAF_TEST(a link is followed and the file behind it replaced) {
  db.reset();
  const auto link = folder.path / "link.db";
  std::filesystem::create_symlink(database, link);
  restore_backup(made.path, link, true);
  CAF_CHECK(std::filesystem::is_symlink(link));
  CAF_CHECK_EQUAL(rows(), 100);
}

CAF_TEST_FIXTURE_SCOPE_END()
