// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a link has in flight: order, room, and what becomes of a call if a message cannot be sent or
// the connection ends.

#include "remote/client/server_connection.hpp"
#include "support/wire/counted_call.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <chrono>
#include <new>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace remote = dbengine::actors::remote;
using remote::wire_kind;

namespace {

/// Takes messages as the middleman's proxy of a gateway does.
class fake_gateway final : public caf::monitorable_actor {
public:
  explicit fake_gateway(caf::actor_config& cfg) : caf::monitorable_actor(cfg) {}

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override {
    if (fails)
      throw std::bad_alloc();
    mids.push_back(what->mid.request_id().integer_value());
    got.push_back(what->content().get_as<remote::wire_request>(0));
  }

  bool fails = false;
  std::vector<std::uint64_t> mids;
  std::vector<remote::wire_request> got;
};

struct scene {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::strong_actor_ptr sender = make();
  caf::strong_actor_ptr peer = make();
  fake_gateway& gateway = *static_cast<fake_gateway*>(caf::actor_cast<caf::abstract_actor*>(peer));
  remote::call_table calls{100, 10'000};
  remote::server_connection connection{sender.get()};

  caf::strong_actor_ptr make() {
    caf::actor_config cfg;
    return caf::make_actor<fake_gateway, caf::strong_actor_ptr>(system.next_actor_id(),
                                                                system.node(), &system, cfg);
  }
  /// 16 of the requests are spare.
  void open(std::uint64_t requests = 116) {
    connection.open(peer, std::make_shared<remote::wire_window>(),
                    {.max_frame_bytes = 1000, .max_requests = requests, .max_bytes = 10'000});
  }
  std::shared_ptr<counted_call> add(std::size_t bytes = 10) {
    auto c = counted_call::make(bytes);
    calls.add(c);
    return c;
  }
  void finish(remote::call_table::node& call) {
    remote::finished_calls out;
    calls.finish(call.mapped(), out);
  }
};

} // namespace

CAF_TEST(calls leave in their order and one more for each answer) {
  scene s;
  s.connection.send_waiting(s.calls);
  CAF_CHECK(s.gateway.got.empty());
  s.open(18);
  const auto a = s.add(), b = s.add(), c = s.add();
  s.connection.send_waiting(s.calls);
  CAF_REQUIRE_EQUAL(s.gateway.got.size(), 2u);
  CAF_CHECK_EQUAL(s.gateway.got[0].id, a->id);
  CAF_CHECK_EQUAL(s.gateway.got[1].id, b->id);
  CAF_CHECK_EQUAL(s.calls.first_waiting(), c.get());
  auto answered = s.connection.take_answered(s.gateway.mids[0]);
  CAF_REQUIRE(answered);
  CAF_CHECK_EQUAL(answered->open_call(), a.get());
  s.finish(answered->call);
  CAF_CHECK(answered->open_call() == nullptr);
  CAF_CHECK(!s.connection.take_answered(s.gateway.mids[0]));
  s.connection.send_waiting(s.calls);
  CAF_REQUIRE_EQUAL(s.gateway.got.size(), 3u);
  CAF_CHECK_EQUAL(s.gateway.got[2].id, c->id);
}

CAF_TEST(a call that cannot be sent still waits with its body and takes no room) {
  scene s;
  s.open(17);
  const auto c = s.add(100);
  c->repeatable = false; // its body goes into the message
  s.gateway.fails = true;
  for (int i = 0; i < 3; ++i)
    s.connection.send_waiting(s.calls);
  CAF_CHECK_EQUAL(s.calls.first_waiting(), c.get());
  CAF_CHECK_EQUAL(c->body.size(), 100u);
  CAF_CHECK(!c->sent);
  CAF_CHECK(s.connection.lose("").empty());
  s.open(17);
  s.gateway.fails = false;
  s.connection.send_waiting(s.calls);
  CAF_REQUIRE_EQUAL(s.gateway.got.size(), 1u);
  CAF_CHECK_EQUAL(s.gateway.got[0].body.size(), 100u);
  CAF_CHECK(c->body.empty());
  CAF_CHECK(c->sent);
}

CAF_TEST(a lost connection gives its calls back and they go first) {
  scene s;
  s.open(18);
  const auto a = s.add(), b = s.add(), c = s.add();
  s.connection.send_waiting(s.calls);
  s.connection.send_control(wire_kind::cancel, a->id, s.calls.next_id());
  auto lost = s.connection.lose("gone");
  CAF_CHECK_EQUAL(lost.size(), 3u);
  CAF_CHECK(!s.connection.is_open());
  CAF_CHECK_EQUAL(s.connection.lost_reason(), "gone");
  for (auto& [mid, m] : lost)
    if (m.open_call() != nullptr)
      s.calls.put_back(std::move(m.call));
  for (const auto mid : s.gateway.mids)
    CAF_CHECK(!s.connection.take_answered(mid));
  s.gateway.got.clear();
  s.open();
  s.connection.send_waiting(s.calls);
  CAF_REQUIRE_EQUAL(s.gateway.got.size(), 3u);
  CAF_CHECK_EQUAL(s.gateway.got[0].id, a->id);
  CAF_CHECK_EQUAL(s.gateway.got[1].id, b->id);
  CAF_CHECK_EQUAL(s.gateway.got[2].id, c->id);
}

CAF_TEST(a server that shuts down gets no more calls and its answers still count) {
  scene s;
  s.open();
  s.add();
  s.connection.send_waiting(s.calls);
  s.connection.stop_sending();
  const auto later = s.add();
  s.connection.send_waiting(s.calls);
  CAF_CHECK_EQUAL(s.gateway.got.size(), 1u);
  CAF_CHECK(s.connection.take_answered(s.gateway.mids[0]));
  CAF_CHECK_EQUAL(s.calls.first_waiting(), later.get());
}

CAF_TEST(a closed link takes its open calls back and keeps the room of their messages) {
  scene s;
  s.open();
  const auto a = s.add(), b = s.add();
  s.connection.send_waiting(s.calls);
  auto answered = s.connection.take_answered(s.gateway.mids[0]);
  s.finish(answered->call);
  s.connection.close(s.calls);
  CAF_CHECK_EQUAL(s.calls.first_waiting(), b.get());
  CAF_CHECK(!s.calls.is_waiting(*a));
  const auto late = s.connection.take_answered(s.gateway.mids[1]);
  CAF_REQUIRE(late);
  CAF_CHECK(late->open_call() == nullptr);
  CAF_CHECK_EQUAL(late->bytes, 10u);
}

CAF_TEST(a call is late some time after its deadline or its cancellation) {
  scene s;
  s.open();
  const auto now = std::chrono::steady_clock::now();
  const auto unbounded = s.add(), due = s.add(), cancelled = s.add();
  due->deadline = now;
  cancelled->cancelled_until = now;
  s.connection.send_waiting(s.calls);
  const auto late = s.connection.late_calls(now);
  CAF_REQUIRE_EQUAL(late.size(), 1u);
  CAF_CHECK_EQUAL(late[0].get(), cancelled.get());
  CAF_CHECK_EQUAL(s.connection.late_calls(now + defaults::remote_grace).size(), 2u);
}
