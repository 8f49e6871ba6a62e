// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of cursors over the wire: no row is lost, none belongs to another cursor, and no cursor is
// left open.

#include "support/engine/engine_fixture.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <poll.h>

#include <chrono>
#include <future>
#include <memory>
#include <stop_token>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

CAF_TEST(a client that vanishes leaves no cursor behind) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  child_process client({DBENGINE_BIN_DIR "/remote_client", s.address(), "cursor"});
  CAF_REQUIRE_EQUAL(client.line(), "open");
  CAF_CHECK_EQUAL(s.cursors(), 1);
  client.kill();
  CAF_CHECK(comes_soon([&] { return s.cursors() == 0; }));
}

CAF_TEST(a cursor that is abandoned is closed at the server) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  auto db = db_engine::connect(s.address());
  {
    auto c =
        db.cursor("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000) "
                  "SELECT x FROM c",
                  {}, 10);
    CAF_CHECK_EQUAL(c.next().size(), 10u);
    CAF_CHECK_EQUAL(s.cursors(), 1);
  }
  CAF_CHECK(comes_soon([&] { return s.cursors() == 0; }));
}

constexpr auto numbers =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000) SELECT x FROM c";

CAF_TEST(a cursor that cannot ask for the next rows loses none) {
  engine_folder folder;
  server s(folder.url());
  CAF_REQUIRE_EQUAL(s.trouble(), "");
  const auto db = db_engine::connect(s.address(), {.max_queue = 1});
  auto c = db.cursor(numbers, {}, 10);
  // When this request is accepted, the first batch has arrived.
  CAF_REQUIRE(comes_soon([&] { return code_of([&] { db.fetch("SELECT 1"); }) == "none"; }));
  std::stop_source stop;
  auto endless = std::async(std::launch::async, [&] {
    for (;;) { // the other thread may have the one place in the queue
      const auto code = code_of([&] {
        db.with_cancel(stop.get_token())
            .fetch(
                "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c");
      });
      if (code != "overloaded")
        return code;
    }
  });
  CAF_REQUIRE(comes_soon([&] { return code_of([&] { db.fetch("SELECT 1"); }) == "overloaded"; }));
  const auto first = c.next();
  CAF_REQUIRE_EQUAL(first.size(), 10u);
  CAF_CHECK_EQUAL(first[0][0].as<int>(), 1);
  CAF_CHECK_EQUAL(code_of([&] { static_cast<void>(c.next()); }), "overloaded");
  stop.request_stop();
  CAF_CHECK_EQUAL(endless.get(), "cancelled");
  int last = 10;
  for (auto r = c.next(); !r.empty();) {
    for (const auto& x : r)
      CAF_REQUIRE_EQUAL(x[0].as<int>(), ++last);
    if (!comes_soon([&] { return code_of([&] { r = c.next(); }) == "none"; }))
      break;
  }
  CAF_CHECK_EQUAL(last, 1'000);
}

CAF_TEST(a cursor of a server that is gone reads no rows of another one) {
  engine_folder folder;
  auto s = std::make_unique<server>(folder.url());
  CAF_REQUIRE_EQUAL(s->trouble(), "");
  const auto port = "--port=" + std::to_string(s->port());
  auto db = db_engine::connect(s->address());
  auto old = std::make_unique<dbengine::cursor>(db.cursor(numbers, {}, 10));
  CAF_CHECK_EQUAL(old->next().size(), 10u);
  s->kill();
  s = std::make_unique<server>(folder.url(), std::vector<std::string>{port});
  CAF_REQUIRE_EQUAL(s->trouble(), "");
  auto c = db.cursor("SELECT 'another'", {}, 10);
  errc why = errc::none;
  for (int i = 0; i < 3 && why == errc::none; ++i)
    why = failure_of([&] {
            for (const auto& r : old->next())
              CAF_CHECK(r[0].type() == value_type::integer);
          }).code;
  CAF_CHECK(why != errc::none);
  old.reset();
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT 1").value_or(0), 1); // after the end of the old one
  CAF_CHECK_EQUAL(c.next().size(), 1u);
}
