// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Cursors of actors are closed automatically: when they have not been read for long, and when their
// owner has ended.
//
//   owner                       engine
//   cursor_open --------------> opens, monitors the owner, arms one timer
//   cursor_next --------------> rows; the idle time starts again
//   ends ---------------------> closes its cursors and no others

#include "support/engine/engine_system_fixture.hpp"

#include "support/engine/answer_box.hpp"
#include "support/manual_reset_event.hpp"
#include "system/engine_handle.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

dbengine::actors::system::spawn_settings idle(std::chrono::milliseconds t) {
  dbengine::actors::system::spawn_settings s;
  s.cursor_idle = t;
  return s;
}

cursor_id opened(caf::scoped_actor& self, const engine_actor& engine) {
  cursor_id id;
  self->request(engine, caf::infinite,
                cursor_open{.sql = "SELECT x FROM t", .parameters = {}, .options = {}})
      .receive([&](cursor_id x) { id = x; },
               [&](const caf::error& e) { CAF_FAIL(actors::to_error(e).what()); });
  return id;
}

std::string next(caf::scoped_actor& self, const engine_actor& engine, cursor_id id) {
  std::string result;
  self->request(engine, caf::infinite, cursor_next{.id = id, .batch = 1, .timeout = {}})
      .receive([&](const rows& r) { result = std::to_string(r.size()); },
               [&](const caf::error& e) { result = to_string(actors::to_error(e).code()); });
  return result;
}

void fill(engine_system_fixture& f) {
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_REQUIRE(f.done("INSERT INTO t VALUES (1), (2), (3)"));
}

} // namespace

CAF_TEST(a cursor that is not read is closed) {
  engine_system_fixture f({}, idle(20ms));
  fill(f);
  const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
  {
    caf::scoped_actor self(*f.system);
    const auto id = opened(self, engine);
    const auto again = opened(self, engine);
    CAF_CHECK(eventually([&] { return f.engine->cursors()->size() == 0; }));
    CAF_CHECK_EQUAL(next(self, engine, id), "invalid_state");
    CAF_CHECK_EQUAL(next(self, engine, again), "invalid_state");
    // The timer ended with the last cursor; the next cursor starts it again.
    opened(self, engine);
    CAF_CHECK(eventually([&] { return f.engine->cursors()->size() == 0; }));
  }
  engine_actor gone = engine; // the handle may outlive the engine
  f.engine->stop(1s);
}

CAF_TEST(closing a cursor ends the step that runs) {
  manual_reset_event g;
  options o;
  o.num_workers = 1;
  o.functions.push_back(g.as_function());
  engine_system_fixture f(o);
  const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
  const auto box = answer_box::make(*f.system);
  caf::message answer;
  const auto open = box->send(
      engine,
      cursor_open{.sql = "WITH RECURSIVE c(x) AS (SELECT hold() UNION ALL SELECT x + 1 FROM "
                         "c) SELECT max(x) FROM c",
                  .parameters = {},
                  .options = {}});
  CAF_REQUIRE(box->wait(open, 60s, answer) && answer.match_elements<cursor_id>());
  const auto id = answer.get_as<cursor_id>(0);
  // The step never ends by itself, and its deadline is a day away.
  const auto step = box->send(engine, cursor_next{.id = id, .batch = 1, .timeout = 24h});
  CAF_REQUIRE(g.wait_for_arrivals(1));
  box->send(engine, cursor_close{id});
  g.set();
  CAF_REQUIRE(box->wait(step, 60s, answer));
  CAF_CHECK_EQUAL(to_string(failure_in(answer).code), to_string(errc::cancelled));
  CAF_CHECK_EQUAL(f.number("SELECT 1"), 1); // the reader is free
}

// The negative control of the idle timer.
CAF_TEST(a cursor that is read stays and a restarted pool continues its sweeps) {
  engine_system_fixture f({}, idle(2s)); // longer than a busy machine delays this thread
  fill(f);
  CAF_REQUIRE(
      f.done("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
             "INSERT INTO t SELECT i FROM n"));
  const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
  caf::scoped_actor self(*f.system);
  const auto used = opened(self, engine);
  const auto unused = opened(self, engine);
  // The pool is killed together with its timer: the next pool takes over the existing cursors.
  caf::anon_send_exit(f.engine->handles().read().reader_pool, caf::exit_reason::kill);
  const auto started = std::chrono::steady_clock::now();
  int asked = 0;
  while (f.engine->cursors()->size() == 2 && std::chrono::steady_clock::now() < started + 60s) {
    CAF_REQUIRE_EQUAL(next(self, engine, used), "1");
    ++asked;
  }
  CAF_CHECK(asked > 0);
  CAF_CHECK(std::chrono::steady_clock::now() - started >= 250ms); // not at once
  CAF_CHECK_EQUAL(f.engine->cursors()->size(), 1u);
  CAF_CHECK_EQUAL(next(self, engine, used), "1");
  CAF_CHECK_EQUAL(next(self, engine, unused), "invalid_state");
}

CAF_TEST(the cursors of an owner that ends are closed and no others) {
  engine_system_fixture f; // an idle time of a minute: the timer plays no part
  fill(f);
  const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
  caf::scoped_actor stays(*f.system);
  const auto kept = opened(stays, engine);
  const auto open_three = [engine](caf::event_based_actor* self) {
    for (int i = 0; i < 3; ++i)
      self->request(engine, caf::infinite,
                    cursor_open{.sql = "SELECT x FROM t", .parameters = {}, .options = {}})
          .then([](cursor_id) {});
    return caf::behavior{[](int) {}};
  };
  const auto owner = f.system->spawn(open_three);
  CAF_CHECK(eventually([&] { return f.engine->cursors()->size() == 4; }));
  caf::anon_send_exit(owner, caf::exit_reason::kill);
  CAF_CHECK(eventually([&] { return f.engine->cursors()->size() == 1; }));
  CAF_CHECK_EQUAL(next(stays, engine, kept), "1");
  // The cursors of an owner that ends normally are closed, too.
  {
    caf::scoped_actor passes(*f.system);
    opened(passes, engine);
    CAF_CHECK_EQUAL(f.engine->cursors()->size(), 2u);
  }
  CAF_CHECK(eventually([&] { return f.engine->cursors()->size() == 1; }));
}

CAF_TEST(an owner that ended before its cursor was open leaves none) {
  engine_system_fixture f;
  fill(f);
  const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
  for (int i = 0; i < 50; ++i) {
    auto owner = f.system->spawn([engine](caf::event_based_actor* self) {
      self->send(engine, cursor_open{.sql = "SELECT x FROM t", .parameters = {}, .options = {}});
      self->quit();
      return caf::behavior{[](int) {}};
    });
  }
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 3); // queued after all of them
  CAF_CHECK(eventually([&] { return f.engine->cursors()->size() == 0; }));
}

CAF_TEST(an engine without cursors arms no timer) {
  int armed = 0;
  dbengine::engine::cursor_table table(1ms, [&] { ++armed; });
  CAF_CHECK(!table.expire());
  CAF_CHECK_EQUAL(armed, 0);
  engine_system_fixture f;
  fill(f);
  const auto open = [&] {
    dbengine::sqlite::request_control ctl(10s, {});
    return table.open(f.core().file().open_reader(), "SELECT x FROM t", {}, 7, ctl);
  };
  const auto first = open();
  open();
  CAF_CHECK_EQUAL(armed, 1); // one timer for both cursors
  CAF_CHECK(eventually([&] {
    const auto again = table.expire();
    CAF_CHECK(!again || *again <= 1ms);
    return table.size() == 0;
  }));
  open();
  CAF_CHECK_EQUAL(armed, 2);
  table.close(first, 8); // another actor's number has no effect
  table.close_owned(8);
  CAF_CHECK_EQUAL(table.size(), 1u);
  table.close_owned(7);
  CAF_CHECK_EQUAL(table.size(), 0u);
}
