// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The queue before the workers: peers take turns, each has a share, and the requests of each in
// flight are bounded.

#include "engine/request_queue.hpp"

#include "support/faults/mutant.hpp"

#include <memory>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::engine::admission;
using dbengine::engine::request;
using dbengine::engine::request_ptr;
using dbengine::engine::request_queue;

namespace {

/// The bit of peers that are addresses, see peer_numbers.cpp.
constexpr std::uint64_t address = std::uint64_t{1} << 63;

class silent final : public request {
public:
  explicit silent(std::uint64_t of, std::string text = {}, kind k = kind::execute)
      : dbengine::engine::request(
            k, dbengine::sqlite::request_control(dbengine::sqlite::clock::time_point::max(), {})) {
    peer = of == 0 ? 0 : address | of;
    sql = std::move(text);
  }

private:
  void answered() noexcept override {}
};

request_ptr one(std::uint64_t peer, std::string text = {}) {
  return std::make_shared<silent>(peer, std::move(text));
}

errc pushing(request_queue& q, request_ptr r) {
  try {
    q.push(std::move(r));
    return errc::none;
  } catch (const error& e) {
    return e.code();
  }
}

/// The number of requests that the peer can enqueue.
int fill(request_queue& q, std::uint64_t peer) {
  for (int n = 0;; ++n)
    if (pushing(q, one(peer)) != errc::none)
      return n;
}

std::string order(request_queue& q) {
  std::string peers;
  for (auto r = q.pop(); r; r = q.pop()) {
    peers += std::to_string(r->peer & ~address);
    q.done(*r);
  }
  return peers;
}

} // namespace

CAF_TEST(peers have their turns and each its own order) {
  admission a({.max_requests = 100, .max_bytes = 1 << 20});
  request_queue q(a);
  std::vector<request_ptr> of_first;
  for (int i = 0; i < 4; ++i)
    q.push(of_first.emplace_back(one(1)));
  q.push(one(2));
  q.push(one(0));
  q.push(one(2));
  CAF_CHECK_EQUAL(order(q), "1201211");
  CAF_CHECK_EQUAL(a.requests(), 0u);
  CAF_CHECK_EQUAL(a.bytes(), 0u);
  CAF_CHECK_EQUAL(a.peers(), 0u);
  for (const auto& r : of_first)
    q.push(r);
  for (const auto& r : of_first)
    CAF_CHECK(q.pop() == r);
}

CAF_TEST(a group takes of each peer in turns) {
  admission a({.max_requests = 100, .max_bytes = 1 << 20});
  request_queue q(a);
  for (int i = 0; i < 5; ++i)
    q.push(one(1));
  q.push(one(2));
  q.push(one(0));
  std::string peers;
  for (const auto& r : q.pop_group(4, 1 << 20))
    peers += std::to_string(r->peer & ~address);
  CAF_CHECK_EQUAL(peers, "1201");
  CAF_CHECK_EQUAL(q.size(), 3u);
}

CAF_TEST(a flood fills its own share and no other) {
  admission a({.max_requests = 1'000, .max_bytes = std::size_t{1} << 30});
  request_queue q(a);
  const auto first = fill(q, 1);
  const auto second = fill(q, 2);
  CAF_MESSAGE("one peer has " << first << " of 1,000, the next " << second);
  CAF_CHECK_EQUAL(first, 500);
  CAF_CHECK_EQUAL(second, 250);
  fill(q, 3);
  CAF_CHECK(pushing(q, one(4)) == errc::none);
  CAF_CHECK(pushing(q, one(0)) == errc::none);
  CAF_CHECK_EQUAL(a.refused(), 3u);

  // The process's own requests may take all.
  admission b({.max_requests = 10, .max_bytes = std::size_t{1} << 30});
  request_queue own(b);
  CAF_CHECK_EQUAL(fill(own, 0), 10);
  CAF_CHECK(pushing(own, one(1)) == errc::overloaded);

  // Negative control.
  const test::mutant f("has no shares");
  admission c({.max_requests = 1'000, .max_bytes = std::size_t{1} << 30});
  request_queue mutated(c);
  CAF_CHECK_EQUAL(fill(mutated, 1), 1'000);
  CAF_CHECK_EQUAL(fill(mutated, 2), 0);
}

CAF_TEST(bytes have shares as well and one large request is let in) {
  admission a({.max_requests = 1'000, .max_bytes = std::size_t{1} << 20});
  request_queue q(a);
  const std::string large(400'000, 'x');
  CAF_CHECK(pushing(q, one(1, large)) == errc::none);
  CAF_CHECK(pushing(q, one(1, large)) == errc::overloaded);
  CAF_CHECK(pushing(q, one(2, large)) == errc::none);
  CAF_CHECK(pushing(q, one(2, "SELECT 1")) == errc::overloaded);
  CAF_CHECK(pushing(q, one(3, "SELECT 1")) == errc::none);
  order(q);
  CAF_CHECK(pushing(q, one(1, std::string(std::size_t{2} << 20, 'x'))) == errc::none);
  order(q);
  CAF_CHECK_EQUAL(a.bytes(), 0u);
  CAF_CHECK_EQUAL(a.peers(), 0u);
}

CAF_TEST(no peer has more in flight than it may) {
  admission a({.max_requests = 100, .max_bytes = 1 << 20});
  request_queue q(a, 1);
  for (int i = 0; i < 3; ++i)
    q.push(one(1));
  const auto first = q.pop();
  CAF_REQUIRE(first);
  CAF_CHECK(!q.pop());
  CAF_CHECK(!q.has_work());
  q.push(one(2));
  CAF_CHECK(q.has_work());
  const auto other = q.pop();
  CAF_REQUIRE(other);
  CAF_CHECK_EQUAL(other->peer, address | 2);
  CAF_CHECK(!q.pop());
  q.done(*first);
  CAF_CHECK(q.has_work());
  CAF_CHECK(q.pop());
  // Requests of the process itself have no such bound.
  q.push(one(0));
  q.push(one(0));
  CAF_CHECK(q.pop() && q.pop());
}

CAF_TEST(what a failed worker left goes first and counts again) {
  admission a({.max_requests = 10, .max_bytes = 1 << 20});
  request_queue q(a);
  const auto left = one(2);
  q.push(left);
  CAF_CHECK(q.pop() == left);
  q.push(one(2));
  q.push_front({left});
  CAF_CHECK_EQUAL(a.requests_of(address | 2), 2u);
  CAF_CHECK(q.pop() == left);
  CAF_CHECK_EQUAL(q.close({.code = errc::shut_down}).size(), 1u);
  CAF_CHECK_EQUAL(a.peers(), 0u);
  CAF_CHECK_EQUAL(q.size(), 0u);
}

CAF_TEST(writes of loopback keep their order over connections) {
  admission a({.max_requests = 100, .max_bytes = 1 << 20});
  request_queue writes(a);
  request_queue reads(a, 2);
  std::vector<request_ptr> asked;
  for (const std::uint64_t connection : {1, 1, 1, 2, 1, 2}) {
    const auto r = one(0);
    r->peer = connection; // on loopback each connection is a peer
    writes.push(asked.emplace_back(r));
  }
  for (const auto& r : asked)
    CAF_CHECK(writes.pop() == r);
  for (const auto& r : asked)
    reads.push(r);
  CAF_CHECK_EQUAL(reads.pop()->peer, 1u);
  CAF_CHECK_EQUAL(reads.pop()->peer, 2u); // in turns
}
