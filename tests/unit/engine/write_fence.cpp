// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The levels of the write fence: their order, and the notifications to the owner.

#include "engine/write/write_fence.hpp"

#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::engine::write_fence;

namespace {

struct fixture {
  fixture() {
    o.on_escalation = [this](const escalation& e) {
      seen.push_back(std::string(to_string(e.what)) + ": " + e.reason.message);
    };
  }

  errc checking() const {
    try {
      fence.check();
      return errc::none;
    } catch (const error& e) {
      return e.code();
    }
  }

  options o;
  sqlite::location where;
  write_fence fence{o, where};
  std::vector<std::string> seen;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(write_fences, fixture)

CAF_TEST(an unresolved commit does not refuse writes for good and can be lifted) {
  CAF_CHECK(fence.current() == write_fence::level::none);
  CAF_CHECK(fence.reason().empty());
  fence.raise_unresolved("a commit failed");
  CAF_CHECK(fence.current() == write_fence::level::unresolved);
  CAF_CHECK_EQUAL(fence.reason(), "a commit failed");
  CAF_CHECK(checking() == errc::none); // the next write tries to resolve it
  fence.lift();
  CAF_CHECK(fence.current() == write_fence::level::none);
  CAF_CHECK(fence.reason().empty());
  CAF_CHECK_EQUAL(seen.size(), 2u); // fenced, resumed
}

CAF_TEST(a permanent fence stays and keeps its first reason) {
  fence.raise_unresolved("a commit failed");
  fence.raise_permanently("the file was replaced");
  CAF_CHECK(fence.current() == write_fence::level::permanent);
  CAF_CHECK_EQUAL(fence.reason(), "the file was replaced");
  CAF_CHECK(checking() == errc::fenced);
  fence.raise_permanently("the file was cut");
  fence.raise_unresolved("another commit failed");
  fence.lift();
  CAF_CHECK(fence.current() == write_fence::level::permanent);
  CAF_CHECK_EQUAL(fence.reason(), "the file was replaced");
  CAF_CHECK_EQUAL(seen.size(), 2u); // each level once
}

CAF_TEST(lifting what is not raised notifies of nothing) {
  fence.lift();
  CAF_CHECK(seen.empty());
  CAF_CHECK(checking() == errc::none);
}

CAF_TEST(the owner is notified without the lock and once) {
  // The callback queries the fence, as a host's may through health: if the lock were held, it would
  // deadlock.
  o.on_escalation = [this](const escalation&) { seen.push_back(fence.reason()); };
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i)
    all.emplace_back([this] { fence.raise_permanently("the file was replaced"); });
  for (auto& t : all)
    t.join();
  CAF_REQUIRE_EQUAL(seen.size(), 1u);
  CAF_CHECK_EQUAL(seen.front(), "the file was replaced");
}

CAF_TEST_FIXTURE_SCOPE_END()
