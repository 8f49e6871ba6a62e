// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request with an id is done once, however often it is sent, and an id belongs to one request.

#include "ways.hpp"

#include <string>
#include <vector>

#include "test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

int count(target& db) {
  return db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1);
}

} // namespace

CAF_TEST(every kind of request with an id runs once) {
  on_every_way([](target& db) {
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

CAF_TEST(a script that goes on after errors takes no id) {
  on_every_way([](target& db) {
    db.execute("CREATE TABLE t (x)");
    const auto e = failure_of([&] {
      db.with_id("s").execute_script("INSERT INTO t VALUES (1)", script_mode::continue_on_error);
    });
    CAF_CHECK(e.code == errc::invalid_option && e.outcome == fate::not_run);
    CAF_CHECK(e.message.find("continue_on_error") != e.message.npos);
    CAF_CHECK_EQUAL(count(db), 0);
  });
}

CAF_TEST(an id of another kind of request is refused) {
  on_every_way([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.with_id("one").execute("INSERT INTO t VALUES (1)");
    for (const auto& e :
         {failure_of([&] { db.with_id("one").fetch("INSERT INTO t VALUES (2) RETURNING x"); }),
          failure_of([&] { db.with_id("one").execute_script("INSERT INTO t VALUES (2)"); }),
          failure_of([&] {
            db.with_id("one").execute_many("INSERT INTO t VALUES (2)", std::vector<params>(1));
          })}) {
      CAF_CHECK(e.code == errc::invalid_state && e.outcome != fate::unknown);
      CAF_CHECK(e.message.find("\"one\"") != e.message.npos);
    }
    CAF_CHECK_EQUAL(count(db), 1);
    db.with_id("two").execute("INSERT INTO t VALUES (2)");
    CAF_CHECK_EQUAL(count(db), 2);
  });
}

CAF_TEST(ids older than a day are forgotten and younger ones are not ) {
  on_every_way([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.with_id("first").execute("INSERT INTO t VALUES (1)");
    const std::string old = "INSERT INTO dbengine_once (id, kind, result, at) SELECT 'old ' || "
                            "value, 1, x'', unixepoch() - 90000 FROM json_each('[1,2,3]')";
    db.execute(old);
    // The first one looked, and the next look is a minute later: a fresh connection's first.
    if (db.interactive) {
      static_cast<void>(db.raw_connection());
      db.with_id("second").execute("INSERT INTO t VALUES (2)");
      CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM dbengine_once").value_or(0), 2);
    }
    db.with_id("first").execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(
        db.fetch_value<int>("SELECT count(*) FROM dbengine_once WHERE id = 'first'").value_or(0),
        1);
    // Without reading through the young ones.
    const auto plan = db.fetch("EXPLAIN QUERY PLAN SELECT id FROM dbengine_once WHERE at < 5");
    CAF_CHECK(plan[0]["detail"].as<std::string>().find("USING") != std::string::npos);
  });
}

CAF_TEST(a fetch with an id inside a write is refused at once) {
  on_every_way([](target& db) {
    if (!db.interactive)
      return;
    db.execute("CREATE TABLE t (x)");
    db.write([&](transaction&) {
      const auto e = failure_of([&] { db.with_timeout(5s).with_id("x").fetch("SELECT 1"); });
      CAF_CHECK_EQUAL(std::string(to_string(e.code)), "invalid_state");
    });
  });
}
