// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a request with an id runs once, however often it is sent, and that an id belongs to
// one request: its kind, its statement and its parameters.

#include "support/engine/backends.hpp"
#include "support/manual_reset_event.hpp"

#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

int count(target& db) {
  return db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1);
}

} // namespace

CAF_TEST(every kind of request with an id runs once) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    for (int tries = 0; tries < 2; ++tries) {
      CAF_CHECK_EQUAL(db.with_id("e").execute("INSERT INTO t VALUES (1)").changes, 1);
      CAF_CHECK_EQUAL(db.with_id("f").fetch("INSERT INTO t VALUES (2) RETURNING x")[0][0].as<int>(),
                      2);
      CAF_CHECK_EQUAL(
          db.with_id("m").execute_many("INSERT INTO t VALUES (3)", std::vector<params>(2)).sets,
          2u);
      CAF_CHECK_EQUAL(db.with_id("t")
                          .execute_transaction({operation::execute("INSERT INTO t VALUES (4)")})
                          .size(),
                      1u);
      CAF_CHECK_EQUAL(db.with_id("s").execute_script("INSERT INTO t VALUES (5)").steps.size(), 1u);
    }
    CAF_CHECK_EQUAL(count(db), 6);
  });
}

// A repetition may no longer be valid: its table exists already, or is dropped. The same in a
// group.
CAF_TEST(what cannot be done twice is answered by its id) {
  manual_reset_event g;
  options o;
  o.num_workers = 2;
  o.functions.push_back(g.as_function());
  on_every_backend(o, [&](target& db) {
    g.set();
    const auto make = [&] { db.with_id("make").execute("CREATE TABLE made (x)"); };
    const auto fill = [&] { db.with_id("fill").fetch("INSERT INTO made VALUES (7) RETURNING x"); };
    db.execute("CREATE TABLE t (x)");
    make();
    fill();
    db.execute("CREATE TABLE gone (x)");
    db.with_id("drop").execute("DROP TABLE gone");
    for (int i = 0; i < 150; ++i) // enough statements to evict all of the above from the cache
      db.execute("INSERT INTO t SELECT " + std::to_string(i) + " WHERE 0");
    g.reset();
    std::thread ahead([&] { db.execute("INSERT INTO t VALUES (hold())"); });
    CAF_CHECK(g.wait_for_arrivals(1));
    std::vector<std::string> codes(4);
    std::vector<std::thread> threads;
    threads.emplace_back([&] { codes[0] = code_of([&] { make(); }); });
    threads.emplace_back([&] { codes[1] = code_of([&] { fill(); }); });
    threads.emplace_back(
        [&] { codes[2] = code_of([&] { db.with_id("drop").execute("DROP TABLE gone"); }); });
    threads.emplace_back(
        [&] { codes[3] = code_of([&] { db.execute("INSERT INTO t VALUES (2)"); }); });
    CAF_CHECK(eventually([&] { return db.get_stats().queue_size == 4; }));
    g.set();
    ahead.join();
    for (auto& t : threads)
      t.join();
    for (const auto& code : codes)
      CAF_CHECK_EQUAL(code, "none");
    CAF_CHECK_EQUAL(count(db), 2);
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM made").value_or(-1), 1);
    // A statement that must run outside of transactions cannot be recorded, alone or in a group.
    CAF_CHECK_EQUAL(code_of([&] { db.with_id("vacuum").execute("VACUUM"); }), "sql");
  });
}

CAF_TEST(a script that goes on after errors takes no id) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    const auto e = failure_of([&] {
      db.with_id("s").execute_script("INSERT INTO t VALUES (1)", script_mode::continue_on_error);
    });
    CAF_CHECK(e.code == errc::invalid_option && e.outcome == outcome::not_run);
    CAF_CHECK(e.message.find("continue_on_error") != e.message.npos);
    CAF_CHECK_EQUAL(count(db), 0);
  });
}

CAF_TEST(an id of another kind of request is refused) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.with_id("one").execute("INSERT INTO t VALUES (1)");
    for (const auto& e :
         {failure_of([&] { db.with_id("one").fetch("INSERT INTO t VALUES (2) RETURNING x"); }),
          failure_of([&] { db.with_id("one").execute_script("INSERT INTO t VALUES (2)"); }),
          failure_of([&] {
            db.with_id("one").execute_many("INSERT INTO t VALUES (2)", std::vector<params>(1));
          })}) {
      CAF_CHECK(e.code == errc::invalid_state && e.outcome != outcome::unknown);
      CAF_CHECK(e.message.find("\"one\"") != e.message.npos);
    }
    CAF_CHECK_EQUAL(count(db), 1);
    db.with_id("two").execute("INSERT INTO t VALUES (2)");
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

CAF_TEST(an id of another statement or of other parameters is refused) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    const auto sets = [](int last) { return std::vector<params>{params::of(3), params::of(last)}; };
    const std::string insert = "INSERT INTO t VALUES (?)";
    for (const bool again : {false, true}) { // the refusals leave the first answers as they are
      CAF_CHECK_EQUAL(db.with_id("e").execute(insert, 1).last_insert_rowid, 1);
      CAF_CHECK_EQUAL(db.with_id("n").execute("INSERT INTO t VALUES (:x)", {{"x", 1}}).changes, 1);
      CAF_CHECK_EQUAL(db.with_id("f").fetch(insert + " RETURNING x", 2)[0][0].as<int>(), 2);
      CAF_CHECK_EQUAL(db.with_id("m").execute_many(insert, sets(3)).sets, 2u);
      CAF_CHECK_EQUAL(
          db.with_id("t").execute_transaction({operation::execute(insert, params::of(4))}).size(),
          1u);
      CAF_CHECK_EQUAL(db.with_id("s").execute_script("INSERT INTO t VALUES (5)").steps.size(), 1u);
      CAF_CHECK_EQUAL(count(db), 7);
      if (again)
        break;
      for (const auto& e : {
               failure_of([&] { db.with_id("e").execute(insert, 9); }),
               failure_of([&] { db.with_id("e").execute(insert, "1"); }),
               failure_of([&] { db.with_id("e").execute("INSERT INTO t VALUES (? + 0)", 1); }),
               failure_of([&] { db.with_id("e").execute("DELETE FROM t"); }),
               failure_of([&] {
                 db.with_id("n").execute("INSERT INTO t VALUES (:x)", {{"x", 2}});
               }),
               failure_of([&] { db.with_id("f").fetch(insert + " RETURNING x", 9); }),
               failure_of([&] { db.with_id("m").execute_many(insert, sets(9)); }),
               failure_of([&] { db.with_id("m").execute_many(insert, std::vector<params>(1)); }),
               failure_of([&] {
                 db.with_id("t").execute_transaction({operation::execute(insert, params::of(9))});
               }),
               failure_of([&] {
                 db.with_id("t").execute_transaction({operation::execute(insert, params::of(4)),
                                                      operation::execute(insert, params::of(4))});
               }),
               failure_of([&] { db.with_id("s").execute_script("INSERT INTO t VALUES (9)"); }),
           }) {
        CAF_CHECK_EQUAL(std::string(to_string(e.code)), "invalid_state");
        CAF_CHECK(e.outcome == outcome::not_run || e.outcome == outcome::rolled_back);
        CAF_CHECK(e.message.find("another statement or with other parameters") != e.message.npos);
      }
    }
  });
}

CAF_TEST(records of a version that kept no digests are still answered) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.with_id("old").execute("INSERT INTO t VALUES (1)");
    db.execute_script("CREATE TABLE kept AS SELECT id, kind, result, at FROM dbengine_once;"
                      "DROP TABLE dbengine_once;"
                      "CREATE TABLE dbengine_once (id TEXT PRIMARY KEY, kind INTEGER NOT NULL, "
                      "result BLOB NOT NULL, at INTEGER NOT NULL DEFAULT (unixepoch())) "
                      "WITHOUT ROWID;"
                      "CREATE INDEX dbengine_once_at ON dbengine_once (at);"
                      "INSERT INTO dbengine_once SELECT * FROM kept");
    CAF_CHECK_EQUAL(db.with_id("old").execute("INSERT INTO t VALUES (1)").changes, 1);
    for (int tries = 0; tries < 2; ++tries)
      CAF_CHECK_EQUAL(db.with_id("new").execute("INSERT INTO t VALUES (2)").changes, 1);
    CAF_CHECK(failure_of([&] { db.with_id("new").execute("INSERT INTO t VALUES (3)"); }).code ==
              errc::invalid_state);
    // A request that was not recorded cannot be compared.
    CAF_CHECK_EQUAL(db.with_id("old").execute("INSERT INTO t VALUES (3)").changes, 1);
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

// Ages are measured in the engine's own time: see `sqlite::id_clock`.
CAF_TEST(ids older than a day are forgotten and the newest ones never) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.with_id("first").execute("INSERT INTO t VALUES (1)");
    const std::string record = "INSERT INTO dbengine_once (id, kind, result, engine_time) SELECT ";
    db.execute(record + "'old ' || value, 1, x'', -90000 FROM json_each('[1,2,3]')");
    const auto records = [&](const char* like) {
      return db.fetch_value<int>("SELECT count(*) FROM dbengine_once WHERE id LIKE ?", like)
          .value_or(-1);
    };
    // "first" made the check already. The next one is due a minute later, or with the first id on a
    // new connection.
    const auto look = [&](const std::string& id) {
      static_cast<void>(db.raw_connection());
      db.with_id(id).execute("INSERT INTO t VALUES (2)");
    };
    if (db.interactive) {
      look("second");
      CAF_CHECK_EQUAL(records("old%"), 3);
      db.execute(record + "'young ' || c.x, 1, x'', 1 FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION "
                          "ALL SELECT x + 1 FROM c LIMIT 10000) SELECT x FROM c) AS c");
      look("third");
      CAF_CHECK_EQUAL(records("old%"), 0);
      CAF_CHECK_EQUAL(records("young%"), 10'000);
    }
    db.with_id("first").execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(records("first"), 1);
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t WHERE x = 1").value_or(-1), 1);
    // The search for old records does not read the young ones.
    const auto plan =
        db.fetch("EXPLAIN QUERY PLAN SELECT id FROM dbengine_once WHERE engine_time < 5");
    CAF_CHECK(plan[0]["detail"].as<std::string>().find("USING") != std::string::npos);
  });
}

CAF_TEST(a clock that jumps makes no id old) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.with_id("first").execute("INSERT INTO t VALUES (1)");
    // As if the system's clock had been in 1970.
    db.execute("UPDATE dbengine_once SET at = 1000");
    db.execute(
        "INSERT INTO dbengine_once (id, kind, result, engine_time) SELECT 'young ' || c.x, 1, x'', 1 "
        "FROM (WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 10000) "
        "SELECT x FROM c) AS c");
    if (db.interactive)
      static_cast<void>(db.raw_connection());
    db.with_id("second").execute("INSERT INTO t VALUES (2)");
    db.with_id("first").execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

CAF_TEST(records age from one opening to the next) {
  const engine_folder folder;
  const auto times = [](db_engine& db) {
    return db.fetch_value<int>("SELECT max(engine_time) FROM dbengine_once").value_or(-1);
  };
  int last = 0;
  for (int opening = 0; opening < 3; ++opening) {
    db_engine db(folder.url());
    db.execute("CREATE TABLE IF NOT EXISTS t (x)");
    db.with_id("id " + std::to_string(opening)).execute("INSERT INTO t VALUES (1)");
    CAF_CHECK(times(db) > last);
    last = times(db);
    for (int before = 0; before <= opening; ++before)
      db.with_id("id " + std::to_string(before)).execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), opening + 1);
  }
}

CAF_TEST(what is not recorded takes no id) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    const auto as = db.with_id("x");
    const auto refused = [](auto&& f) { return code_of(f); };
    CAF_CHECK_EQUAL(refused([&] { as.cursor("SELECT 1").next(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.vacuum(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.analyze(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.optimize(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.integrity_check(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.checkpoint(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.set_pragma("user_version", value(1)); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.request_backup(); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.execute_script("SELECT 1", script_mode::continue_on_error); }),
                    "invalid_option");
    if (!db.interactive)
      return;
    const auto insert = [](auto& tx) { tx.execute("INSERT INTO t VALUES (1)"); };
    CAF_CHECK_EQUAL(refused([&] { as.write([&](transaction& tx) { insert(tx); }); }),
                    "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { as.read([](snapshot&) {}); }), "invalid_option");
    CAF_CHECK_EQUAL(refused([&] {
                      auto raw = as.raw_connection();
                      insert(raw);
                    }),
                    "invalid_option");
    CAF_CHECK_EQUAL(refused([&] { static_cast<void>(as.raw_connection(true)); }), "invalid_option");
    db.write([&](transaction&) {
      CAF_CHECK_EQUAL(refused([&] { as.write([&](transaction& tx) { insert(tx); }); }),
                      "invalid_option");
    });
    CAF_CHECK_EQUAL(count(db), 0);
  });
}

CAF_TEST(a fetch with an id inside a write is refused at once) {
  on_every_backend([](target& db) {
    if (!db.interactive)
      return;
    db.execute("CREATE TABLE t (x)");
    db.write([&](transaction&) {
      const auto e = failure_of([&] { db.with_timeout(5s).with_id("x").fetch("SELECT 1"); });
      CAF_CHECK_EQUAL(std::string(to_string(e.code)), "invalid_state");
    });
  });
}
