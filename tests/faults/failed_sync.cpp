// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a failed sync of the write-ahead log stops checkpoints: the log is not copied into the
// database before all of it was written and synced again. `faults.power_cut` shows the damage that
// this prevents; these tests show the answers to the callers.
#include "support/engine/engine_fixture.hpp"
#include "support/faults/faulty_vfs.hpp"

#include <dbengine/db_engine.hpp>

#include <fstream>
#include <iterator>
#include <sqlite3.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using faulty_vfs::call;

namespace {

struct fixture {
  engine_folder folder;
  std::filesystem::path file = folder.path / "a.db";

  db_engine open(synchronous level = synchronous::normal) const {
    options o;
    o.synchronous = level;
    return db_engine("sqlite:///file:" + file.string() + "?uri=true&vfs=" + faulty_vfs::name(), o);
  }
  std::string content() const {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void fill(const db_engine& db) {
    db.execute("CREATE TABLE IF NOT EXISTS t (a)");
    for (int i = 0; i < 20; ++i)
      db.execute("INSERT INTO t VALUES (?)", std::string(1000, 'x'));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(failed_sync_tests, fixture)

// An idle engine checkpoints by itself, so which caller's sync fails differs from run to run.

CAF_TEST(one failed sync costs one answer at most and no row) {
  const auto db = open();
  fill(db);
  for (int round = 0; round < 5; ++round) {
    int rows = 0, failed = 0;
    faulty_vfs::arm(call::sync, round + 1, SQLITE_IOERR_FSYNC, false);
    const auto before = db.fetch_value<int>("SELECT count(*) FROM t").value();
    for (int i = 0; i < 20; ++i) {
      const auto written = code_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
      const auto copied = code_of([&] { db.checkpoint(); });
      CAF_CHECK(written == "none" || written == "io");
      CAF_CHECK(copied == "none" || copied == "io");
      rows += written == "none" ? 1 : 0;
      failed += (written == "io" ? 1 : 0) + (copied == "io" ? 1 : 0);
    }
    CAF_CHECK_EQUAL(faulty_vfs::disarm(), 1);
    CAF_CHECK(failed <= 1);
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t"), before + rows);
    CAF_CHECK(db.health().ok);
    CAF_CHECK(db.checkpoint().complete);
  }
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST(a log that cannot be synced again is not copied and stops writing) {
  int rows = 0;
  {
    auto db = open();
    const auto until_it_fails = [&] {
      fill(db);
      rows += 20;
      faulty_vfs::arm(call::sync, 1, SQLITE_IOERR_FSYNC, true);
      while (code_of([&] { db.checkpoint(); }) == "none") // success: there was nothing to copy
        rows += code_of([&] { db.execute("INSERT INTO t VALUES (1)"); }) == "none" ? 1 : 0;
      CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES (1)"); }), "fenced");
      CAF_CHECK(!db.health().ok);
      CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t"), rows);
    };
    until_it_fails();
    const auto before = content();
    for (int i = 0; i < 3; ++i)
      CAF_CHECK(code_of([&] { db.checkpoint(); }) != "none");
    CAF_CHECK(content() == before);
    // When the disk works again, the engine continues.
    CAF_CHECK(faulty_vfs::disarm() > 1);
    db.execute("INSERT INTO t VALUES (1)");
    ++rows;
    CAF_CHECK(db.health().ok);
    CAF_CHECK(db.checkpoint().complete);
    // Closing the engine does not copy it either.
    until_it_fails();
    const auto copied = content();
    db.shutdown();
    faulty_vfs::disarm();
    CAF_CHECK(content() == copied && copied != before);
  }
  const auto db = open();
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t"), rows);
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST(a commit whose sync failed is resolved by what was synced after it) {
  const auto db = open(synchronous::full);
  fill(db);
  faulty_vfs::arm(call::sync, 1, SQLITE_IOERR_FSYNC, false);
  const auto settled = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
  CAF_CHECK(settled.code == errc::none || settled.outcome == outcome::rolled_back);
  CAF_CHECK_EQUAL(faulty_vfs::disarm(), 1);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t"),
                  settled.code == errc::none ? 21 : 20);
  faulty_vfs::arm(call::sync, 1, SQLITE_IOERR_FSYNC, true);
  const auto why = failure_of([&] { db.execute("INSERT INTO t VALUES (2)"); });
  CAF_CHECK(why.code == errc::fenced && why.outcome == outcome::unknown);
  faulty_vfs::disarm();
  db.execute("INSERT INTO t VALUES (3)");
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
