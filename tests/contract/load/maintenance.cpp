// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that long work blocks no other request: a check of the whole file, a slow cursor, the WAL
// of a raw connection, the first member of a group.
//
//   check            requests               event
//   integrity_check  |                      closed: the check waits in an indexed expression
//     hold() ------> |                      |
//                    fetch: answered        |
//                                           open
//   answered

#include "support/engine/backends.hpp"
#include "support/manual_reset_event.hpp"

#include <future>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

options one_reader(manual_reset_event& g) {
  options o;
  o.num_workers = 1;
  auto hold = g.as_function();
  hold.deterministic = true; // an indexed expression must be deterministic
  o.functions.push_back(std::move(hold));
  return o;
}

int count(target& db) {
  return db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1);
}

} // namespace

CAF_TEST(a check of the whole file holds up no read and no write) {
  manual_reset_event g;
  on_every_backend(one_reader(g), [&](target& db) {
    g.set();
    db.execute_script(
        "CREATE TABLE t (x); CREATE INDEX i ON t (x + hold()); INSERT INTO t VALUES (1)");
    db.execute("CREATE TABLE u (x)");
    g.reset();
    std::vector<std::string> problems{"none yet"};
    std::thread checker([&] { problems = db.integrity_check(); });
    CAF_CHECK(g.wait_for_arrivals(1));
    const auto soon = db.with_timeout(20s);
    for (int i = 0; i < 20; ++i) {
      CAF_CHECK_EQUAL(soon.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
      soon.execute("INSERT INTO u VALUES (1)");
    }
    // A second check that waits is stopped by its own deadline, before the first check ends.
    CAF_CHECK_EQUAL(code_of([&] { db.with_timeout(100ms).integrity_check(); }), "timeout");
    g.set();
    checker.join();
    CAF_CHECK(problems.empty());
    // A check sees what was committed before it started.
    db.execute("INSERT INTO t VALUES (2)");
    CAF_CHECK(db.integrity_check().empty());
    CAF_CHECK(eventually([&] { return db.health().ok; }));
  });
}

CAF_TEST(a shutdown does not wait for a check beyond its time) {
  manual_reset_event g;
  auto o = one_reader(g);
  o.shutdown_timeout = 100ms;
  on_every_backend(o, [&](target& db) {
    g.set();
    db.execute_script("CREATE TABLE t (x); INSERT INTO t VALUES (1), (2), (3)");
    db.execute("WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000) "
               "INSERT INTO t SELECT i FROM c");
    std::thread checker([&] { code_of([&] { db.integrity_check(); }); });
    db.shutdown();
    checker.join();
    CAF_CHECK_EQUAL(code_of([&] { db.integrity_check(); }), "shut_down");
  });
}

CAF_TEST(raw connections keep the log short and check whether the file is there) {
  on_every_backend([](target& db) {
    if (!db.interactive || db.memory)
      return;
    db.execute("CREATE TABLE t (x)");
    db.execute("INSERT INTO t VALUES (1)");
    auto wal = db.file;
    wal += "-wal";
    std::uintmax_t largest = 0;
    for (int i = 0; i < 20; ++i) {
      auto raw = db.raw_connection();
      raw.execute("UPDATE t SET x = zeroblob(?)", 4'000'000 + i);
      largest = std::max(largest, std::filesystem::file_size(wal));
    }
    CAF_CHECK(largest < 45'000'000); // 80 MB were written
    {
      auto raw = db.raw_connection();
      raw.execute("INSERT INTO t VALUES (2)");
      auto elsewhere = db.file;
      elsewhere += ".moved";
      std::filesystem::rename(db.file, elsewhere);
    }
    CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES (3)"); }), "fenced");
  });
}

CAF_TEST(a request in a group that has begun is answered when it is cancelled) {
  manual_reset_event first;
  manual_reset_event second;
  options o;
  o.num_workers = 1;
  o.functions.push_back(first.as_function());
  auto other = second.as_function();
  other.name = "hold_group";
  o.functions.push_back(std::move(other));
  on_every_backend(o, [&](target& db) {
    first.reset();
    second.reset();
    db.execute("CREATE TABLE t (x)");
    std::thread ahead([&] { db.execute("INSERT INTO t VALUES (hold())"); });
    CAF_CHECK(first.wait_for_arrivals(1));
    const auto waiting = [&](std::size_t n) {
      const auto end = std::chrono::steady_clock::now() + 30s;
      while (db.get_stats().queue_size < n && std::chrono::steady_clock::now() < end)
        std::this_thread::yield();
    };
    std::thread leader([&] { db.execute("INSERT INTO t VALUES (hold_group())"); });
    waiting(1);
    std::stop_source stop;
    error_info told;
    std::promise<void> answered;
    std::thread member([&] {
      told =
          failure_of([&] { db.with_cancel(stop.get_token()).execute("INSERT INTO t VALUES (3)"); });
      answered.set_value();
    });
    std::string late;
    std::thread late_member(
        [&] { late = code_of([&] { db.with_timeout(2s).execute("INSERT INTO t VALUES (4)"); }); });
    waiting(3);
    first.set();
    CAF_CHECK(
        second.wait_for_arrivals(1)); // the three form one group now, and its first member is held
    stop.request_stop();
    auto done = answered.get_future();
    CAF_CHECK(done.wait_for(20s) == std::future_status::ready);
    late_member.join();
    second.set();
    member.join();
    leader.join();
    ahead.join();
    CAF_CHECK(told.code == errc::cancelled && told.outcome == outcome::not_run);
    CAF_CHECK_EQUAL(late, "timeout");
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

CAF_TEST(a deadline inside a write is that of the inner one) {
  on_every_backend([](target& db) {
    if (!db.interactive)
      return;
    db.execute("CREATE TABLE t (x)");
    const std::string endless =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";
    db.with_timeout(60s).write([&](transaction& tx) {
      tx.execute("INSERT INTO t VALUES (1)");
      CAF_CHECK_EQUAL(code_of([&] {
                        db.with_timeout(50ms).write([&](transaction& in) { in.fetch(endless); });
                      }),
                      "timeout");
      tx.execute(
          "INSERT INTO t VALUES (2)"); // too late if the inner write had the outer's deadline
    });
    CAF_CHECK_EQUAL(count(db), 2);
  });
}
