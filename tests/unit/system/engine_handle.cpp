// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine's handle as an actor among CAF's actors: answers, compositions, system messages,
// messages as text, and what `setup` does to a host's configuration.

#include "support/engine/engine_system_fixture.hpp"
#include "system/request_routes.hpp"

#include <dbengine/actors/publish.hpp>
#include <dbengine/actors/spawn.hpp>

#include <caf/deep_to_string.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <set>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

struct host_config : caf::actor_system_config {
  host_config() { actors::setup(*this); }
};

struct scene {
  scene() : sys(cfg) {
    caf::logger::set_current_actor_system(nullptr);
    engine = actors::spawn_engine(sys, folder.url());
    any = caf::actor_cast<caf::actor>(engine);
  }
  ~scene() { actors::shutdown(sys, engine); }

  engine_folder folder;
  host_config cfg;
  caf::actor_system sys;
  engine_actor engine;
  caf::actor any;
};

template <class F>
errc code_thrown(F&& f) {
  try {
    f();
    return errc::none;
  } catch (const error& e) {
    return e.code();
  }
}

template <class Inspected>
bool shows(const Inspected& x, std::string_view text) {
  const auto all = caf::deep_to_string(x);
  CAF_MESSAGE(all);
  return all.find(text) != std::string::npos;
}

/// A host whose engines can be published.
struct connected : caf::actor_system_config {
  connected() {
    load<caf::io::middleman>();
    actors::setup(*this);
  }
};

} // namespace

CAF_TEST(an actor composed with the engine gets its result) {
  scene s;
  caf::scoped_actor self(s.sys);
  const auto doubled = s.sys.spawn([]() -> caf::behavior {
    return {[](const rows& r) { return 2 * r[0][0].as<std::int64_t>(); }};
  });
  const auto composed = doubled * s.any;
  std::int64_t n = 0;
  self->request(composed, 5s, fetch_request{"SELECT 21", {}, {}})
      .receive([&](std::int64_t x) { n = x; },
               [](const caf::error& e) { CAF_FAIL(actors::to_error(e).what()); });
  CAF_CHECK_EQUAL(n, 42);
  // A failure reaches the sender and leaves the composed actor alive.
  auto code = errc::none;
  self->request(composed, 5s, fetch_request{"SELECT nope", {}, {}})
      .receive([](std::int64_t) {},
               [&](const caf::error& e) { code = actors::to_error(e).code(); });
  CAF_CHECK(code == errc::sql);
  self->request(composed, 5s, fetch_request{"SELECT 1", {}, {}})
      .receive([&](std::int64_t x) { n = x; },
               [](const caf::error& e) { CAF_FAIL(actors::to_error(e).what()); });
  CAF_CHECK_EQUAL(n, 2);
}

CAF_TEST(requests to other actors keep their stages) {
  scene s;
  caf::scoped_actor self(s.sys);
  const auto second = s.sys.spawn([]() -> caf::behavior {
    return {[](const health_report& r) { return r.ok; },
            [](const backup_info& i) { return i.enabled; }};
  });
  for (const bool health : {true, false}) {
    bool answered = false;
    const auto got = [&](bool) { answered = true; };
    const auto failed = [](const caf::error& e) { CAF_FAIL(actors::to_error(e).what()); };
    if (health)
      self->request(second * s.any, 5s, health_request{}).receive(got, failed);
    else
      self->request(second * s.any, 5s, backup_info_request{}).receive(got, failed);
    CAF_CHECK(answered);
  }
}

CAF_TEST(an answer names the handle as its sender) {
  scene s;
  caf::scoped_actor self(s.sys);
  self->request(s.engine, 5s, fetch_request{"SELECT 1", {}, {}})
      .receive([&](const rows&) { CAF_CHECK(self->current_sender() == s.any); },
               [](const caf::error& e) { CAF_FAIL(actors::to_error(e).what()); });
  self->request(s.engine, 5s, execute_request{"nonsense", {}, {}})
      .receive([](const write_result&) { CAF_FAIL("it is no statement"); },
               [&](const caf::error&) { CAF_CHECK(self->current_sender() == s.any); });
  self->request(s.any, 5s, std::string("no request"))
      .receive([] { CAF_FAIL("it is no request"); },
               [&](const caf::error& e) {
                 CAF_CHECK(e == caf::sec::unexpected_message);
                 CAF_CHECK(self->current_sender() == s.any);
               });
}

CAF_TEST(every request is answered once) {
  scene s;
  caf::scoped_actor self(s.sys);
  int answers = 0;
  self->request(s.engine, 5s, cursor_close{{7}})
      .receive([&] { ++answers; }, [](const caf::error&) {});
  self->request(s.engine, 5s, cancel_request{7})
      .receive([&] { ++answers; }, [](const caf::error&) {});
  CAF_CHECK_EQUAL(answers, 2);
  // A refusal gives its reason.
  maintenance_request large{
      .what = maintenance_kind::analyze, .argument = {}, .setting = {}, .options = {}};
  large.argument.assign(std::size_t{1} << 24, 'x');
  auto why = errc::none;
  self->request(s.engine, 5s, large)
      .receive([](const maintenance_result&) {},
               [&](const caf::error& e) { why = actors::to_error(e).code(); });
  CAF_CHECK(why != errc::none);
  CAF_CHECK(why != errc::internal);
}

CAF_TEST(the handle of a remote engine answers as the own handle of the engine) {
  engine_folder folder;
  connected server_config;
  caf::actor_system server(server_config);
  connected client_config;
  caf::actor_system client(client_config);
  caf::logger::set_current_actor_system(nullptr);
  const auto engine = actors::spawn_engine(server, folder.url());
  const auto port = actors::publish(server, engine);
  CAF_REQUIRE(port);
  const auto far = actors::connect(client, "127.0.0.1", *port);
  CAF_REQUIRE(far);
  const auto any = caf::actor_cast<caf::actor>(*far);
  {
    caf::scoped_actor self(client);
    const auto failed = [](const caf::error& e) { CAF_FAIL(actors::to_error(e).what()); };
    const auto doubled = client.spawn([]() -> caf::behavior {
      return {[](const rows& r) { return 2 * r[0][0].as<std::int64_t>(); }};
    });
    std::int64_t n = 0;
    self->request(doubled * any, 5s, fetch_request{"SELECT 21", {}, {}})
        .receive([&](std::int64_t x) { n = x; }, failed);
    CAF_CHECK_EQUAL(n, 42);
    self->request(*far, 5s, fetch_request{"SELECT 1", {}, {}})
        .receive([&](const rows&) { CAF_CHECK(self->current_sender() == any); }, failed);
    int answers = 0;
    self->request(*far, 5s, cursor_close{{7}}).receive([&] { ++answers; }, failed);
    self->request(*far, 5s, cancel_request{7}).receive([&] { ++answers; }, failed);
    CAF_CHECK_EQUAL(answers, 2);
    auto refused = errc::none;
    self->request(*far, 5s, verify_request{"/tmp/x", {}})
        .receive([](const verify_report&) {},
                 [&](const caf::error& e) { refused = actors::to_error(e).code(); });
    CAF_CHECK(refused == errc::not_allowed);
  }
  CAF_CHECK(code_thrown([&] { actors::shutdown(server, *far); }) == errc::invalid_option);
  actors::shutdown(client, *far);
  CAF_CHECK(actors::unpublish(server, engine, *port));
  actors::shutdown(server, engine);
}

CAF_TEST(a limit of peers that fits nothing is refused by its name) {
  connected config;
  caf::actor_system sys(config);
  caf::logger::set_current_actor_system(nullptr);
  const auto engine = actors::spawn_engine(sys, "sqlite://");
  peer_limits bounds;
  bounds.max_in_flight_bytes = bounds.max_frame_bytes - 1;
  const auto port = actors::publish(sys, engine, {.limits = bounds});
  CAF_REQUIRE(!port);
  const auto why = actors::to_error(port.error());
  CAF_CHECK_EQUAL(to_string(why.code()), "invalid_option");
  CAF_CHECK_EQUAL(why.message(), "publish: max_in_flight_bytes must hold at least one frame");
  actors::shutdown(sys, engine);
}

CAF_TEST(a port that is in use is refused with the reason) {
  connected config;
  caf::actor_system sys(config);
  caf::logger::set_current_actor_system(nullptr);
  const auto engine = actors::spawn_engine(sys, "sqlite://");
  const auto first = actors::publish(sys, engine);
  CAF_REQUIRE(first);
  const auto second = actors::publish(sys, engine, {.port = *first});
  CAF_REQUIRE(!second);
  const auto why = actors::to_error(second.error());
  CAF_CHECK_EQUAL(to_string(why.code()), "cannot_open");
  CAF_CHECK_EQUAL(why.message(), "publish: cannot listen at 127.0.0.1:" + std::to_string(*first) +
                                     ": Address already in use");
  actors::shutdown(sys, engine);
}

CAF_TEST(the handle introduces itself as any actor) {
  scene s;
  caf::scoped_actor self(s.sys);
  const auto asked = [&](std::string key) {
    std::string answer;
    self->request(s.any, 5s, caf::sys_atom::value, caf::get_atom::value, std::move(key))
        .receive(
            [&](caf::ok_atom, const std::string& what, const caf::strong_actor_ptr& who,
                const std::string& name) {
              CAF_CHECK(caf::actor_cast<caf::actor>(who) == s.any);
              answer = what + ": " + name;
            },
            [&](const caf::error& e) { answer = s.sys.render(e); });
    return answer;
  };
  CAF_CHECK_EQUAL(asked("info"), "info: dbengine.engine");
  CAF_CHECK_EQUAL(asked("nothing"), "system_error(unsupported_sys_message)");
}

CAF_TEST(messages print their fields) {
  const execute_request x{
      "INSERT INTO t VALUES (?, ?)", params::of(7, "Ada"), {.timeout = 5s, .id = "k1"}};
  CAF_CHECK(shows(x, "execute_request(\"INSERT INTO t VALUES (?, ?)\""));
  CAF_CHECK(shows(x, "[7, \"Ada\"]"));
  CAF_CHECK(shows(x, "options(timeout=5s, id=\"k1\")"));
  CAF_CHECK(shows(fetch_request{"SELECT :a", {{"a", 1.5}}, {}}, "a=1.5"));
  CAF_CHECK(shows(caf::make_message(fetch_request{"SELECT 1", {}, {}}), "SELECT 1"));
  CAF_CHECK(shows(health_request{}, "health_request()"));
  CAF_CHECK(shows(write_result{3, 9, {}}, "write_result(3, 9"));
  CAF_CHECK(shows(cursor_next{{4}, 10, 2s}, "cursor_next((4), 10, 2s)"));
  CAF_CHECK(shows(backup_to_request{"/tmp/x", {}}, "/tmp/x"));
  CAF_CHECK(shows(fetch_request{std::string(5'000, 'x'), {}, {}}, "(5000 bytes)"));
  CAF_CHECK(shows(transaction_result{{write_result{1, 2, {}}}}, "transaction_result([(1, 2"));
}

CAF_TEST(messages compare by their fields) {
  CAF_CHECK(fetch_request({"SELECT 1", {}, {}}) == fetch_request({"SELECT 1", {}, {}}));
  CAF_CHECK(fetch_request({"SELECT 1", {}, {}}) != fetch_request({"SELECT 2", {}, {}}));
  CAF_CHECK(prune_request{{.keep_count = 1}, false, {}} != prune_request());
  CAF_CHECK(statistics() == statistics());
  CAF_CHECK(transaction_result{{write_result{1, 2, {}}}} != transaction_result());
}

CAF_TEST(setup leaves the settings of a host that only embeds) {
  struct plain : caf::actor_system_config {};
  plain untouched;
  plain cfg;
  actors::setup(cfg);
  CAF_CHECK_EQUAL(caf::deep_to_string(caf::content(cfg)),
                  caf::deep_to_string(caf::content(untouched)));
  {
    caf::actor_system sys(cfg);
    caf::logger::set_current_actor_system(nullptr);
  }
  CAF_CHECK_EQUAL(caf::deep_to_string(caf::content(cfg)),
                  caf::deep_to_string(caf::content(untouched)));
}

CAF_TEST(a system with a middleman gets heartbeats that the host can set) {
  struct slow : caf::actor_system_config {
    slow() {
      load<caf::io::middleman>();
      set("middleman.connection-timeout", caf::timespan(7s));
      actors::setup(*this);
    }
  };
  slow cfg;
  caf::actor_system sys(cfg);
  caf::logger::set_current_actor_system(nullptr);
  const auto time = [&](const char* name) {
    return caf::get_or(sys.config(), caf::string_view(name, std::char_traits<char>::length(name)),
                       caf::timespan(0));
  };
  CAF_CHECK(time("middleman.heartbeat-interval") == caf::timespan(defaults::heartbeat_interval));
  CAF_CHECK(time("middleman.connection-timeout") == caf::timespan(7s));
  CAF_CHECK(caf::get_or(sys.config(), "middleman.workers", std::size_t{9}) == 0);
}

CAF_TEST(an engine of another system is refused and left alone) {
  scene s;
  host_config other_config;
  caf::actor_system other(other_config);
  caf::logger::set_current_actor_system(nullptr);
  CAF_CHECK(code_thrown([&] { actors::shutdown(other, s.engine); }) == errc::invalid_option);
  CAF_CHECK(code_thrown([&] { actors::unpublish(other, s.engine, 1); }) == errc::invalid_option);
  caf::scoped_actor self(s.sys);
  bool open = false;
  self->request(s.engine, 5s, fetch_request{"SELECT 1", {}, {}})
      .receive([&](const rows&) { open = true; }, [](const caf::error&) {});
  CAF_CHECK(open);
}

CAF_TEST(each kind on the wire but three is one row of the table) {
  namespace routes = actors::system;
  std::set<int> kinds;
  for (int k = 0; k < 256; ++k)
    routes::visit_kind(static_cast<routes::wire_kind>(k), [&](auto) { kinds.insert(k); });
  CAF_CHECK_EQUAL(kinds.size(), 15u);
  CAF_CHECK_EQUAL(kinds.count(0), 0u);  // hello
  CAF_CHECK_EQUAL(kinds.count(10), 0u); // more
  CAF_CHECK_EQUAL(*kinds.rbegin(), 16);
}

CAF_TEST(the numbers of the wire are those of the protocol) {
  using actors::system::row_of;
  const auto number = []<class Row>(Row) { return static_cast<int>(Row::kind); };
  const std::vector<int> numbers{
      number(row_of<execute_request>()),      number(row_of<fetch_request>()),
      number(row_of<batch_request>()),        number(row_of<transaction_request>()),
      number(row_of<script_request>()),       number(row_of<cursor_open>()),
      number(row_of<cursor_next>()),          number(row_of<cursor_close>()),
      number(row_of<cancel_request>()),       number(row_of<maintenance_request>()),
      number(row_of<backup_request>()),       number(row_of<backup_info_request>()),
      number(row_of<statistics_request>()),   number(row_of<health_request>()),
      number(row_of<database_info_request>())};
  CAF_CHECK_EQUAL(numbers, (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16}));
  for (const int local : {number(row_of<backup_to_request>()), number(row_of<verify_request>()),
                          number(row_of<prune_request>())})
    CAF_CHECK_EQUAL(local, 255);
}
