// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that bulk loads and maintenance of the whole file leave room for small requests, as far as
// SQLite's one writer and many readers allow. The tests count parts of the load and locks, not
// time.
//
//   loaders x 4              writer                   this thread
//   part, part, part, part   part(0) holds            |
//   |                        ...                      INSERT, queued behind three waiting parts
//   |                        event set               |
//   |                        INSERT, or one part more answered
//   part, ...                parts                    the next round

#include "support/engine/backends.hpp"
#include "support/manual_reset_event.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <sqlite3.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr int loaders = 4;
constexpr int rounds = 12;

// True if any connection holds the write lock now.
bool writes(const plain_sqlite& file) {
  const int rc = sqlite3_exec(file.handle(), "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
  if (rc == SQLITE_OK)
    sqlite3_exec(file.handle(), "ROLLBACK", nullptr, nullptr, nullptr);
  return rc == SQLITE_BUSY;
}

// `part(n)` counts the parts and waits in the first row of each; `begun` is their number.
options counting_parts(manual_reset_event& g, std::atomic<int>& begun) {
  options o;
  o.num_workers = 2;
  o.functions.push_back(
      {.name = "part",
       .arguments = 1,
       .deterministic = false,
       .call = [&begun, pass = g.as_function().call](std::span<const value_ref> x) {
         if (x[0].integer == 0) {
           ++begun;
           pass({});
         }
         return value(1);
       }});
  o.functions.push_back(
      {.name = "begun", .arguments = 0, .deterministic = false, .call = [&begun](auto) {
         return value(begun.load());
       }});
  return o;
}

} // namespace

CAF_TEST(small writes come between the parts of bulk loads) {
  manual_reset_event g;
  std::atomic<int> begun{0};
  on_every_backend(counting_parts(g, begun), [&](target& db) {
    db.execute("CREATE TABLE load (n)");
    db.execute("CREATE TABLE small (begun)");
    g.reset();
    begun = 0;
    std::atomic<bool> stop{false};
    std::atomic<int> failed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < loaders; ++i)
      threads.emplace_back([&] {
        std::vector<params> rows;
        for (int n = 0; n < 50; ++n)
          rows.push_back(params::of(n));
        while (!stop)
          failed += code_of([&] {
                      db.with_priority(priority::background)
                          .execute_many("INSERT INTO load SELECT ?1 WHERE part(?1)", rows);
                    }) != "none";
      });
    for (int round = 0; round < rounds; ++round) {
      CAF_CHECK(g.wait_for_arrivals(1)); // one part is held, so the other loaders must wait
      const int before = begun;
      auto small = std::async(std::launch::async, [&] {
        db.execute("INSERT INTO small SELECT begun()");
        return db.fetch_value<int>("SELECT max(begun) FROM small").value_or(-1);
      });
      CAF_CHECK(eventually([&] { return db.get_stats().queue_size == loaders; }));
      g.set();
      // Every 16th turn goes to another class, so one part may run before the INSERT.
      CAF_CHECK(small.get() - before <= 1);
      if (round + 1 < rounds)
        g.reset();
    }
    stop = true;
    g.set();
    for (auto& t : threads)
      t.join();
    CAF_CHECK_EQUAL(failed.load(), 0);
    CAF_CHECK(begun >= rounds);
    // The load is complete: all rows of each of its parts.
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM load").value_or(-1), 50 * begun);
  });
}

CAF_TEST(reads go on while the file is vacuumed) {
  on_every_backend([](target& db) {
    if (db.memory) // no test can see from outside when VACUUM runs on memory
      return;
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    db.execute("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 6000) "
               "INSERT INTO t SELECT x, zeroblob(5000) FROM c");
    const plain_sqlite file(db.file.string());
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 6000);
    // The write lock is held before and after a read, so the read was answered during the VACUUM.
    int beside = 0;
    int wrong = 0;
    for (int tries = 0; tries < 20 && beside == 0; ++tries) {
      std::atomic<bool> done{false};
      std::string code;
      std::thread maintenance([&] {
        code = code_of([&] { db.vacuum(); });
        done = true;
      });
      while (!done) {
        const bool before = writes(file);
        wrong +=
            db.with_timeout(20s).fetch_value<int>("SELECT count(*) FROM t WHERE id < 100") == 99
                ? 0
                : 1;
        beside += before && writes(file) ? 1 : 0;
      }
      maintenance.join();
      CAF_CHECK_EQUAL(code, "none");
    }
    CAF_CHECK(beside > 0);
    CAF_CHECK_EQUAL(wrong, 0);
    // Negative control: no connection writes now, and `writes` reports that.
    CAF_CHECK(!writes(file));
    db.execute("INSERT INTO t (v) VALUES (1)");
    CAF_CHECK(db.integrity_check().empty());
  });
}
