// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The queue before the workers: its classes, its bounds, what it returns. Peers' lanes are tested
// in request_lanes.cpp.

#include "engine/request_queue.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace std::chrono_literals;
using dbengine::engine::admission;
using dbengine::engine::request;
using dbengine::engine::request_ptr;
using dbengine::engine::request_queue;

namespace {

using clock_type = dbengine::sqlite::clock;

class counted final : public request {
public:
  explicit counted(kind k)
      : request(k, dbengine::sqlite::request_control(clock_type::time_point::max(), {})) {}
  int answers = 0;

private:
  void answered() noexcept override { ++answers; }
};

std::shared_ptr<counted> one(std::string text, priority p = priority::interactive,
                             request::kind k = request::kind::execute) {
  auto r = std::make_shared<counted>(k);
  r->sql = std::move(text);
  r->urgency = p;
  return r;
}

errc pushing(request_queue& q, request_ptr r) {
  try {
    q.push(std::move(r));
    return errc::none;
  } catch (const error& e) {
    return e.code();
  }
}

std::string texts(const std::vector<request_ptr>& all) {
  std::string s;
  for (const auto& r : all)
    s += r->sql;
  return s;
}

struct fixture {
  std::string drain() {
    std::string order;
    while (const auto r = q.pop()) {
      order += r->sql;
      q.done(*r);
    }
    return order;
  }

  admission a{{.max_requests = 40, .max_bytes = 1 << 20}};
  request_queue q{a};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(request_queues, fixture)

CAF_TEST(classes go in their order and none starves) {
  q.push(one("m", priority::maintenance));
  q.push(one("b", priority::background));
  for (int i = 0; i < 34; ++i)
    q.push(one("i"));
  const auto order = drain();
  CAF_REQUIRE_EQUAL(order.size(), 36u);
  CAF_CHECK_EQUAL(order.find('b'), 15u); // the 16th turn
  CAF_CHECK_EQUAL(order.find('m'), 31u); // the 32nd
}

CAF_TEST(a group is of one class and within its bounds) {
  for (const auto* text : {"1", "2", "3"})
    q.push(one(text));
  q.push(one("b", priority::background));
  CAF_CHECK_EQUAL(texts(q.pop_group(2, 1 << 20)), "12");
  CAF_CHECK_EQUAL(texts(q.pop_group(9, 1)), "3"); // one request is popped whatever its size
  CAF_CHECK_EQUAL(texts(q.pop_group(9, 1 << 20)), "b");
  CAF_CHECK(q.pop_group(9, 1 << 20).empty());
}

CAF_TEST(what needs the connection for itself comes alone) {
  q.push(one("1"));
  q.push(one("w", priority::interactive, request::kind::acquire_writer));
  q.push(one("2"));
  q.push(one("j", priority::interactive, request::kind::maintenance));
  CAF_CHECK_EQUAL(texts(q.pop_group(9, 1 << 20)), "1");
  CAF_CHECK_EQUAL(texts(q.pop_group(9, 1 << 20)), "w");
  CAF_CHECK_EQUAL(texts(q.pop_group(9, 1 << 20)), "2");
  CAF_CHECK_EQUAL(texts(q.pop_group(9, 1 << 20)), "j");
}

CAF_TEST(bounds refuse and a refused request holds nothing) {
  for (int i = 0; i < 40; ++i)
    CAF_REQUIRE(pushing(q, one("x")) == errc::none);
  const auto bytes = a.bytes();
  CAF_CHECK(pushing(q, one("y")) == errc::overloaded);
  CAF_CHECK_EQUAL(a.refused(), 1u);
  CAF_CHECK_EQUAL(a.requests(), 40u);
  CAF_CHECK_EQUAL(a.bytes(), bytes);
  CAF_CHECK_EQUAL(q.size(), 40u);
  drain();
  CAF_CHECK_EQUAL(a.requests(), 0u);
  CAF_CHECK_EQUAL(a.bytes(), 0u);
}

CAF_TEST(a request larger than the bound runs when it is the only one) {
  const std::string large((1 << 20) + 1, 'x');
  CAF_CHECK(pushing(q, one(large)) == errc::none);
  CAF_CHECK(pushing(q, one("small")) == errc::overloaded);
  drain();
  q.push(one("small"));
  CAF_CHECK(pushing(q, one(large)) == errc::overloaded);
}

CAF_TEST(the requests of a failed worker come first again in their order and past the bounds) {
  q.push(one("1"));
  q.push(one("2"));
  const auto failed = q.pop_group(9, 1 << 20);
  for (int i = 0; i < 40; ++i)
    q.push(one("x"));
  q.push_front(failed);
  CAF_CHECK_EQUAL(q.size(), 42u);
  CAF_CHECK_EQUAL(drain().substr(0, 3), "12x");
  CAF_CHECK_EQUAL(a.requests(), 0u);
}

CAF_TEST(overdue and cancelled requests are taken out) {
  const auto now = clock_type::now();
  const auto overdue = one("o");
  overdue->deadline = now - 1ms;
  const auto later = one("l");
  later->deadline = now + 1h;
  q.push(overdue);
  q.push(later);
  const auto expired = q.expire(now);
  CAF_CHECK_EQUAL(texts(expired), "o");
  CAF_CHECK_EQUAL(overdue->answers, 0); // the caller of `expire` answers it
  CAF_CHECK_EQUAL(drain(), "l");
}

CAF_TEST(a closed queue gives back what waits and refuses what comes) {
  const auto waiting = one("w");
  q.push(waiting);
  const auto popped = one("p");
  CAF_CHECK_EQUAL(texts(q.close({.code = errc::unavailable, .message = "closed"})), "w");
  CAF_CHECK(pushing(q, one("x")) == errc::unavailable);
  q.push_front({popped}); // returned by a failed worker: answered with the same error
  CAF_REQUIRE(popped->failure);
  CAF_CHECK(popped->failure->code == errc::unavailable);
  CAF_CHECK_EQUAL(popped->answers, 1);
  CAF_CHECK(q.empty());
  q.open();
  CAF_CHECK(pushing(q, one("x")) == errc::none);
}

CAF_TEST_FIXTURE_SCOPE_END()
