// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's actor: one request, its answer, and the verdicts on a backup's steps meanwhile.
//
//   the call's thread             engine, worker (any thread)
//   send_request ---------------->
//   wait_for_answer
//     runs the callback <-------- backup_step
//     decides ------------------> goes on, or stops
//   returns or throws <---------- answer

#include "facade/facade_actor.hpp"
#include "support/engine/stub_system.hpp"
#include "support/faults/failing_allocations.hpp"
#include "workers/progress_channel.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/make_message.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using dbengine::actors::facade::facade_actor;
using dbengine::actors::workers::backup_step;
using dbengine::actors::workers::progress_channel;

namespace {

using scene = stub_system;

// One call: its actor, and its request at the engine.
struct call {
  explicit call(scene& s) : sender(facade_actor::make(s.sys)), self(facade_actor::of(sender)) {
    self.send_request(s.stub.as_engine(), caf::make_message(backup_to_request{}));
  }

  caf::actor sender;
  facade_actor& self;
};

caf::message number(std::uint64_t n) {
  return caf::make_message(n);
}

std::uint64_t number_in(const caf::mailbox_element& answer) {
  return answer.content().match_elements<std::uint64_t>()
             ? answer.content().get_as<std::uint64_t>(0)
             : 0;
}

// The worker of a backup: asks for a verdict on each of `steps` steps, then answers with their
// number.
class worker {
public:
  worker(scene& s, const call& c, std::uint64_t steps)
      : thread_([&, steps, asked = std::make_shared<progress_channel>(c.sender),
                 request = s.stub.at(0)] {
          const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
          for (std::uint64_t i = 1; i <= steps; ++i)
            verdicts_.push_back(
                asked->ask({i, steps}, [end] { return std::chrono::steady_clock::now() < end; }));
          answered_ = true;
          request.answer(number(steps));
        }) {}
  ~worker() {
    if (thread_.joinable())
      thread_.join();
  }
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  bool has_answered() const { return answered_; }
  std::vector<bool> verdicts() {
    thread_.join();
    return verdicts_;
  }

private:
  std::vector<bool> verdicts_;
  std::atomic<bool> answered_{false};
  std::thread thread_;
};

} // namespace

CAF_TEST(a request is received once and its answer returned) {
  scene s;
  call c(s);
  CAF_REQUIRE_EQUAL(s.stub.count(), 1u);
  const auto request = s.stub.at(0);
  CAF_REQUIRE(request.mid.is_request());
  CAF_CHECK(request.is<backup_to_request>());
  CAF_CHECK_EQUAL(request.sender->id(), c.sender.id());
  request.answer(number(42));
  CAF_CHECK_EQUAL(number_in(*c.self.wait_for_answer({})), 42u);
  CAF_CHECK_EQUAL(s.stub.count(), 1u);
}

CAF_TEST(a message without an answer is sent as one) {
  scene s;
  call c(s);
  c.self.send(s.stub.as_engine(), caf::make_message(cancel_request{3}));
  CAF_REQUIRE_EQUAL(s.stub.count(), 2u);
  const auto sent = s.stub.at(1);
  CAF_CHECK(!sent.mid.is_request() && sent.is<cancel_request>());
  CAF_CHECK_EQUAL(sent.sender->id(), c.sender.id());
}

//  two callers                   | engine's thread
//  ------------------------------+---------------------------------
//  send their requests, wait     |
//                                | answers the second before the first
//  return
CAF_TEST(calls of two threads at once get their own answers) {
  constexpr std::uint64_t rounds = 1'000;
  scene s;
  std::thread answers([&] {
    for (std::size_t i = 0; i < 2 * rounds && s.stub.wait_for(i + 2); i += 2)
      for (const auto n : {i + 1, i}) {
        const auto m = s.stub.at(n);
        m.answer(number(m.as<cancel_request>().cancel_token));
      }
  });
  std::atomic<std::uint64_t> right{0};
  const auto run = [&](std::uint64_t first) {
    for (std::uint64_t n = first; n < first + rounds; ++n) {
      const auto sender = facade_actor::make(s.sys);
      auto& self = facade_actor::of(sender);
      self.send_request(s.stub.as_engine(), caf::make_message(cancel_request{n}));
      right += number_in(*self.wait_for_answer({})) == n ? 1 : 0;
    }
  };
  std::thread other([&] { run(10'000); });
  run(1);
  other.join();
  answers.join();
  CAF_CHECK_EQUAL(right.load(), 2 * rounds);
}

CAF_TEST(a request to it is refused once and other messages do not displace a step) {
  scene s;
  call c(s);
  stub_actor peer(s.sys);
  const auto step = std::make_shared<progress_channel>(peer.handle());
  std::thread asking([&] {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const bool go_on = step->ask({1, 1}, [end] { return std::chrono::steady_clock::now() < end; });
    s.stub.at(0).answer(number(go_on ? 4 : 5));
  });
  CAF_CHECK(peer.wait_for(1));
  caf::anon_send(c.sender, backup_step{step});
  const auto from = caf::actor_cast<caf::strong_actor_ptr>(peer.handle());
  c.self.enqueue(from, caf::make_message_id(7), number(1), nullptr);
  c.self.enqueue(nullptr, caf::make_message_id(8), number(2), nullptr); // no way back
  c.self.enqueue(from, caf::make_message_id(), number(3), nullptr);
  const auto answer = c.self.wait_for_answer([](const backup_progress&) { return true; });
  asking.join();
  CAF_CHECK_EQUAL(number_in(*answer), 4u);
  CAF_REQUIRE_EQUAL(peer.count(), 2u);
  CAF_CHECK(peer.at(1).mid == caf::make_message_id(7).response_id());
  CAF_REQUIRE(peer.at(1).is<caf::error>());
  CAF_CHECK(peer.at(1).as<caf::error>() == caf::sec::unexpected_message);
}

CAF_TEST(the callback runs on the calling thread and its verdicts reach the worker) {
  scene s;
  call c(s);
  worker w(s, c, 3);
  std::vector<backup_progress> seen;
  bool elsewhere = false;
  const auto here = std::this_thread::get_id();
  const auto answer = c.self.wait_for_answer([&](const backup_progress& p) {
    seen.push_back(p);
    elsewhere = elsewhere || std::this_thread::get_id() != here;
    return p.pages_done != 2;
  });
  CAF_CHECK_EQUAL(number_in(*answer), 3u);
  CAF_CHECK(!elsewhere);
  CAF_CHECK(seen == (std::vector<backup_progress>{{1, 3}, {2, 3}, {3, 3}}));
  CAF_CHECK(w.verdicts() == (std::vector<bool>{true, false, true}));
}

CAF_TEST(a callback that throws stops the backup and its exception leaves after the answer) {
  struct own {};
  for (const bool memory : {true, false}) {
    scene s;
    call c(s);
    worker w(s, c, 3);
    int calls = 0;
    std::string left = "nothing";
    bool answered = false;
    try {
      c.self.wait_for_answer([&](const backup_progress& p) -> bool {
        ++calls;
        if (p.pages_done == 1)
          return true;
        if (memory)
          throw own();
        throw std::bad_alloc();
      });
    } catch (const own&) {
      left = "own";
      answered = w.has_answered();
    } catch (const std::bad_alloc&) {
      left = "bad_alloc";
      answered = w.has_answered();
    }
    CAF_CHECK_EQUAL(left, memory ? "own" : "bad_alloc");
    CAF_CHECK(answered);
    CAF_CHECK_EQUAL(calls, 2);
    CAF_CHECK(w.verdicts() == (std::vector<bool>{true, false, false}));
  }
}

// The worker gave its last step up: the backup was not wanted any more.
CAF_TEST(an answer ends the call although a step waits and nothing of it stays) {
  scene s;
  bool ended = false;
  bool called = false;
  {
    call c(s);
    caf::actor_cast<caf::abstract_actor*>(c.sender)->attach_functor([&] { ended = true; });
    caf::anon_send(c.sender, backup_step{std::make_shared<progress_channel>(c.sender)});
    s.stub.at(0).answer(number(1));
    const auto answer =
        c.self.wait_for_answer([&](const backup_progress&) { return called = true; });
    CAF_CHECK_EQUAL(number_in(*answer), 1u);
    s.stub.clear();
  }
  CAF_CHECK(!called);
  CAF_CHECK(ended);
}

CAF_TEST(a request that nobody answered yet keeps its sender alive and no longer) {
  scene s;
  bool ended = false;
  {
    call c(s);
    caf::actor_cast<caf::abstract_actor*>(c.sender)->attach_functor([&] { ended = true; });
  }
  CAF_CHECK(!ended);
  s.stub.at(0).answer(number(1));
  CAF_CHECK(!ended);
  s.stub.clear();
  CAF_CHECK(ended);
}

CAF_TEST(without memory a request is not sent or is answered) {
  scene s;
  s.stub.on_message([](const received_message& m) { m.answer(number(5)); });
  const auto engine = s.stub.as_engine();
  int refused = 0;
  for (long n = 1;; ++n) {
    const auto before = s.stub.count();
    std::uint64_t got = 0;
    begin_failing(n);
    try {
      const auto sender = facade_actor::make(s.sys);
      auto& self = facade_actor::of(sender);
      self.send_request(engine, caf::make_message(health_request{}));
      got = number_in(*self.wait_for_answer({}));
    } catch (const std::bad_alloc&) {
      ++refused;
    }
    end_failing();
    CAF_CHECK_EQUAL(s.stub.count() - before, got == 5 ? 1u : 0u);
    if (!failing_reached())
      break;
  }
  CAF_CHECK(refused > 0);
}

CAF_TEST(an answer is received without memory) {
  scene s;
  call c(s);
  auto answer = caf::make_mailbox_element(nullptr, s.stub.at(0).mid.response_id(), {}, number(6));
  caf::mailbox_element_ptr got;
  begin_failing(1);
  try {
    c.self.enqueue(std::move(answer), nullptr);
    got = c.self.wait_for_answer({});
  } catch (const std::bad_alloc&) {
  }
  end_failing();
  CAF_CHECK(!failing_reached()); // not one allocation was tried
  CAF_REQUIRE(got != nullptr);
  CAF_CHECK_EQUAL(number_in(*got), 6u);
}
