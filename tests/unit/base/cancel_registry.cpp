// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The registry of requests that can be cancelled by a number: each owner has its own numbers, and
// the registry is bounded whatever its owners do.

#include "base/cancel_registry.hpp"

#include <memory>
#include <stop_token>
#include <vector>

#include "support/test.hpp" // last

using dbengine::base::cancel_registry;

namespace {

using requests = cancel_registry<std::weak_ptr<int>>;

bool holds(requests& r, std::uint64_t owner, std::uint64_t token) {
  const auto found = r.find(owner, token);
  return found && found->lock() != nullptr;
}

} // namespace

CAF_TEST(each owner has its own numbers) {
  requests r;
  const auto first = std::make_shared<int>(1);
  const auto second = std::make_shared<int>(2);
  r.add(1, 7, first);
  r.add(2, 7, second);
  CAF_CHECK(!r.find(3, 7));
  CAF_CHECK(!r.find(1, 8));
  CAF_REQUIRE(r.find(1, 7));
  CAF_CHECK(r.find(1, 7)->lock() == first);
  CAF_REQUIRE(r.remove(2, 7));
  CAF_CHECK(!r.remove(2, 7));
  CAF_CHECK(holds(r, 1, 7));
}

CAF_TEST(a number that is used again is the later request) {
  requests r;
  const auto first = std::make_shared<int>(1);
  const auto second = std::make_shared<int>(2);
  r.add(1, 7, first);
  r.add(1, 7, second);
  CAF_REQUIRE(r.find(1, 7));
  CAF_CHECK(r.find(1, 7)->lock() == second);
}

CAF_TEST(a request that ended keeps no place and one that runs stays) {
  requests r;
  const auto running = std::make_shared<int>(1);
  r.add(1, 0, running);
  for (std::uint64_t token = 1; token < 100'000; ++token)
    r.add(1, token, std::make_shared<int>(2)); // ends at once
  CAF_CHECK(holds(r, 1, 0));
}

CAF_TEST(a full registry drops the first and takes the next) {
  requests r;
  std::vector<std::shared_ptr<int>> running;
  for (std::uint64_t token = 0; token < 2'000; ++token)
    r.add(1, token, running.emplace_back(std::make_shared<int>(1)));
  int kept = 0;
  for (std::uint64_t token = 0; token < 2'000; ++token)
    kept += holds(r, 1, token) ? 1 : 0;
  CAF_CHECK_EQUAL(kept, 1024);
  CAF_CHECK(!holds(r, 1, 0));
  CAF_CHECK(holds(r, 1, 1'999));
}

CAF_TEST(a cancellation before the request reaches its worker is not lost) {
  cancel_registry<std::stop_source> r;
  r.find_or_add(1, 7);
  auto found = r.find(1, 7);
  CAF_REQUIRE(found);
  found->request_stop();
  CAF_CHECK(r.find_or_add(1, 7).get_token().stop_requested());
  r.remove(1, 7);
  CAF_CHECK(!r.find_or_add(1, 7).get_token().stop_requested());
}
