// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The write connection keeps its read transaction open across its commits. Nothing else may change:
// other connections' commits, schema changes, checkpoints, failures.

#include "base/fault.hpp"
#include "connection/connection.hpp"
#include "support/engine/engine_fixture.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <memory>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::base;
using namespace dbengine::sqlite;
using namespace dbengine::test;

namespace {

struct closer {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};

// Another program that uses the file through SQLite.
struct stranger {
  explicit stranger(const std::filesystem::path& file) {
    sqlite3* opened = nullptr;
    CAF_REQUIRE_EQUAL(sqlite3_open(file.c_str(), &opened), SQLITE_OK);
    db.reset(opened);
  }
  int run(const char* sql) const { return sqlite3_exec(db.get(), sql, nullptr, nullptr, nullptr); }
  std::unique_ptr<sqlite3, closer> db;
};

struct fixture {
  fixture()
      : settings(std::make_shared<const options>()), where(dbengine::sqlite::locate(folder.url())) {
    writer = std::make_unique<dbengine::sqlite::connection>(
        where, dbengine::sqlite::connection::role::writer, settings);
    execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x UNIQUE)");
    execute("INSERT INTO t (x) VALUES (1)");
  }
  ~fixture() {
#ifdef DBENGINE_FAULTS
    base::fault::set_hook({});
#endif
  }
  write_result execute(const std::string& sql) {
    dbengine::sqlite::request_control c;
    return writer->execute(sql, {}, c);
  }
  std::int64_t count() {
    dbengine::sqlite::request_control c;
    return writer->fetch("SELECT count(*) FROM t", {}, c)[0][0].as<std::int64_t>();
  }

  engine_folder folder;
  std::shared_ptr<const options> settings;
  dbengine::sqlite::location where;
  std::unique_ptr<dbengine::sqlite::connection> writer;
};

} // namespace

CAF_TEST(the snapshot stays open and new over the connections own commits) {
  fixture f;
  CAF_CHECK(f.writer->snapshot().reuse());
  const auto opened = f.writer->read_counters().snapshots_opened;
  for (int i = 2; i <= 100; ++i) {
    f.execute("INSERT INTO t (x) VALUES (" + std::to_string(i) + ")");
    CAF_CHECK(f.writer->snapshot().reuse());
    CAF_CHECK_EQUAL(f.count(), i);
  }
  CAF_CHECK_EQUAL(f.writer->read_counters().snapshots_opened, opened);
  CAF_CHECK(!f.writer->transaction().is_open());
  const stranger other(f.where.path); // it can write: only a read is open
  CAF_CHECK_EQUAL(other.run("INSERT INTO t (x) VALUES (-1)"), SQLITE_OK);
  CAF_CHECK_EQUAL(f.count(), 101);
}

CAF_TEST(another connections commits are seen by the next statement) {
  fixture f;
  const stranger other(f.where.path);
  for (int i = 0; i < 50; ++i) {
    CAF_CHECK_EQUAL(other.run("INSERT INTO t (x) VALUES (random())"), SQLITE_OK);
    CAF_CHECK(!f.writer->snapshot().reuse());
    CAF_CHECK_EQUAL(f.count(), 2 + 2 * i);
    f.execute("INSERT INTO t (x) VALUES (random())");
    CAF_CHECK(f.writer->snapshot().reuse());
    CAF_CHECK_EQUAL(f.count(), 3 + 2 * i);
  }
}

#ifdef DBENGINE_FAULTS

CAF_TEST(a commit between the check of the file and the write is no error) {
  fixture f;
  const stranger other(f.where.path);
  int strikes = 0;
  base::fault::set_hook([&](std::string_view point) {
    if (point == "writer.snapshot_renewed") {
      ++strikes;
      CAF_CHECK_EQUAL(other.run("INSERT INTO t (x) VALUES (random())"), SQLITE_OK);
    }
  });
  CAF_CHECK_EQUAL(f.execute("INSERT INTO t (x) VALUES (2)").changes, 1);
  dbengine::sqlite::request_control c;
  CAF_CHECK_EQUAL(f.writer->fetch("INSERT INTO t (x) VALUES (3) RETURNING x", {}, c).size(), 1u);
  f.writer->transaction().begin_immediate(c);
  base::fault::set_hook({});
  f.execute("INSERT INTO t (x) VALUES (4)");
  f.writer->transaction().commit(c);
  CAF_CHECK_EQUAL(strikes, 3);
  CAF_CHECK_EQUAL(f.count(), 1 + 3 + strikes);
}

#else
CAF_TEST(fault points are compiled in) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}
#endif

CAF_TEST(what cannot run beside an open read runs) {
  fixture f;
  const auto runs = [&](const std::string& sql) {
    CAF_MESSAGE(sql);
    f.execute("INSERT INTO t (x) VALUES (random())");
    CAF_REQUIRE(f.writer->snapshot().is_open());
    CAF_CHECK_EQUAL(code_of([&] { f.execute(sql); }), "none");
  };
  // SQLite itself refuses this beside a pending read: the negative control.
  const stranger other(f.where.path);
  sqlite3_stmt* pending = nullptr;
  CAF_REQUIRE_EQUAL(other.run("CREATE TABLE gone (x)"), SQLITE_OK);
  CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(other.db.get(), "SELECT EXISTS(SELECT 1 FROM sqlite_schema)",
                                       -1, &pending, nullptr),
                    SQLITE_OK);
  CAF_REQUIRE_EQUAL(sqlite3_step(pending), SQLITE_ROW);
  CAF_CHECK_EQUAL(other.run("DROP TABLE gone"), SQLITE_LOCKED);
  CAF_CHECK_NOT_EQUAL(other.run("VACUUM"), SQLITE_OK);
  sqlite3_finalize(pending);

  runs("CREATE INDEX i ON t (x)");
  runs("DROP INDEX i");
  runs("DROP TABLE gone");
  runs("ALTER TABLE t ADD COLUMN y");
  runs("VACUUM");
  runs("ANALYZE");
  runs("REINDEX");
  runs("PRAGMA user_version=7");
  f.execute("INSERT INTO t (x) VALUES (random())");
  const auto done = f.writer->maintenance().checkpoint(checkpoint_mode::truncate);
  CAF_CHECK(done.complete);
  CAF_CHECK_EQUAL(std::filesystem::file_size(f.where.path.string() + "-wal"), 0u);
  f.execute("INSERT INTO t (x) VALUES (random())");
  CAF_CHECK_EQUAL(f.count(), 11);
}

CAF_TEST(failures leave the rows right and the next statement able) {
  fixture f;
  for (const auto* sql :
       {"INSERT INTO t (x) VALUES (1)", "INSERT OR ROLLBACK INTO t (x) VALUES (1)",
        "INSERT INTO t (x) SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 1",
        "INSERT OR FAIL INTO t (x) VALUES (1)"}) {
    CAF_CHECK_EQUAL(code_of([&] { f.execute(sql); }), "constraint");
    CAF_CHECK_EQUAL(f.count(), 1);
    f.writer->transaction().rollback();
    CAF_CHECK_EQUAL(f.count(), 1);
  }
  dbengine::sqlite::request_control c;
  f.writer->transaction().begin_immediate(c);
  f.execute("INSERT INTO t (x) VALUES (8)");
  f.writer->transaction().rollback();
  CAF_CHECK_EQUAL(f.count(), 1);
  f.execute("INSERT INTO t (x) VALUES (9)");
  CAF_CHECK_EQUAL(f.count(), 2);
}

CAF_TEST(a reader stops mapping the file while snapshots come often) {
  fixture f;
  f.writer->maintenance().checkpoint(checkpoint_mode::truncate); // the rows are in the file
  dbengine::sqlite::connection reader(f.where, dbengine::sqlite::connection::role::reader,
                                      f.settings);
  dbengine::sqlite::request_control c;
  const auto read = [&] {
    reader.snapshot().refresh();
    return reader.fetch("SELECT count(*) FROM t", {}, c)[0][0].as<std::int64_t>();
  };
  const auto mapped = [&] {
    sqlite3_int64 limit = -1;
    sqlite3_file_control(reader.handle(), "main", SQLITE_FCNTL_MMAP_SIZE, &limit);
    return limit;
  };
  const auto wanted = static_cast<sqlite3_int64>(f.settings->mmap_size);
  CAF_CHECK_EQUAL(read(), 1);
  for (int i = 1; i <= defaults::mmap_brief_snapshots; ++i) {
    CAF_CHECK_EQUAL(mapped(), wanted);
    f.execute("INSERT INTO t (x) VALUES (random())");
    CAF_CHECK_EQUAL(read(), 1 + i);
  }
  CAF_CHECK_EQUAL(mapped(), 0);
  for (int i = 0; i < defaults::mmap_after_reads; ++i)
    CAF_REQUIRE_EQUAL(read(), 1 + defaults::mmap_brief_snapshots);
  CAF_CHECK_EQUAL(mapped(), wanted);
}

CAF_TEST(a write that is stopped while it commits reports its outcome) {
  // SQLite also calls its progress handler after a COMMIT, at each thousandth step of all runs
  // together.
  struct stopper {
    static void stop(void* self, int, const char*, const char*, sqlite3_int64) {
      static_cast<dbengine::sqlite::request_control*>(self)->deadline.kill(errc::timeout);
    }
  };
  fixture f;
  auto told = f.count();
  int wrong = 0;
  for (int i = 0; i < 2'000; ++i) {
    dbengine::sqlite::request_control c;
    sqlite3_update_hook(f.writer->handle(), &stopper::stop, &c);
    try {
      f.writer->execute("INSERT INTO t (x) VALUES (NULL)", {}, c);
      ++told;
    } catch (const error& e) {
      CAF_CHECK(e.outcome() == outcome::rolled_back);
    }
    sqlite3_update_hook(f.writer->handle(), nullptr, nullptr);
    const auto there = f.count();
    wrong += there != told ? 1 : 0;
    told = there;
  }
  CAF_CHECK_EQUAL(wrong, 0);
}
