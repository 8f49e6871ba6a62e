// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of concurrent requests: which requests wait for others, which are refused or stopped, and
// that no other request is affected.

#include "support/engine/backends.hpp"
#include "support/manual_reset_event.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr auto insert = "INSERT INTO t (v) VALUES (?)";
constexpr auto held_insert = "INSERT INTO t (v) SELECT 'held' WHERE hold()";
constexpr auto endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";

options with_event(manual_reset_event& g) {
  options o;
  o.num_workers = 2;
  o.functions.push_back(g.as_function());
  return o;
}

// Runs `check` on each backend with the table `t` and the event `g`, for which `hold()` waits.
void with_table(manual_reset_event& g, const options& o,
                const std::function<void(target&)>& check) {
  on_every_backend(o, [&](target& db) {
    g.reset();
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    check(db);
    g.set();
    CAF_CHECK(eventually([&] { return db.health().ok; }));
  });
}

std::string all(const target& db) {
  return db
      .fetch_value<std::string>(
          "SELECT coalesce(group_concat(v), '') FROM (SELECT v FROM t ORDER BY id)")
      .value();
}

} // namespace

// reader A      | this thread                 reader A      | reader B
// SELECT hold() |                             SELECT hold() |
//   ...         | INSERT, answered              ...         | SELECT hold(), the event is set
//   ...         | SELECT, sees it             answered      | answered
CAF_TEST(a read holds up neither writes nor other reads) {
  manual_reset_event g;
  with_table(g, with_event(g), [&](target& db) {
    std::jthread reader([&] {
      CAF_CHECK(db.fetch_value<int>("SELECT hold() + (SELECT count(*) FROM t)").value() == 1);
    });
    CAF_CHECK(g.wait_for_arrivals(1));
    db.execute(insert, "written");
    CAF_CHECK_EQUAL(all(db), "written");
    g.set();
    reader.join(); // it saw the rows that existed when it began
    g.reset();
    g.set_at(2);
    std::jthread other([&] { db.fetch("SELECT hold()"); });
    db.fetch("SELECT hold()"); // would never return if the two ran one after the other
    other.join();
  });
}

CAF_TEST(a write that runs is not seen and holds up no read) {
  manual_reset_event g;
  with_table(g, with_event(g), [&](target& db) {
    std::jthread writer([&] { db.execute(held_insert); });
    CAF_CHECK(g.wait_for_arrivals(1));
    CAF_CHECK_EQUAL(all(db), "");
    g.set();
    writer.join();
    CAF_CHECK_EQUAL(all(db), "held");
  });
}

CAF_TEST(every thread sees what was answered before) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE n (x INTEGER)");
    db.execute("INSERT INTO n VALUES (0)");
    std::atomic<int> answered{0};
    std::atomic<int> stale{0};
    std::vector<std::jthread> readers;
    std::atomic<bool> stop{false};
    for (int i = 0; i < 3; ++i)
      readers.emplace_back([&] {
        while (!stop) {
          const int known = answered;
          stale += db.fetch_value<int>("SELECT x FROM n").value() < known;
        }
      });
    for (int i = 1; i <= 300; ++i) {
      db.execute("UPDATE n SET x = ?", i);
      answered = i;
    }
    stop = true;
    for (auto& t : readers)
      t.join();
    CAF_CHECK_EQUAL(stale.load(), 0);
  });
}

// the writer        | waiting in the queue
// INSERT hold()     |
//   ...             | A: deadline passes, answered    B: cancelled, answered
//   ...             | C: still waits
// answered          | C runs, answered; A and B never ran
CAF_TEST(what waits past its deadline or is cancelled never runs) {
  manual_reset_event g;
  with_table(g, with_event(g), [&](target& db) {
    std::jthread writer([&] { db.execute(held_insert); });
    CAF_CHECK(g.wait_for_arrivals(1));
    auto e = failure_of([&] { db.with_timeout(60ms).execute(insert, "late"); });
    CAF_CHECK(e.code == errc::timeout && e.outcome == outcome::not_run);
    std::stop_source stop;
    error_info cancelled;
    std::jthread waiting([&] {
      cancelled =
          failure_of([&] { db.with_cancel(stop.get_token()).execute(insert, "cancelled"); });
    });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size >= 1; }));
    stop.request_stop();
    waiting.join();
    CAF_CHECK(cancelled.code == errc::cancelled && cancelled.outcome == outcome::not_run);
    std::jthread third([&] { db.execute(insert, "third"); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size >= 1; }));
    g.set();
    third.join();
    writer.join();
    CAF_CHECK_EQUAL(all(db), "held,third");
    CAF_CHECK_EQUAL(db.get_stats().queue_size, 0u);
  });
}

CAF_TEST(a deadline stops one request of those that run together) {
  manual_reset_event g;
  with_table(g, with_event(g), [&](target& db) {
    // Three writes that wait together, of which the second is endless; and two concurrent reads.
    std::jthread writer([&] { db.execute(held_insert); });
    CAF_CHECK(g.wait_for_arrivals(1));
    std::vector<std::jthread> threads;
    std::vector<error_info> failures(4);
    const auto add = [&](std::size_t i, auto&& f) {
      threads.emplace_back([&failures, i, f] { failures[i] = failure_of(f); });
    };
    add(0, [&] { db.execute(insert, "a"); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size == 1; }));
    add(1, [&] { db.with_timeout(400ms).execute(std::string("INSERT INTO t (v) ") + endless); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size == 2; }));
    add(2, [&] { db.execute(insert, "b"); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size >= 2; }));
    add(3, [&] { db.with_timeout(50ms).fetch(endless); });
    const auto long_read = db.fetch_value<int>(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 400000) SELECT max(x) FROM c");
    CAF_CHECK(long_read.value() == 400000);
    g.set();
    for (auto& t : threads)
      t.join();
    writer.join();
    CAF_CHECK(failures[0].code == errc::none && failures[2].code == errc::none);
    CAF_CHECK(failures[1].code == errc::timeout && failures[1].outcome != outcome::unknown);
    CAF_CHECK(failures[3].code == errc::timeout);
    CAF_CHECK_EQUAL(all(db), "held,a,b");
  });
}

CAF_TEST(a full queue refuses at once and says what waits) {
  manual_reset_event g;
  auto o = with_event(g);
  o.max_queue = 3;
  with_table(g, o, [&](target& db) {
    std::jthread writer([&] { db.execute(held_insert); });
    CAF_CHECK(g.wait_for_arrivals(1));
    // A peer's share is half of the queue.
    const std::size_t most = db.remote ? 2 : 3;
    std::vector<std::jthread> waiting;
    for (std::size_t i = 0; i < most; ++i)
      waiting.emplace_back([&] { db.execute(insert, "waited"); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size == most; }));
    const auto e = failure_of([&] { db.execute(insert, "refused"); });
    CAF_CHECK(e.code == errc::overloaded && e.outcome == outcome::not_run);
    CAF_CHECK(e.message.find(std::to_string(most) + " requests") != std::string::npos);
    CAF_CHECK_EQUAL(code_of([&] { db.execute_script("SELECT 1"); }), "overloaded");
    CAF_CHECK(db.get_stats().overloaded >= 2);
    g.set();
    for (auto& t : waiting)
      t.join();
    writer.join();
    CAF_CHECK_EQUAL(all(db), db.remote ? "held,waited,waited" : "held,waited,waited,waited");
  });
}

CAF_TEST(what waits is bounded in bytes too) {
  manual_reset_event g;
  auto o = with_event(g);
  o.max_queue_bytes = 1'000'000;
  with_table(g, o, [&](target& db) {
    std::jthread writer([&] { db.execute(held_insert); });
    CAF_CHECK(g.wait_for_arrivals(1));
    // Two large requests do not fit together, but a large and a small one do, even in a peer's
    // half.
    const std::string large(db.remote ? 400'000 : 700'000, 'x');
    std::jthread waiting([&] { db.execute(insert, large); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_bytes >= large.size(); }));
    CAF_CHECK_EQUAL(code_of([&] { db.execute(insert, large); }), "overloaded");
    std::jthread small([&] { db.execute(insert, "small"); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size == 2; }));
    g.set();
    waiting.join();
    small.join();
    writer.join();
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t").value() == 3);
    CAF_CHECK_EQUAL(db.get_stats().queue_bytes, 0u);
    // A request larger than the bound still runs if no other is queued.
    db.execute(insert, std::string(2'000'000, 'y'));
  });
}

CAF_TEST(interactive requests go before bulk and bulk before maintenance) {
  manual_reset_event g;
  with_table(g, with_event(g), [&](target& db) {
    std::jthread writer([&] { db.execute(held_insert); });
    CAF_CHECK(g.wait_for_arrivals(1));
    std::vector<std::jthread> threads;
    std::uint64_t queued = 0;
    const auto add = [&](priority p, const char* name) {
      threads.emplace_back([&db, p, name] { db.with_priority(p).execute(insert, name); });
      ++queued;
      CAF_CHECK(eventually([&] { return db.get_stats().queue_size == queued; }));
    };
    add(priority::maintenance, "m");
    add(priority::background, "b1");
    add(priority::background, "b2");
    add(priority::interactive, "i1");
    add(priority::interactive, "i2");
    g.set();
    for (auto& t : threads)
      t.join();
    writer.join();
    CAF_CHECK_EQUAL(all(db), "held,i1,i2,b1,b2,m");
  });
}

CAF_TEST(neither a bulk load nor maintenance starves) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    std::atomic<bool> stop{false};
    std::vector<std::jthread> busy;
    for (int i = 0; i < 3; ++i)
      busy.emplace_back([&] {
        while (!stop)
          db.execute(insert, "busy");
      });
    const auto done = [&](const std::function<void()>& f) {
      const auto why = failure_of(f);
      CAF_CHECK_EQUAL(std::string(to_string(why.code)), "none");
    };
    const std::vector<params> sets{params::of("bulk"), params::of("bulk")};
    done([&] { db.with_priority(priority::background).execute_many(insert, sets); });
    done([&] { db.with_priority(priority::maintenance).execute(insert, "upkeep"); });
    done([&] { db.vacuum(); });
    done([&] { db.checkpoint(checkpoint_mode::passive); });
    stop = true;
    for (auto& t : busy)
      t.join();
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t WHERE v <> 'busy'").value() == 3);
  });
}

CAF_TEST(the lock of another process is waited for and no longer than asked) {
  manual_reset_event g;
  auto o = with_event(g);
  o.busy_timeout = 60'000ms;
  on_every_backend(o, [](target& db) {
    if (db.memory)
      return;
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    plain_sqlite other(db.file.string());
    other.script("INSERT INTO t (v) VALUES ('theirs')");
    CAF_CHECK_EQUAL(all(db), "theirs"); // other programs may write; their rows are visible at once
    other.script("BEGIN IMMEDIATE; INSERT INTO t (v) VALUES ('theirs too')");
    CAF_CHECK_EQUAL(all(db), "theirs");
    auto e = failure_of([&] { db.with_timeout(60ms).execute(insert, "timed out"); });
    CAF_CHECK(e.code == errc::timeout && e.outcome != outcome::unknown);
    std::jthread writer([&] { db.execute(insert, "ours"); });
    CAF_CHECK(eventually([&] {
      const auto h = db.health();
      return db.get_stats().queue_size == 0;
    }));
    other.script("COMMIT");
    writer.join();
    CAF_CHECK_EQUAL(all(db), "theirs,theirs too,ours");
  });
  o.busy_timeout = 50ms;
  on_every_backend(o, [](target& db) {
    if (db.memory)
      return;
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    plain_sqlite other(db.file.string());
    other.script("BEGIN IMMEDIATE");
    const auto e = failure_of([&] { db.execute(insert, "no"); });
    CAF_CHECK(e.code == errc::busy && e.outcome != outcome::unknown);
    other.script("ROLLBACK");
    db.execute(insert, "yes");
    CAF_CHECK_EQUAL(all(db), "yes");
  });
}
