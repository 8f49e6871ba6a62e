// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a relay: an engine elsewhere that this process publishes again. What the relay's port
// forbids stays forbidden, whatever the server's port allows.
//
// client --- relay (this process) --- server (its own process, allows writes)

#include "support/engine/engine_fixture.hpp"
#include "support/engine/handle_backend.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <functional>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct relay_config : host_config {
  relay_config() { load<caf::io::middleman>(); }
};

struct fixture {
  engine_folder folder;
  server s{folder.url()};
  relay_config config;
  caf::actor_system system{config};
  engine_actor far;

  fixture() {
    caf::logger::set_current_actor_system(nullptr);
    CAF_REQUIRE_EQUAL(s.trouble(), "");
    auto handle = actors::connect(system, "127.0.0.1", s.port());
    CAF_REQUIRE(handle);
    far = std::move(*handle);
  }
  ~fixture() {
    actors::shutdown(system, far);
    far = nullptr;
  }

  db_engine through(dbengine::access a) {
    const auto port = actors::publish(system, far, {.access = a});
    CAF_REQUIRE(port);
    return db_engine::connect("127.0.0.1:" + std::to_string(*port));
  }

  template <class Result, class Request>
  errc ask(Request r) {
    auto code = errc::none;
    caf::scoped_actor self(system);
    self->request(far, caf::infinite, std::move(r))
        .receive([](const Result&) {},
                 [&](const caf::error& e) { code = actors::to_info(e).code; });
    caf::logger::set_current_actor_system(nullptr);
    return code;
  }
};

constexpr const char* insert = "INSERT INTO t VALUES (1) RETURNING x";

} // namespace

CAF_TEST_FIXTURE_SCOPE(remote_relay, fixture)

CAF_TEST(a read - only relay of a writable engine changes nothing) {
  auto direct = db_engine::connect(s.address());
  direct.execute("CREATE TABLE t (x)");
  auto db = through(access::read_only);
  for (const auto& f : std::vector<std::function<void()>>{
           [&] { db.execute("INSERT INTO t VALUES (1)"); }, [&] { db.fetch(insert); },
           [&] { db.with_id("a").fetch(insert); }, [&] { db.fetch("PRAGMA user_version = 7"); },
           [&] { db.execute_many("INSERT INTO t VALUES (?)", std::vector<params>{params::of(1)}); },
           [&] { db.execute_transaction({operation::fetch(insert)}); },
           [&] { db.execute_script("DELETE FROM t"); }, [&] { db.vacuum(); },
           [&] { db.request_backup(); }})
    CAF_CHECK_EQUAL(code_of(f), "read_only");
  CAF_CHECK(code_of([&] { db.cursor(insert); }) != "none");
  CAF_CHECK_EQUAL(direct.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0);
}

CAF_TEST(a relay that may write passes a fetch that writes on) {
  auto db = through(access::read_write);
  db.execute("CREATE TABLE t (x)");
  CAF_CHECK_EQUAL(db.fetch(insert).size(), 1u);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
}

CAF_TEST(a message that forbids itself to write does not write over the wire) {
  auto db = db_engine::connect(s.address());
  db.execute("CREATE TABLE t (x)");
  const call_options reading{.read_only = true};
  CAF_CHECK(ask<rows>(fetch_request{insert, {}, reading}) == errc::read_only);
  CAF_CHECK(ask<rows>(fetch_request{insert, {}, {.id = "a", .read_only = true}}) ==
            errc::read_only);
  CAF_CHECK(ask<write_result>(execute_request{"DELETE FROM t", {}, reading}) == errc::read_only);
  CAF_CHECK(ask<transaction_result>(transaction_request{{operation::fetch(insert)}, reading}) ==
            errc::read_only);
  CAF_CHECK(ask<script_result>(script_request{"DELETE FROM t", {}, reading}) == errc::read_only);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0);
  CAF_CHECK(ask<rows>(fetch_request{"SELECT 1", {}, reading}) == errc::none);
}

CAF_TEST(a linked actor that ends as it should leaves the handle) {
  {
    caf::scoped_actor self(system);
    for (int i = 0; i < 100; ++i)
      self->wait_for(system.spawn([this](caf::event_based_actor* it) {
        it->link_to(far);
        it->quit();
      }));
  }
  CAF_CHECK(ask<rows>(fetch_request{"SELECT 1"}) == errc::none);
}

CAF_TEST(two handles of one system share what the server takes of one connection) {
  server narrow(folder.url("narrow.db"), {"--in-flight=20"});
  CAF_REQUIRE_EQUAL(narrow.trouble(), "");
  std::vector<engine_actor> handles;
  for (int i = 0; i < 2; ++i) {
    auto handle = actors::connect(system, "127.0.0.1", narrow.port());
    CAF_REQUIRE(handle);
    handles.push_back(std::move(*handle));
  }
  constexpr int each = 500;
  int right = 0;
  std::string wrong;
  {
    caf::scoped_actor self(system);
    for (int i = 0; i < each; ++i)
      for (const auto& h : handles)
        system.spawn([h, parent = caf::actor(self)](caf::event_based_actor* a) {
          a->request(h, caf::infinite, fetch_request{"SELECT 7", {}, {}})
              .then([a, parent](const rows& r) { a->send(parent, r[0][0].as<int>()); },
                    [a, parent](const caf::error& e) {
                      a->send(parent, to_string(actors::to_info(e)));
                    });
        });
    for (int i = 0; i < 2 * each; ++i)
      self->receive([&](int x) { right += x == 7; }, [&](const std::string& why) { wrong = why; });
  }
  caf::logger::set_current_actor_system(nullptr);
  CAF_CHECK_EQUAL(wrong, "");
  CAF_CHECK_EQUAL(right, 2 * each);
  for (auto& h : handles)
    actors::shutdown(system, h);
}

CAF_TEST_FIXTURE_SCOPE_END()
