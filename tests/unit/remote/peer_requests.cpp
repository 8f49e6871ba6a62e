// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Requests of peers at a port: each has its own id, ends with its connection, and is decoded
// without blocking other requests.

#include "support/eventually.hpp"
#include "support/faults/mutant.hpp"
#include "support/manual_reset_event.hpp"
#include "support/wire/gateway_scene.hpp"

#include <memory>
#include <vector>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
using dbengine::actors::remote::wire_kind;

namespace {

std::string endless_insert() {
  return "INSERT INTO t WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
         "SELECT x FROM c WHERE x < 0";
}

/// Blocks the decoder.
manual_reset_event sign;

dbengine::actors::remote::decoder_actor::behavior_type stopped_decoder(
    dbengine::actors::remote::decoder_actor::pointer) {
  return {[](const dbengine::actors::remote::decode_job_ptr& job) {
    sign.wait();
    job->result = dbengine::actors::remote::decode_request(job->kind, job->body);
    return true;
  }};
}

/// A peer sends `requests` endless writes under one id and hangs up. Returns the code of another
/// peer's write with a deadline of 2 s.
std::string after_a_peer_with_one_id(gateway_scene& s, int requests) {
  {
    gateway_peer greedy(s);
    for (int i = 0; i < requests; ++i)
      greedy.send(wire_kind::execute, execute_body("CREATE TABLE y AS " + endless, {}, ten_minutes),
                  5);
    greedy.ask(wire_kind::health, wire_body(1s), 6); // all have arrived
  }
  gateway_peer other(s);
  return code_in(other.ask(wire_kind::execute, execute_body("CREATE TABLE z (x)", {}, 2s)));
}

std::string nulls(std::uint64_t n) {
  auto body = wire_body(1s, std::string("SELECT 1"), std::uint64_t{0}, n);
  body.resize(body.size() + n);
  return body;
}

} // namespace

CAF_TEST(an id that is in flight is refused) {
  gateway_scene s({.num_workers = 2});
  gateway_peer peer(s);
  peer.send(wire_kind::fetch, fetch_body(endless, ten_minutes), 5);
  for (const auto kind : {wire_kind::fetch, wire_kind::health, wire_kind::cursor_open}) {
    const auto why = failure_in(peer.ask(kind, fetch_body("SELECT 1"), 5));
    CAF_CHECK(why.code == errc::invalid_state);
    CAF_CHECK(why.message.find("number 5 is in flight") != std::string::npos);
  }
  // Another connection has separate ids.
  gateway_peer other(s);
  CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::fetch, fetch_body("SELECT 1"), 5)), "none");
  // The id still identifies the first request.
  CAF_CHECK_EQUAL(code_in(peer.ask(wire_kind::cancel, wire_body(1s, std::uint64_t{5}))), "none");
  CAF_CHECK_EQUAL(code_in(peer.receive()), "cancelled");
  CAF_CHECK_EQUAL(code_in(peer.ask(wire_kind::fetch, fetch_body("SELECT 1"), 5)), "none");
  // A request whose answer is not yet fetched completely is in flight, too.
  CAF_CHECK_EQUAL(code_in(peer.ask(wire_kind::fetch, fetch_body("SELECT zeroblob(5000000)"), 7)),
                  "none");
  CAF_CHECK_EQUAL(code_in(peer.ask(wire_kind::fetch, fetch_body("SELECT 1"), 7)), "invalid_state");
}

CAF_TEST(of a peer with one id for all nothing goes on) {
  {
    gateway_scene s({.num_workers = 2});
    CAF_CHECK_EQUAL(after_a_peer_with_one_id(s, 8), "none");
  }
  const mutant f("takes an id that is in flight"); // negative control
  gateway_scene s({.num_workers = 1});
  CAF_CHECK_EQUAL(after_a_peer_with_one_id(s, 8), "timeout");
}

CAF_TEST(all that a peer asked stops when it hangs up) {
  gateway_scene s({.num_workers = 2});
  gateway_peer other(s);
  CAF_REQUIRE_EQUAL(code_in(other.ask(wire_kind::execute, execute_body("CREATE TABLE t (x)"))),
                    "none");
  {
    gateway_peer greedy(s);
    for (int i = 0; i < 3; ++i) {
      greedy.send(wire_kind::fetch, fetch_body(endless, ten_minutes));
      greedy.send(wire_kind::fetch, fetch_body(endless, ten_minutes, true));
      greedy.send(wire_kind::execute, execute_body(endless_insert(), {}, ten_minutes));
      // The same id for exactly-once in all requests does not hide them either.
      greedy.send(wire_kind::execute,
                  wire_body(ten_minutes, execute_request{endless_insert(), {}, {.id = "one"}}));
      greedy.send(
          wire_kind::fetch,
          wire_body(ten_minutes, fetch_request{endless, {}, {.id = "one"}}, std::uint8_t{1}));
    }
    greedy.ask(wire_kind::health, wire_body(1s));
  }
  const auto begin = std::chrono::steady_clock::now();
  CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::execute, execute_body("INSERT INTO t VALUES (1)"))),
                  "none");
  CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::fetch, fetch_body("SELECT x FROM t"))), "none");
  CAF_MESSAGE("others read and write after "
              << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count()
              << " s");
}

CAF_TEST(what a vanished peer wrote quickly is done) {
  gateway_scene s;
  gateway_peer other(s);
  other.ask(wire_kind::execute, execute_body("CREATE TABLE t (x)"));
  {
    gateway_peer peer(s);
    peer.send(wire_kind::execute, execute_body("INSERT INTO t VALUES (1)"));
  }
  CAF_CHECK(eventually(
      [&] {
        const auto a = other.ask(wire_kind::fetch, fetch_body("SELECT count(*) FROM t"));
        rows r;
        base::decode(a.body, r);
        return r[0][0].as<int>() == 1;
      },
      20s));
}

CAF_TEST(more parameters than a statement takes are refused before they take memory) {
  gateway_scene s;
  gateway_peer peer(s);
  const auto most = dbengine::actors::remote::max_parameters();
  CAF_CHECK_GREATER_OR_EQUAL(most, 999u);
  for (const auto n : {std::uint64_t{most} + 1, std::uint64_t{5'000'000}}) {
    const auto why = failure_in(peer.ask(wire_kind::execute, nulls(n)));
    CAF_CHECK(why.code == errc::protocol);
    CAF_CHECK(why.message.find("a list of " + std::to_string(n) + " parameters") !=
              std::string::npos);
  }
  // The maximum reaches the statement, which then fails for another reason.
  CAF_CHECK(failure_in(peer.ask(wire_kind::execute,
                                execute_body("SELECT 1", params(std::vector<value>(most)))))
                .code != errc::protocol);
  // The bound applies to every list of parameters.
  const auto many = params(std::vector<value>(most + 1));
  CAF_CHECK_EQUAL(
      code_in(peer.ask(wire_kind::batch, wire_body(1s, batch_request{"SELECT ?", {many}, {}}))),
      "protocol");
  CAF_CHECK_EQUAL(
      code_in(
          peer.ask(wire_kind::transaction,
                   wire_body(1s, transaction_request{{operation::execute("SELECT ?", many)}, {}}))),
      "protocol");
  CAF_CHECK_EQUAL(
      code_in(peer.ask(wire_kind::cursor_open, wire_body(1s, cursor_open{"SELECT ?", many, {}}))),
      "protocol");
}

CAF_TEST(a large request is decoded aside and its connection keeps its order) {
  sign.reset();
  gateway_scene s({.num_workers = 2}, {}, "sqlite://", stopped_decoder);
  gateway_peer other(s);
  CAF_REQUIRE_EQUAL(code_in(other.ask(wire_kind::execute, execute_body("CREATE TABLE t (x)"))),
                    "none");
  gateway_peer peer(s);
  const auto large =
      execute_body("INSERT INTO t VALUES (?)", params::of(std::string(200'000, 'x')));
  {
    peer.send(wire_kind::execute, large);
    peer.send(wire_kind::execute, execute_body("INSERT INTO t SELECT count(*) FROM t"));
    const auto dropped = peer.send(wire_kind::execute, execute_body("INSERT INTO t VALUES (2)"));
    const auto twice = peer.send(wire_kind::execute, large);
    CAF_REQUIRE(sign.wait_for_arrivals(1));
    // Other peers are served, and so are requests of this peer that need not wait.
    CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::fetch, fetch_body("SELECT 1"))), "none");
    CAF_CHECK_EQUAL(code_in(peer.ask(wire_kind::health, wire_body(1s))), "none");
    CAF_CHECK_EQUAL(code_in(peer.ask(wire_kind::fetch, fetch_body("SELECT 1"), twice)),
                    "invalid_state");
    peer.ask(wire_kind::cancel, wire_body(1s, dropped));
    sign.set();
  }
  CAF_CHECK_EQUAL(code_in(peer.receive()), "none");
  CAF_CHECK_EQUAL(code_in(peer.receive()), "none");
  CAF_CHECK_EQUAL(code_in(peer.receive()), "cancelled");
  CAF_CHECK_EQUAL(code_in(peer.receive()), "none");
  // The small request saw the large one before it, and the second large one ran last.
  const auto found =
      peer.ask(wire_kind::fetch, fetch_body("SELECT CASE WHEN typeof(x) = 'integer' THEN x END "
                                            "FROM t ORDER BY rowid"));
  rows r;
  dbengine::base::decode(found.body, r);
  CAF_REQUIRE_EQUAL(r.size(), 3u);
  CAF_CHECK_EQUAL(r[1][0].as<int>(), 1);
}

CAF_TEST(a peer that leaves while its request is decoded is forgotten and others go on) {
  sign.reset();
  gateway_scene s({}, {}, "sqlite://", stopped_decoder);
  gateway_peer other(s);
  other.ask(wire_kind::execute, execute_body("CREATE TABLE t (x)"));
  const auto large =
      execute_body("INSERT INTO t VALUES (?)", params::of(std::string(200'000, 'x')));
  {
    auto peer = std::make_unique<gateway_peer>(s);
    peer->send(wire_kind::execute, large);
    peer->send(wire_kind::execute, large);
    CAF_REQUIRE(sign.wait_for_arrivals(1));
    other.send(wire_kind::execute, large);
    peer.reset();
    CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::health, wire_body(1s))), "none");
    sign.set();
  }
  CAF_CHECK_EQUAL(code_in(other.receive()), "none");
  CAF_CHECK_EQUAL(code_in(other.ask(wire_kind::fetch, fetch_body("SELECT 1"))), "none");
}

CAF_TEST(a gateway that decodes by itself would be noticed) {
  const mutant f("decodes in the gateway"); // negative control
  sign.reset();
  gateway_scene s({}, {}, "sqlite://", stopped_decoder);
  gateway_peer peer(s);
  CAF_CHECK_EQUAL(
      code_in(peer.ask(wire_kind::fetch, fetch_body("SELECT 1 --" + std::string(200'000, 'x')))),
      "none");
  CAF_CHECK_EQUAL(sign.arrivals(), 0);
}

#else

CAF_TEST(mutants can be switched on in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
