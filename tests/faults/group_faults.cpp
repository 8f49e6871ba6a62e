// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a full disk or an I/O error in the middle of a group. A caller with "done" has its rows,
// now and after a reopening; a caller with "not done" has none. The engine continues or reports why
// it does not.
//
//   one writer holds the connection | 14 requests wait
//   the error is armed, the event is set
//   its COMMIT                      | one group: spilled pages, the conflict of one member,
//                                   | COMMIT; its n-th write or sync fails

#include "support/engine/engine_fixture.hpp"
#include "support/faults/faulty_vfs.hpp"
#include "support/manual_reset_event.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/db_engine.hpp>

#include <sqlite3.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct fault {
  faulty_vfs::call what;
  int code;
  bool lasting;
};

struct tally {
  int runs = 0;     // in which an error occurred
  int failures = 0; // requests with an error
  int fenced = 0;
};

std::set<int> rows_of(const rows& r) {
  std::set<int> ids;
  for (const auto& row : r)
    ids.insert(row[0].as<int>());
  return ids;
}

// Sends the i-th member of the group.
error_info write_member(db_engine& db, int i) {
  const blob large(20'000, std::byte{7});
  if (i == 5) // ends the transaction of the whole group
    return failure_of(
        [&] { db.execute("INSERT OR ROLLBACK INTO t (id, u) VALUES (?, 'taken')", i); });
  if (i % 4 == 0)
    return failure_of([&] {
      db.execute_transaction({operation::execute("INSERT INTO t (id, v) VALUES (?, ?)", i, large),
                              operation::execute("INSERT INTO t (id) VALUES (?)", i + 100)});
    });
  return failure_of([&] { db.execute("INSERT INTO t (id, v) VALUES (?, ?)", i, large); });
}

// Collects in `kept` which rows must be there, and in `open` which may be.
void judge_answers(const std::vector<error_info>& failures, bool hit, tally& t, std::set<int>& kept,
                   std::set<int>& open) {
  kept.insert(1000);
  for (int i = 0; i < static_cast<int>(failures.size()); ++i) {
    const auto& e = failures[static_cast<std::size_t>(i)];
    if (e.code == errc::none) {
      kept.insert(i);
      if (i != 0 && i % 4 == 0)
        kept.insert(i + 100);
      continue;
    }
    if (i == 5 && e.code == errc::constraint)
      continue;
    ++t.failures;
    CAF_CHECK(hit);
    CAF_CHECK(e.code == errc::disk_full || e.code == errc::io || e.code == errc::fenced);
    CAF_CHECK(!e.message.empty());
    if (e.outcome == outcome::unknown)
      open.insert({i, i + 100});
  }
}

// Writes continue, or the engine reports why they do not.
void write_once_more(db_engine& db, tally& t, std::set<int>& kept) {
  const auto after = failure_of([&] { db.execute("INSERT INTO t (id) VALUES (2000)"); });
  if (after.code == errc::none) {
    kept.insert(2000);
  } else {
    CAF_CHECK_EQUAL(std::string(to_string(after.code)), "fenced");
    CAF_CHECK(after.outcome == outcome::not_run && !db.health().fenced.empty() && !db.health().ok);
    ++t.fenced;
  }
}

std::set<int> ids_in(sqlite3* db) {
  std::set<int> found;
  sqlite3_stmt* s = nullptr;
  CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db, "SELECT id FROM t", -1, &s, nullptr), SQLITE_OK);
  while (sqlite3_step(s) == SQLITE_ROW)
    found.insert(sqlite3_column_int(s, 0));
  sqlite3_finalize(s);
  return found;
}

// Runs one group with the error at its `n`-th call. Returns false if there was no n-th call.
bool play(const fault& f, int n, tally& t) {
  const engine_folder folder;
  const auto url =
      "sqlite:///file:" + (folder.path / "test.db").string() + "?vfs=" + faulty_vfs::name();
  manual_reset_event g;
  options o;
  o.synchronous = synchronous::full;
  o.cache_size =
      16 << 10; // a few pages: a large member is written to the log before the group commits
  o.functions.push_back(g.as_function());
  constexpr int waiting = 14;
  std::vector<error_info> failures(waiting + 1);
  std::set<int> kept;
  std::set<int> open; // rows whose outcome is unknown
  bool hit = false;
  {
    db_engine db(url, o);
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, v BLOB)");
    db.execute("INSERT INTO t (id, u) VALUES (1000, 'taken')");
    std::vector<std::thread> threads;
    threads.emplace_back([&] {
      failures[0] = failure_of(
          [&] { db.execute("INSERT INTO t (id, v) SELECT 0, zeroblob(3000) WHERE hold()"); });
    });
    CAF_CHECK(g.wait_for_arrivals(1));
    for (int i = 1; i <= waiting; ++i) {
      threads.emplace_back(
          [&db, &failures, i] { failures[static_cast<std::size_t>(i)] = write_member(db, i); });
      CAF_CHECK(
          eventually([&] { return db.get_stats().queue_size == static_cast<std::uint64_t>(i); }));
    }
    faulty_vfs::arm(f.what, n, f.code, f.lasting);
    g.set();
    for (auto& x : threads)
      x.join();
    hit = faulty_vfs::disarm() > 0;
    judge_answers(failures, hit, t, kept, open);
    CAF_CHECK(failures[5].code != errc::none);
    // Reads continue. So do writes, unless the failed commit may reappear: then the engine reports
    // that.
    auto now = rows_of(db.fetch("SELECT id FROM t"));
    for (const int id : open)
      now.erase(id);
    CAF_CHECK(now == kept);
    write_once_more(db, t, kept);
  }
  plain_sqlite file((folder.path / "test.db").string());
  auto found = ids_in(file.handle());
  for (const int id : open)
    found.erase(id);
  CAF_CHECK(found == kept);
  t.runs += hit;
  return hit;
}

tally play_all(const fault& f) {
  tally all;
  for (const int n : {1, 2, 3, 4, 6, 9, 14, 25, 50, 90, 150, 300, 600}) {
    tally t;
    const bool hit = play(f, n, t);
    all.runs += t.runs;
    all.failures += t.failures;
    all.fenced += t.fenced;
    if (!hit)
      break;
  }
  CAF_MESSAGE(all.runs << " runs, " << all.failures << " failures, " << all.fenced << " fenced");
  return all;
}

} // namespace

CAF_TEST(without an error every request of the group is done) {
  tally t;
  CAF_CHECK(!play({faulty_vfs::call::write, SQLITE_FULL, false}, 1'000'000, t));
  CAF_CHECK_EQUAL(t.failures, 0);
}

CAF_TEST(a disk that is full for a moment costs one request at most) {
  const auto t = play_all({faulty_vfs::call::write, SQLITE_FULL, false});
  CAF_CHECK(t.runs >= 8 && t.failures <= t.runs);
  CAF_CHECK_EQUAL(t.fenced, 0);
}

CAF_TEST(a disk that stays full refuses what does not fit and serves on when there is room) {
  const auto t = play_all({faulty_vfs::call::write, SQLITE_FULL, true});
  CAF_CHECK(t.runs >= 8 && t.failures > 0);
  CAF_CHECK_EQUAL(t.fenced, 0);
}

CAF_TEST(a write error loses nothing that was answered) {
  for (const bool lasting : {false, true}) {
    const auto t = play_all({faulty_vfs::call::write, SQLITE_IOERR_WRITE, lasting});
    CAF_CHECK(t.runs >= 8);
    CAF_CHECK(!lasting || t.failures > 0);
  }
}

CAF_TEST(a sync that fails is never answered as done) {
  for (const bool lasting : {false, true}) {
    const auto t = play_all({faulty_vfs::call::sync, SQLITE_IOERR_FSYNC, lasting});
    CAF_CHECK(t.runs >= 2 && t.failures > 0);
  }
}
