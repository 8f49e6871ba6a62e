// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway behind the guard: whatever stands in a body is answered, and parts of an answer come only to whom they belong.

#include "remote/gateway.hpp"

#include "message_codec.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <random>
#include <string>
#include <vector>

#include "test.hpp" // last

using namespace dbengine;
using namespace dbengine::actors;

namespace {

struct config : caf::actor_system_config {
  config() { setup(*this); }
};

class scene {
public:
  explicit scene(dbengine::access a = dbengine::access::read_write) : system_(config_) {
    caf::logger::set_current_actor_system(nullptr);
    engine_ = spawn_engine(system_, "sqlite://", {.num_workers = 2});
    gateway_ = system_.spawn(gateway, engine_, a, peer_limits{});
  }
  ~scene() {
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
    gateway_ = nullptr;
    shutdown(system_, engine_);
    engine_ = nullptr;
  }
  scene(const scene&) = delete;
  scene& operator=(const scene&) = delete;

  wire_answer ask(caf::scoped_actor& peer, wire_kind k, std::uint64_t id, std::string body) {
    wire_answer answer{99, 0, {}};
    peer->request(gateway_, caf::infinite,
                  wire_request{static_cast<std::uint8_t>(k), id, std::move(body)})
        .receive([&](wire_answer& a) { answer = std::move(a); }, [](const caf::error&) {});
    caf::logger::set_current_actor_system(nullptr);
    return answer;
  }
  caf::actor_system& system() { return system_; }

private:
  config config_;
  caf::actor_system system_;
  engine_actor engine_;
  gateway_actor gateway_;
};

template <class... Ts>
std::string body(const Ts&... xs) {
  return detail::encode(std::int64_t{0}, xs...);
}

std::string fetching(const std::string& sql) {
  return body(fetch_request{sql, {}, {}}, std::uint8_t{0});
}

bool is(const wire_answer& a, wire_outcome o) {
  return a.outcome == static_cast<std::uint8_t>(o);
}

errc code(const wire_answer& a) {
  error_info why;
  if (is(a, wire_outcome::failure))
    detail::decode(a.body, why);
  return why.code;
}

} // namespace

CAF_TEST(whatever stands in a body it is answered) {
  scene it;
  caf::scoped_actor peer(it.system());
  std::mt19937 random(7);
  const std::vector<std::string> good{
      body(wire_protocol, std::string("0.1")),
      body(execute_request{"CREATE TABLE IF NOT EXISTS t (x)", {}, {}}),
      fetching("SELECT 1"),
      body(batch_request{"INSERT INTO t VALUES (?)", {params::of(1), params::of("x")}, {}}),
      body(transaction_request{{operation::fetch("SELECT 1")}, {}}),
      body(script_request{"SELECT 1; SELECT 2;", script_mode::all_or_nothing, {}}),
      body(cursor_open{"SELECT 1", {}, {}}),
      body(cursor_next{{1}, 10}),
      body(cursor_close{{1}}),
      body(std::uint64_t{1}),
      body(maintenance_request{maintenance_kind::quick_check, {}, {}, {}})};
  std::uint64_t id = 0;
  int answered = 0;
  int asked = 0;
  for (int kind = 0; kind < 20; ++kind)
    for (int round = 0; round < 200; ++round) {
      auto bytes = good[random() % good.size()];
      for (auto n = random() % 4; n > 0 && !bytes.empty(); --n)
        bytes[8 + random() % (bytes.size() - 8)] = static_cast<char>(random());
      if (random() % 4 == 0)
        bytes.resize(random() % (bytes.size() + 1));
      ++asked;
      const auto a = it.ask(peer, static_cast<wire_kind>(kind), ++id, bytes);
      answered += a.outcome <= static_cast<std::uint8_t>(wire_outcome::needs_writer) && a.id == id;
    }
  CAF_CHECK_EQUAL(answered, asked);
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, ++id, fetching("SELECT 1")), wire_outcome::result));
}

CAF_TEST(a list may not take more memory than a message is worth) {
  scene it;
  caf::scoped_actor peer(it.system());
  // Eight million nulls: eight megabytes that would become hundreds.
  auto bytes = body(std::string("SELECT 1"), std::uint64_t{0}, std::uint64_t{8'000'000});
  bytes.resize(bytes.size() + 8'000'000);
  const auto a = it.ask(peer, wire_kind::execute, 1, std::move(bytes));
  CAF_CHECK(code(a) == errc::protocol);
}

CAF_TEST(another version of the protocol is told so) {
  scene it;
  caf::scoped_actor peer(it.system());
  const auto a = it.ask(peer, wire_kind::hello, 1, body(std::uint32_t{99}, std::string("9.9")));
  CAF_CHECK(code(a) == errc::protocol);
  error_info why;
  detail::decode(a.body, why);
  CAF_CHECK(why.message.find("version 99") != std::string::npos);
}

CAF_TEST(a large answer comes in parts to the peer that asked and to no other) {
  scene it;
  caf::scoped_actor peer(it.system());
  caf::scoped_actor other(it.system());
  auto a = it.ask(peer, wire_kind::fetch, 1, fetching("SELECT zeroblob(5000000)"));
  CAF_CHECK(code(it.ask(other, wire_kind::more, 1, body(std::uint64_t{1}))) == errc::invalid_state);
  std::string whole;
  int parts = 0;
  for (std::uint64_t id = 2; is(a, wire_outcome::part); ++id) {
    ++parts;
    CAF_CHECK(a.body.size() <= defaults::wire_part_bytes + 8);
    whole.append(a.body, 8);
    a = it.ask(peer, wire_kind::more, id, body(std::uint64_t{1}));
  }
  CAF_CHECK(code(a) == errc::invalid_state); // there is no more
  CAF_CHECK_GREATER_OR_EQUAL(parts, 5);
  rows r;
  detail::decode(whole, r);
  CAF_CHECK_EQUAL(r[0][0].as<blob>().size(), 5'000'000u);
}

CAF_TEST(a cursor belongs to the peer that opened it) {
  scene it;
  caf::scoped_actor peer(it.system());
  caf::scoped_actor other(it.system());
  const auto opened =
      it.ask(peer, wire_kind::cursor_open, 1, body(cursor_open{"SELECT 1", {}, {}}));
  CAF_REQUIRE(is(opened, wire_outcome::result));
  cursor_id id;
  detail::decode(opened.body, id);
  CAF_CHECK(code(it.ask(other, wire_kind::cursor_next, 1, body(cursor_next{id, 10}))) ==
            errc::invalid_state);
  CAF_CHECK(
      is(it.ask(peer, wire_kind::cursor_next, 2, body(cursor_next{id, 10})), wire_outcome::result));
}

CAF_TEST(a fetch that would write is told to ask again) {
  scene it;
  caf::scoped_actor peer(it.system());
  it.ask(peer, wire_kind::execute, 1, body(execute_request{"CREATE TABLE t (x)", {}, {}}));
  const std::string sql = "INSERT INTO t VALUES (1) RETURNING x";
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 2, fetching(sql)), wire_outcome::needs_writer));
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 3, body(fetch_request{sql, {}, {}}, std::uint8_t{1})),
               wire_outcome::result));
}

CAF_TEST(a fetch that forbids itself to write is refused and not told to ask again) {
  scene it;
  caf::scoped_actor peer(it.system());
  it.ask(peer, wire_kind::execute, 1, body(execute_request{"CREATE TABLE t (x)", {}, {}}));
  for (const auto may_write : {std::uint8_t{0}, std::uint8_t{1}})
    CAF_CHECK(
        code(it.ask(
            peer, wire_kind::fetch, 2,
            body(fetch_request{"INSERT INTO t VALUES (1) RETURNING x", {}, {.read_only = true}},
                 may_write))) == errc::read_only);
}

CAF_TEST(a read - only gateway refuses what writes) {
  scene it(dbengine::access::read_only);
  caf::scoped_actor peer(it.system());
  CAF_CHECK(code(it.ask(peer, wire_kind::execute, 1,
                        body(execute_request{"CREATE TABLE t (x)", {}, {}}))) == errc::read_only);
  CAF_CHECK(code(it.ask(peer, wire_kind::fetch, 2,
                        body(fetch_request{"PRAGMA user_version = 3", {}, {}}, std::uint8_t{1}))) ==
            errc::read_only);
  CAF_CHECK(code(it.ask(peer, wire_kind::backup, 3, body(backup_request{}))) == errc::read_only);
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 4, fetching("SELECT 1")), wire_outcome::result));
}
