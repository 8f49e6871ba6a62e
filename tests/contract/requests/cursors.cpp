// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a cursor returns a result of any size in constant memory, computes rows only on
// demand, and leaves nothing behind.

#include "support/engine/backends.hpp"
#include "support/engine/handle_backend.hpp"
#include "support/manual_reset_event.hpp"
#include "system/engine_handle.hpp"

#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr auto numbers =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT x FROM c";
constexpr auto endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";

// Resident memory of the process, in bytes.
std::size_t resident() {
  unsigned long size = 0;
  unsigned long pages = 0;
  if (auto* f = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(f, "%lu %lu", &size, &pages) != 2)
      pages = 0;
    std::fclose(f);
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace

CAF_TEST(wide rows come in smaller batches and all of them come) {
  on_every_backend([](target& db) {
    auto c = db.cursor(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 40) SELECT x, zeroblob(1000000) FROM c",
        {}, 1'000);
    int last = 0;
    for (auto r = c.next(); !r.empty(); r = c.next()) {
      CAF_CHECK(r.memory() < 2 * defaults::cursor_batch_bytes);
      for (const auto& x : r)
        CAF_CHECK_EQUAL(x[0].as<int>(), ++last);
    }
    CAF_CHECK_EQUAL(last, 40);
  });
}

CAF_TEST(a result larger than the bound passes in constant memory) {
#ifdef __SANITIZE_ADDRESS__
  constexpr bool measured = false; // the sanitizer keeps freed memory
#else
  constexpr bool measured = true;
#endif
  constexpr std::size_t total = std::size_t{200} << 20;
  constexpr std::size_t bound = std::size_t{100} << 20;
  constexpr int row = 10'000;
  constexpr int count = static_cast<int>(total / row);
  const std::string sql =
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT x, zeroblob(?) FROM c";
  on_every_backend([&](target& db) {
    const auto before = resident();
    CAF_REQUIRE(before > 0);
    std::size_t most = before;
    std::size_t bytes = 0;
    int rows_seen = 0;
    for (auto c = db.cursor(sql, {count, row}, 500);;) {
      const auto batch = c.next();
      if (batch.empty())
        break;
      for (const auto& r : batch) {
        bytes += r[1].bytes().size();
        ++rows_seen;
      }
      most = std::max(most, resident());
    }
    CAF_CHECK_EQUAL(rows_seen, count);
    CAF_CHECK(bytes > total - row);
    CAF_CHECK(!measured || most - before < bound);
    // Control: the measurement detects the same result if it is fetched in one piece.
    const auto whole = db.fetch(sql, count, row);
    CAF_CHECK(!measured || resident() - before > total / 2);
    CAF_CHECK_EQUAL(whole.size(), static_cast<std::size_t>(count));
  });
}

CAF_TEST(rows are made when they are asked for) {
  std::atomic<int> made{0};
  options o;
  o.num_workers = 2;
  o.functions.push_back({.name = "made",
                         .arguments = 1,
                         .deterministic = false,
                         .call = [&](std::span<const value_ref> x) {
                           ++made;
                           return value(x[0].integer);
                         }});
  on_every_backend(o, [&](target& db) {
    made = 0;
    auto c = db.cursor(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT made(x) FROM c", {},
        10);
    for (int i = 1; i <= 5; ++i) {
      const auto batch = c.next();
      CAF_CHECK_EQUAL(batch.size(), 10u);
      CAF_CHECK_EQUAL(batch[9][0].as<int>(), i * 10);
      CAF_CHECK(made >= i * 10 && made <= i * 10 + 11); // over the wire, one batch is on its way
    }
    // While the reader of the cursor pauses, no row is computed in the background: other requests
    // run, and the counter stays.
    for (int i = 0; i < 50; ++i)
      db.fetch("SELECT 1");
    CAF_CHECK(made <= 61);
  });
}

CAF_TEST(a cursor has the rows of the moment it was opened) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)");
    const std::vector<params> sets(100, params::of(nullptr));
    db.execute_many("INSERT INTO t (id) VALUES (?)", sets);
    auto c = db.cursor("SELECT id FROM t", {}, 30);
    db.execute("DELETE FROM t");
    std::size_t left = 0;
    for (auto batch = c.next(); !batch.empty(); batch = c.next())
      left += batch.size();
    CAF_CHECK_EQUAL(left, 100u);
  });
}

CAF_TEST(a cursor stays in its snapshot) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
    const std::vector<params> sets(100, params::of("old"));
    db.execute_many("INSERT INTO t (v) VALUES (?)", sets);
    auto c = db.cursor("SELECT id, v FROM t ORDER BY id", {}, 30);
    CAF_CHECK_EQUAL(c.next().size(), 30u);
    db.execute("UPDATE t SET v = 'new'");
    db.execute("DELETE FROM t WHERE id > 50");
    std::size_t left = 0;
    for (auto batch = c.next(); !batch.empty(); batch = c.next())
      for (const auto& r : batch) {
        CAF_CHECK_EQUAL(r["v"].as<std::string>(), "old");
        ++left;
      }
    CAF_CHECK_EQUAL(left, 70u);
    CAF_CHECK(c.next().empty());
    CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t WHERE v = 'new'").value() == 50);
  });
}

CAF_TEST(many cursors run side by side) {
  on_every_backend([](target& db) {
    auto a = db.cursor(numbers, {100}, 7);
    auto b = db.cursor(numbers, {100}, 7);
    auto other = db.cursor("SELECT :text AS t", {{"text", "named"}});
    std::int64_t sum = 0;
    for (;;) {
      const auto x = a.next();
      const auto y = b.next();
      CAF_CHECK_EQUAL(x.size(), y.size());
      if (x.empty())
        break;
      for (std::size_t i = 0; i < x.size(); ++i) {
        CAF_CHECK_EQUAL(x[i][0].as<int>(), y[i][0].as<int>());
        sum += x[i][0].as<int>();
      }
    }
    CAF_CHECK_EQUAL(sum, 5050);
    CAF_CHECK_EQUAL(other.next()[0]["t"].as<std::string>(), "named");
  });
}

CAF_TEST(a cursor that fails or may not be says why) {
  options o;
  o.num_workers = 2;
  o.functions.push_back({.name = "fails_at",
                         .arguments = 2,
                         .deterministic = false,
                         .call = [](std::span<const value_ref> x) {
                           if (x[0].integer == x[1].integer)
                             throw std::runtime_error("no further");
                           return value(x[0].integer);
                         }});
  on_every_backend(o, [](target& db) {
    db.execute("CREATE TABLE t (x)");
    auto c = db.cursor(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT fails_at(x, 25) FROM c",
        {}, 10);
    CAF_CHECK_EQUAL(c.next().size(), 10u);
    CAF_CHECK_EQUAL(c.next().size(), 10u);
    const auto e = failure_of([&] { c.next(); });
    CAF_CHECK(e.code == errc::sql && e.message.find("no further") != std::string::npos);
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT nope").next(); }), "sql");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT ?").next(); }), "bind");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("SELECT 1; SELECT 2").next(); }),
                    "multiple_statements");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("").next(); }), "empty_statement");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("DELETE FROM t RETURNING x").next(); }), "not_allowed");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor("BEGIN").next(); }), "not_allowed");
    // Each page has the whole deadline, and a page that exceeds it is stopped.
    auto slow = db.with_timeout(60ms).cursor(
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c WHERE x < 3 OR x < 0",
        {}, 2);
    CAF_CHECK_EQUAL(slow.next().size(), 2u);
    CAF_CHECK_EQUAL(code_of([&] { slow.next(); }), "timeout");
    CAF_CHECK(db.fetch_value<int>("SELECT 1").value() == 1);
  });
}

CAF_TEST(an abandoned cursor gives its connection back) {
  options o;
  o.max_leases = 1;
  on_every_backend(o, [](target& db) {
    for (int i = 0; i < 200; ++i) { // more than there are leases or cursors
      auto c = db.cursor(endless, {}, 5);
      CAF_CHECK_EQUAL(c.next().size(), 5u);
    }
    if (!db.interactive)
      return;
    // While the cursor holds the only lease, a plain read runs on a reader actor, and a request
    // that needs a lease waits.
    auto c = db.cursor(endless);
    CAF_CHECK(db.fetch_value<int>("SELECT 1").value() == 1);
    CAF_CHECK_EQUAL(code_of([&] { db.with_timeout(30ms).cursor(endless); }), "timeout");
    CAF_CHECK_EQUAL(code_of([&] { db.with_timeout(30ms).read([](snapshot&) {}); }), "timeout");
    CAF_CHECK_EQUAL(code_of([&] { db.cursor(endless, {}, 0); }), "invalid_option");
  });
}

CAF_TEST(the cursors of an actor end with it) {
  const engine_folder folder;
  handle_backend db(folder.url(), {});
  auto& open = dbengine::actors::system::engine_handle::of(db.handle())->engine().cursors();
  {
    caf::scoped_actor self{db.system()};
    caf::logger::set_current_actor_system(nullptr);
    for (int i = 0; i < 3; ++i)
      self->request(db.handle(), caf::infinite, cursor_open{endless})
          .receive([](const cursor_id&) {},
                   [](const caf::error& e) { CAF_ERROR(actors::to_error(e).what()); });
    CAF_CHECK_EQUAL(open->size(), 3u);
    // Another peer cannot use the cursor's number.
    caf::scoped_actor other{db.system()};
    caf::logger::set_current_actor_system(nullptr);
    std::string code = "none";
    other->request(db.handle(), caf::infinite, cursor_next{{1}, 10})
        .receive([](const rows&) {},
                 [&](const caf::error& e) { code = to_string(actors::to_info(e).code); });
    CAF_CHECK_EQUAL(code, "invalid_state");
  }
  CAF_CHECK(eventually([&] { return open->size() == 0; }));
}
