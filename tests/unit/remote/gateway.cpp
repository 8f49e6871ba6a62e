// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway behind the guard: every body is answered, whatever its bytes, and only the peer that
// asked gets the parts of an answer.

#include "remote/server/gateway.hpp"
#include "remote/server/decoder.hpp"

#include "system/message_codec.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::actors;
using namespace dbengine::actors::remote;

namespace {

struct config : caf::actor_system_config {
  config() { setup(*this); }
};

class scene {
public:
  explicit scene(dbengine::access a = dbengine::access::read_write, peer_limits limits = {})
      : system_(config_) {
    caf::logger::set_current_actor_system(nullptr);
    engine_ = spawn_engine(system_, "sqlite://", {.num_workers = 2});
    gateway_ = system_.spawn(gateway, engine_,
                             gateway_rules{.allowed = a,
                                           .limits = limits,
                                           .decoder = decoder_ = system_.spawn(decoder)});
  }
  ~scene() {
    caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
    gateway_ = nullptr;
    caf::anon_send_exit(decoder_, caf::exit_reason::user_shutdown);
    decoder_ = nullptr;
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
  decoder_actor decoder_;
  gateway_actor gateway_;
};

template <class... Ts>
std::string body(const Ts&... xs) {
  return dbengine::base::encode(std::int64_t{0}, xs...);
}

std::string numbers(int most, const std::string& columns) {
  return "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < " +
         std::to_string(most) + ") SELECT " + columns + " FROM c";
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
    dbengine::base::decode(a.body, why);
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
  // Eight million nulls: eight megabytes that would expand to hundreds.
  auto bytes = body(std::string("SELECT 1"), std::uint64_t{0}, std::uint64_t{8'000'000});
  bytes.resize(bytes.size() + 8'000'000);
  const auto a = it.ask(peer, wire_kind::execute, 1, std::move(bytes));
  CAF_CHECK(code(a) == errc::protocol);
}

CAF_TEST(no request makes the server gather more than an answer may hold) {
  peer_limits limits;
  limits.max_answer_bytes = std::size_t{1} << 20;
  scene it(dbengine::access::read_write, limits);
  caf::scoped_actor peer(it.system());
  it.ask(peer, wire_kind::execute, 1, body(execute_request{"CREATE TABLE t (x)", {}, {}}));
  CAF_CHECK(code(it.ask(peer, wire_kind::fetch, 2, fetching(numbers(10'000, "zeroblob(1000)")))) ==
            errc::too_big);
  // An endless statement: it ends because it is interrupted, not because it is done.
  CAF_CHECK(code(it.ask(peer, wire_kind::fetch, 3,
                        fetching("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
                                 "SELECT x FROM c"))) == errc::too_big);
  // Each result is small, their sum is too large.
  const std::vector<operation> many(20, operation::fetch(numbers(100, "zeroblob(1000)")));
  auto writing = many;
  writing.insert(writing.begin(), operation::execute("INSERT INTO t VALUES (1)"));
  CAF_CHECK(code(it.ask(peer, wire_kind::transaction, 4, body(transaction_request{writing, {}}))) ==
            errc::too_big);
  std::string script = "INSERT INTO t VALUES (2);";
  for (int i = 0; i < 20; ++i)
    script += numbers(100, "zeroblob(1000)") + ";";
  CAF_CHECK(code(it.ask(peer, wire_kind::script, 5,
                        body(script_request{script, script_mode::all_or_nothing, {}}))) ==
            errc::too_big);
  const auto a = it.ask(peer, wire_kind::fetch, 6, fetching("SELECT count(*) FROM t"));
  rows r;
  dbengine::base::decode(a.body, r);
  CAF_CHECK_EQUAL(r[0][0].as<int>(), 0);
  // Statements without a result count, too.
  script.clear();
  for (int i = 0; i < 20'000; ++i)
    script += "SELECT 1;";
  CAF_CHECK(code(it.ask(peer, wire_kind::script, 7,
                        body(script_request{script, script_mode::continue_on_error, {}}))) ==
            errc::too_big);
  CAF_CHECK(is(it.ask(peer, wire_kind::transaction, 8,
                      body(transaction_request{{many.begin(), many.begin() + 5}, {}})),
               wire_outcome::result));
}

CAF_TEST(a peer may ask for a smaller answer and not for a larger one) {
  peer_limits limits;
  limits.max_answer_bytes = 100'000;
  scene it(dbengine::access::read_write, limits);
  caf::scoped_actor peer(it.system());
  const auto asking = [&](std::uint64_t id, int size, std::uint64_t most) {
    return it.ask(
        peer, wire_kind::fetch, id,
        body(fetch_request{"SELECT zeroblob(?)", params::of(size), {.max_result_bytes = most}},
             std::uint8_t{0}));
  };
  CAF_CHECK(code(asking(1, 2'000, 1'000)) == errc::too_big);
  CAF_CHECK(is(asking(2, 2'000, 10'000), wire_outcome::result));
  CAF_CHECK(code(asking(3, 200'000, 1'000'000)) == errc::too_big);
}

CAF_TEST(a batch of a cursor ends by its bytes however many rows were asked for) {
  scene it;
  caf::scoped_actor peer(it.system());
  const auto opened = it.ask(peer, wire_kind::cursor_open, 1,
                             body(cursor_open{numbers(30'000, "zeroblob(1000)"), {}, {}}));
  CAF_REQUIRE(is(opened, wire_outcome::result));
  cursor_id id;
  dbengine::base::decode(opened.body, id);
  std::uint64_t asked = 1;
  std::size_t seen = 0;
  for (bool end = false; !end;) {
    auto a = it.ask(peer, wire_kind::cursor_next, ++asked,
                    body(cursor_next{id, std::numeric_limits<std::uint64_t>::max()}));
    std::string whole;
    for (const auto whose = asked; is(a, wire_outcome::part);) {
      std::uint64_t total = 0;
      std::memcpy(&total, a.body.data(), sizeof total);
      CAF_CHECK(total < 2 * defaults::cursor_batch_bytes);
      whole.append(a.body, 8);
      if (whole.size() == total)
        break;
      a = it.ask(peer, wire_kind::more, ++asked, body(whose));
    }
    if (is(a, wire_outcome::result))
      whole = a.body;
    rows r;
    dbengine::base::decode(whole, r);
    seen += r.size();
    end = r.empty();
  }
  CAF_CHECK_EQUAL(seen, 30'000u);
}

CAF_TEST(no peer holds a worker for longer than the port allows) {
  peer_limits limits;
  limits.max_timeout = std::chrono::milliseconds(50);
  scene it(dbengine::access::read_write, limits);
  caf::scoped_actor peer(it.system());
  const auto a =
      it.ask(peer, wire_kind::fetch, 1,
             dbengine::base::encode(
                 std::int64_t{3'600'000},
                 fetch_request{"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
                               "WHERE x < 30000000) SELECT count(*) FROM c",
                               {},
                               {}},
                 std::uint8_t{0}));
  CAF_CHECK(code(a) == errc::timeout);
}

CAF_TEST(a peer takes its share of the cursors and leaves the others theirs) {
  peer_limits limits;
  limits.max_cursors = 3;
  scene it(dbengine::access::read_write, limits);
  caf::scoped_actor peer(it.system());
  caf::scoped_actor other(it.system());
  std::uint64_t id = 0;
  const auto open = [&](caf::scoped_actor& who) {
    return it.ask(who, wire_kind::cursor_open, ++id, body(cursor_open{"SELECT 1", {}, {}}));
  };
  cursor_id first;
  dbengine::base::decode(open(peer).body, first);
  CAF_CHECK(is(open(peer), wire_outcome::result));
  CAF_CHECK(is(open(peer), wire_outcome::result));
  CAF_CHECK(code(open(peer)) == errc::overloaded);
  CAF_CHECK(is(open(other), wire_outcome::result));
  it.ask(peer, wire_kind::cursor_close, ++id, body(cursor_close{first}));
  CAF_CHECK(is(open(peer), wire_outcome::result));
  // A cursor that failed to open does not count.
  it.ask(other, wire_kind::cursor_open, ++id, body(cursor_open{"SELECT nope", {}, {}}));
  CAF_CHECK(is(open(other), wire_outcome::result));
  CAF_CHECK(is(open(other), wire_outcome::result));
  CAF_CHECK(code(open(other)) == errc::overloaded);
}

CAF_TEST(a peer that reads no answers leaves the others room for theirs) {
  peer_limits limits;
  limits.max_answer_bytes = std::size_t{6} << 20;
  limits.max_total_answer_bytes = std::size_t{12} << 20;
  scene it(dbengine::access::read_write, limits);
  caf::scoped_actor peer(it.system());
  caf::scoped_actor other(it.system());
  const auto large = fetching("SELECT zeroblob(4000000)");
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 1, large), wire_outcome::part));
  CAF_CHECK(code(it.ask(peer, wire_kind::fetch, 2, large)) == errc::too_big);
  CAF_CHECK(is(it.ask(other, wire_kind::fetch, 1, large), wire_outcome::part));
  it.ask(peer, wire_kind::cancel, 3, body(std::uint64_t{1}));
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 4, large), wire_outcome::part));
}

CAF_TEST(another version of the protocol is reported) {
  scene it;
  caf::scoped_actor peer(it.system());
  const auto a = it.ask(peer, wire_kind::hello, 1, body(std::uint32_t{99}, std::string("9.9")));
  CAF_CHECK(code(a) == errc::protocol);
  error_info why;
  dbengine::base::decode(a.body, why);
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
  CAF_CHECK(code(a) == errc::invalid_state); // there are no more parts
  CAF_CHECK_GREATER_OR_EQUAL(parts, 5);
  rows r;
  dbengine::base::decode(whole, r);
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
  dbengine::base::decode(opened.body, id);
  CAF_CHECK(code(it.ask(other, wire_kind::cursor_next, 1, body(cursor_next{id, 10}))) ==
            errc::invalid_state);
  CAF_CHECK(
      is(it.ask(peer, wire_kind::cursor_next, 2, body(cursor_next{id, 10})), wire_outcome::result));
}

CAF_TEST(a fetch that would write is sent again as a write) {
  scene it;
  caf::scoped_actor peer(it.system());
  it.ask(peer, wire_kind::execute, 1, body(execute_request{"CREATE TABLE t (x)", {}, {}}));
  const std::string sql = "INSERT INTO t VALUES (1) RETURNING x";
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 2, fetching(sql)), wire_outcome::needs_writer));
  CAF_CHECK(is(it.ask(peer, wire_kind::fetch, 3, body(fetch_request{sql, {}, {}}, std::uint8_t{1})),
               wire_outcome::result));
}

CAF_TEST(a fetch that forbids itself to write is refused and not sent again) {
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
