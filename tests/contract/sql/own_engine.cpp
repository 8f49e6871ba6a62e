// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a function or collation cannot call the engine of the statement that calls it: it
// would wait for itself. The call fails at once, on any thread and by any call.

#include "support/engine/backends.hpp"

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

std::function<void()> inside;

options calling() {
  options o{.num_workers = 2};
  o.request_timeout = 20s;
  o.functions.push_back({.name = "call_inside",
                         .arguments = 1,
                         .deterministic = false,
                         .call = [](std::span<const value_ref> a) -> value {
                           if (inside)
                             inside();
                           return value(a[0].integer);
                         }});
  o.collations.push_back({.name = "calling", .compare = [](std::string_view a, std::string_view b) {
                            if (inside)
                              inside();
                            return a.compare(b);
                          }});
  return o;
}

// Every call of the facade that waits for the engine.
std::vector<std::function<void()>> calls(target& db) {
  std::vector<std::function<void()>> all{
      [&db] { db.execute("INSERT INTO t VALUES (9)"); },
      [&db] { db.fetch("SELECT 1"); },
      [&db] { db.fetch("INSERT INTO t VALUES (9) RETURNING x"); },
      [&db] { db.with_id("x").fetch("SELECT 1"); },
      [&db] { db.execute_many("INSERT INTO t VALUES (9)", std::vector<params>(2)); },
      [&db] { db.execute_transaction({operation::execute("INSERT INTO t VALUES (9)")}); },
      [&db] { db.execute_script("INSERT INTO t VALUES (9)"); },
      [&db] { db.cursor("SELECT 1").next(); },
      [&db] { db.vacuum(); },
      [&db] { db.integrity_check(true); },
      [&db] { db.checkpoint(); },
      [&db] { db.database_info(); },
      [&db] { db.request_backup(); },
  };
  if (db.interactive) {
    all.emplace_back([&db] { db.write([](transaction&) {}); });
    all.emplace_back([&db] { db.read([](snapshot&) {}); });
    all.emplace_back([&db] { static_cast<void>(db.raw_connection()); });
    all.emplace_back([&db] { static_cast<void>(db.raw_connection(true)); });
    all.emplace_back([&db] { db.backend().refuse_nested(); }); // the first step of `shutdown`
  } else {
    all.emplace_back([&db] { db.shutdown(); });
  }
  return all;
}

// The codes with which all calls fail inside `outer`: a single one if all is well.
std::string refused(target& db, const std::function<void()>& outer) {
  std::string codes;
  for (const auto& call : calls(db)) {
    inside = [&] {
      const auto code = code_of(call);
      if (codes.find(code) == codes.npos)
        codes += (codes.empty() ? "" : ", ") + code;
    };
    outer();
    inside = nullptr;
  }
  return codes;
}

} // namespace

CAF_TEST(a function that calls its own engine hears so at once) {
  on_every_backend(calling(), [](target& db) {
    if (db.remote) // the thread that sends over the wire runs no statement
      return;
    db.execute("CREATE TABLE t (x)");
    db.execute("CREATE TABLE words (w TEXT COLLATE calling)");
    db.execute("INSERT INTO words VALUES ('a'), ('b')");
    const std::string insert = "INSERT INTO t VALUES (call_inside(1))";
    const auto begin = std::chrono::steady_clock::now();
    CAF_CHECK_EQUAL(refused(db, [&] { db.execute(insert); }), "invalid_state");
    // On the writer's own thread.
    CAF_CHECK_EQUAL(refused(db, [&] { db.with_priority(priority::batch).execute(insert); }),
                    "invalid_state");
    CAF_CHECK_EQUAL(refused(db, [&] { db.execute_transaction({operation::execute(insert)}); }),
                    "invalid_state");
    CAF_CHECK_EQUAL(refused(db, [&] { db.fetch(insert + " RETURNING x"); }), "invalid_state");
    CAF_CHECK_EQUAL(refused(db, [&] { db.fetch("SELECT call_inside(1)"); }), "invalid_state");
    CAF_CHECK_EQUAL(refused(db, [&] { db.fetch("SELECT w FROM words ORDER BY w"); }),
                    "invalid_state");
    CAF_CHECK_EQUAL(refused(db, [&] { db.cursor("SELECT call_inside(1)").next(); }),
                    "invalid_state");
    if (db.interactive) {
      CAF_CHECK_EQUAL(refused(db,
                              [&] {
                                db.write([](transaction& tx) {
                                  tx.execute("INSERT INTO t VALUES (call_inside(1))");
                                });
                              }),
                      "invalid_state");
      CAF_CHECK_EQUAL(
          refused(db, [&] { db.read([](snapshot& s) { s.fetch("SELECT call_inside(1)"); }); }),
          "invalid_state");
      CAF_CHECK_EQUAL(refused(db, [&] { db.raw_connection().fetch("SELECT call_inside(1)"); }),
                      "invalid_state");
    }
    CAF_CHECK(std::chrono::steady_clock::now() - begin < 15s);
    // None of the calls ran, nothing is blocked, and outside of functions they all work.
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 9").value_or(-1), 0);
    db.execute("INSERT INTO t VALUES (2)");
  });
}

CAF_TEST(a function may call another engine) {
  on_every_backend(calling(), [](target& db) {
    db_engine other("sqlite://");
    std::string got;
    inside = [&] { got = code_of([&] { other.execute("CREATE TABLE IF NOT EXISTS t (x)"); }); };
    db.fetch("SELECT call_inside(1)");
    inside = nullptr;
    CAF_CHECK_EQUAL(got, "none");
  });
}

CAF_TEST(a transaction cannot be used by a function of its own statement) {
  const engine_folder folder;
  db_engine db(folder.url(), calling());
  db.execute("CREATE TABLE t (x)");
  db.write([](transaction& tx) {
    std::string got;
    inside = [&] { got = code_of([&] { tx.execute("INSERT INTO t VALUES (2)"); }); };
    tx.execute("INSERT INTO t VALUES (call_inside(1))");
    inside = nullptr;
    CAF_CHECK_EQUAL(got, "invalid_state");
  });
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
}
