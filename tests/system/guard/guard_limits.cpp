// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// Tests of the guard's limits for a peer, which do not affect an honest peer beside it.
#include "support/wire/guard_attacks.hpp"
#include "support/wire/guard_caf.hpp"

#include <sys/resource.h>

#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

using counts = std::map<std::string, long long>;

struct scene {
  explicit scene(std::vector<std::string> arguments)
      : target(std::move(arguments)), witness(target.port()) {
    CAF_REQUIRE_EQUAL(witness.trouble(), "");
    CAF_REQUIRE(witness.echo("before"));
  }

  raw_peer shaken() {
    raw_peer peer{target.port()};
    CAF_REQUIRE(peer.open() && peer.shake_hands());
    return peer;
  }

  bool reaches(const std::string& name, long long value) {
    return target.eventually([&](counts& now) { return now[name] >= value; });
  }

  victim target;
  caf_client witness;
};

bytes hold(std::uint64_t id, std::size_t size = 1) {
  return request_content(static_cast<std::uint64_t>(ask::hold), id, bytes(size, 'h'));
}

bool is_answer(const bytes& frame, std::uint64_t id) {
  return frame.size() > 32 && frame[0] == 2 &&
         frame.substr(8, 8) == u64(0x9000'0000'0000'0000 | id);
}

} // namespace

CAF_TEST(a peer that does not shake hands is closed at the deadline) {
  scene it{{"--handshake-timeout=300"}};
  raw_peer silent{it.target.port()};
  raw_peer slow{it.target.port()};
  slow.send(slow.handshake().substr(0, 50));
  CAF_CHECK(silent.closed_within(10'000));
  CAF_CHECK(slow.closed_within(10'000));
  CAF_CHECK_EQUAL(it.target.stats()["closed.handshake_timeout"], 2);
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(a frame that does not end is closed at the deadline) {
  scene it{{"--frame-timeout=300"}};
  auto peer = it.shaken();
  auto whole = peer.message(request_content(0, 1, "x"), 1);
  peer.send(whole.substr(0, whole.size() - 1));
  CAF_CHECK(peer.closed_within(10'000));
  CAF_CHECK_EQUAL(it.target.stats()["closed.frame_timeout"], 1);
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(a frame beyond the largest is refused by its header) {
  scene it{{"--max-frame=1000"}};
  auto peer = it.shaken();
  peer.send(header(2, 0, 1001, 0x1000'0000'0000'0001, 7, peer.gateway));
  CAF_CHECK(peer.closed_within(10'000));
  CAF_CHECK_EQUAL(it.target.stats()["closed.frame_too_large"], 1);
  CAF_CHECK(it.witness.echo(bytes(800, 'x')));
}

CAF_TEST(connections beyond the limit are refused and the others are served) {
  scene it{{"--max-connections=4", "--max-half-open=4"}};
  std::vector<raw_peer> peers;
  for (int i = 0; i < 3; ++i)
    peers.push_back(it.shaken());
  raw_peer refused{it.target.port()};
  CAF_CHECK(refused.closed_within(10'000));
  CAF_CHECK_EQUAL(it.target.stats()["refused"], 1);
  CAF_CHECK(it.witness.echo("full"));
  for (auto& peer : peers)
    CAF_CHECK(peer.echo());
  peers.pop_back();
  CAF_CHECK(it.target.eventually([](counts& now) { return now["connections"] == 3; }));
  CAF_CHECK(it.shaken().echo());
}

CAF_TEST(a flood of silent peers cannot lock out one that shakes hands) {
  scene it{{"--max-half-open=8"}};
  std::vector<raw_peer> silent;
  for (int i = 0; i < 100; ++i)
    silent.emplace_back(it.target.port());
  CAF_CHECK(it.shaken().echo());
  CAF_CHECK(it.reaches("closed.half_open_evicted", 92));
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(a thousand idle and a thousand half - open connections do not hinder others) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  scene it{{"--max-connections=3000", "--max-half-open=1500", "--handshake-timeout=60000"}};
  auto before = it.target.stats()["rss_kb"];
  std::vector<raw_peer> idle;
  std::vector<raw_peer> half_open;
  for (int i = 0; i < 1'000; ++i) {
    idle.push_back(it.shaken());
    half_open.emplace_back(it.target.port());
    CAF_REQUIRE(half_open.back().open());
  }
  CAF_CHECK(it.target.eventually(
      [](counts& now) { return now["connections"] == 2'001 && now["half_open"] == 1'000; }));
  CAF_CHECK(it.witness.echo("among them"));
  CAF_CHECK(idle.front().echo() && idle.back().echo());
  CAF_CHECK(it.shaken().echo());
  CAF_CHECK_LESS(it.target.stats()["rss_kb"] - before, 64 << 10);
  idle.clear();
  half_open.clear();
  CAF_CHECK(it.target.eventually([](counts& now) { return now["connections"] == 1; }));
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(with the default limits the same two thousand leave the connected client served) {
  scene it{{}};
  std::vector<raw_peer> peers;
  for (int i = 0; i < 2'000; ++i) {
    peers.emplace_back(it.target.port());
    if (i % 2 == 0 && peers.back().open())
      peers.back().shake_hands(); // refused ones cannot
  }
  CAF_CHECK(it.witness.echo("among them"));
  CAF_CHECK(it.target.stats()["connections"] <= 256);
  peers.clear();
  CAF_CHECK(it.target.eventually([](counts& now) { return now["connections"] == 1; }));
  CAF_CHECK(it.shaken().echo());
}

CAF_TEST(requests beyond the limit in flight are answered at once and the next are served) {
  scene it{{"--max-requests=3"}};
  auto peer = it.shaken();
  for (std::uint64_t id = 1; id <= 4; ++id)
    peer.send(peer.message(hold(id), id));
  CAF_CHECK(is_answer(peer.receive_frame(), 4));
  CAF_CHECK_EQUAL(it.target.stats()["dropped.too_many_requests"], 1);
  // A peer's limit does not apply to another peer.
  std::string failure;
  it.witness.ask_for({static_cast<std::uint8_t>(ask::release), 0, ""}, failure);
  CAF_CHECK_EQUAL(failure, "");
  for (std::uint64_t id = 1; id <= 3; ++id)
    CAF_CHECK(is_answer(peer.receive_frame(), id));
  CAF_CHECK(peer.echo(5));
}

CAF_TEST(bytes beyond the limit in flight are answered at once) {
  scene it{{"--max-frame=1000", "--max-bytes=1000"}};
  auto peer = it.shaken();
  peer.send(peer.message(hold(1, 600), 1) + peer.message(hold(2, 600), 2));
  CAF_CHECK(is_answer(peer.receive_frame(), 2));
  CAF_CHECK_EQUAL(it.target.stats()["dropped.too_many_bytes"], 1);
  CAF_CHECK(peer.echo(3));
}

CAF_TEST(requests that cannot reach the gateway are answered with an error) {
  scene it{{}};
  auto peer = it.shaken();
  auto good = request_content(0, 1, "x");
  peer.send(frame(2, 0, 0x1000'0000'0000'0001, 7, peer.gateway + 1'000, good));
  CAF_CHECK(is_answer(peer.receive_frame(), 1));
  peer.send(peer.message(content("@str", text("x")), 2));
  CAF_CHECK(is_answer(peer.receive_frame(), 2));
  CAF_CHECK(peer.echo(3));
}

CAF_TEST(a peer that does not read its answers is closed) {
  scene it{{"--max-unread=1000000"}};
  auto peer = it.shaken();
  for (std::uint64_t id = 1; id <= 100; ++id)
    peer.send(
        peer.message(request_content(static_cast<std::uint64_t>(ask::blow_up), 500'000, ""), id));
  CAF_CHECK(it.reaches("closed.unread_output", 1));
  CAF_CHECK(it.target.eventually([](counts& now) { return now["connections"] == 1; }));
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(a peer that stops reading is closed at the deadline) {
  scene it{{"--stall-timeout=300"}};
  auto peer = it.shaken();
  for (std::uint64_t id = 1; id <= 100; ++id)
    peer.send(
        peer.message(request_content(static_cast<std::uint64_t>(ask::blow_up), 500'000, ""), id));
  CAF_CHECK(it.reaches("closed.stalled_output", 1));
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(answers to peers that hang up are not kept) {
  scene it{{}};
  auto before = it.target.stats()["rss_kb"];
  for (int i = 0; i < 500; ++i) {
    auto peer = it.shaken();
    // The forged header after it ends the connection while the gateway still works.
    peer.send(
        peer.message(request_content(static_cast<std::uint64_t>(ask::blow_up), 1'000'000, ""), 1) +
        frame(7, 0, 0, 0, 0));
    CAF_REQUIRE(peer.closed_within(10'000));
  }
  CAF_CHECK(it.target.eventually(
      [&](counts& now) { return now["connections"] == 1 && now["rss_kb"] - before < 64 << 10; }));
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(the buffers of all peers together are bounded) {
  scene it{{"--max-buffered=4000000"}};
  std::vector<raw_peer> peers;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(it.shaken());
    auto whole = peers.back().message(request_content(0, 1, bytes(1'000'000, 'x')), 1);
    peers.back().send(whole.substr(0, whole.size() - 1));
  }
  CAF_CHECK(it.reaches("closed.memory", 1));
  CAF_CHECK(it.target.stats()["buffered"] <= 4'000'000);
  peers.clear();
  CAF_CHECK(it.target.eventually([](counts& now) { return now["connections"] == 1; }));
  CAF_CHECK(it.target.stats()["buffered"] <= 8 << 10);
  CAF_CHECK(it.witness.echo(bytes(1'000'000, 'x')));
}

CAF_TEST(two peers of the same name and actors get their own answers) {
  scene it{{}};
  auto one = it.shaken();
  auto two = it.shaken();
  CAF_REQUIRE_EQUAL(one.self, two.self);
  one.send(one.message(hold(1), 1));
  CAF_CHECK(it.reaches("requests", 2));
  CAF_CHECK(two.echo(1));
  CAF_CHECK(two.echo(2));
  std::string failure;
  it.witness.ask_for({static_cast<std::uint8_t>(ask::release), 0, ""}, failure);
  CAF_CHECK(is_answer(one.receive_frame(), 1));
  // The end of one connection does not end the other.
  one = raw_peer{it.target.port()};
  CAF_CHECK(two.echo(3));
}

CAF_TEST(a pipeline of ten thousand requests in few packets is answered whole) {
  scene it{{"--max-requests=20000"}};
  auto peer = it.shaken();
  bytes all;
  for (std::uint64_t id = 1; id <= 10'000; ++id)
    all += peer.message(request_content(0, id, "x"), id);
  std::thread writer{[&] { peer.send(all); }};
  std::uint64_t answered = 0;
  while (answered < 10'000 && is_answer(peer.receive_frame(), answered + 1))
    ++answered;
  writer.join();
  CAF_CHECK_EQUAL(answered, 10'000u);
  CAF_CHECK(it.witness.echo("after"));
}

CAF_TEST(large requests and answers pass) {
  scene it{{}};
  CAF_CHECK(it.witness.echo(bytes(std::size_t{20} << 20, 'x')));
  CAF_CHECK(it.witness.echo(bytes(3, 'x')));
  CAF_CHECK(it.target.stats()["buffered"] <= 512 << 10);
}

CAF_TEST(heartbeats keep an idle client and the end of the gateway is reported) {
  scene it{{"--heartbeat=100"}};
  // The witness sends no heartbeats, so the broker closes its connection.
  caf_client lively{it.target.port(), {}, true};
  CAF_REQUIRE_EQUAL(lively.trouble(), "");
  CAF_CHECK(it.reaches("closed.broker_closed", 1));
  CAF_CHECK(lively.echo("still here"));
  CAF_CHECK(lively.sees_down([&] {
    std::string failure;
    lively.ask_for({static_cast<std::uint8_t>(ask::quit), 0, ""}, failure);
  }));
}

CAF_TEST(a killed server is seen at once and found again on its port) {
  auto first = std::make_unique<victim>(std::vector<std::string>{});
  auto port = first->port();
  caf_client client{port};
  CAF_REQUIRE(client.echo("before"));
  CAF_CHECK(client.sees_down([&] { first->kill(); }));
  victim second{{"--port=" + std::to_string(port)}};
  CAF_CHECK_EQUAL(second.port(), port);
  CAF_CHECK(client.reconnect(port));
  CAF_CHECK(client.echo("after"));
}

CAF_TEST(what a peer has left counts until the gateway has finished it) {
  scene it{{"--keep-gone"}};
  {
    auto peer = it.shaken();
    for (std::uint64_t id = 1; id <= 5; ++id)
      peer.send(peer.message(hold(id, 1'000), id));
    CAF_REQUIRE(it.reaches("in_flight", 5));
  }
  CAF_CHECK(it.target.eventually([](counts& now) { return now["connections"] == 1; }));
  auto now = it.target.stats();
  CAF_CHECK_EQUAL(now["in_flight"], 5);
  CAF_CHECK_GREATER(now["in_flight_bytes"], 5'000);
  std::string failure;
  it.witness.ask_for({static_cast<std::uint8_t>(ask::release), 0, {}}, failure);
  CAF_CHECK(it.target.eventually(
      [](counts& x) { return x["in_flight"] == 0 && x["in_flight_bytes"] == 0; }));
}
