// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/throttle.hpp"

#include <algorithm>
#include <thread>

#include "support/test.hpp"

using namespace dbengine;
using namespace std::chrono_literals;

namespace {

constexpr auto pause_time = 5ms;

std::chrono::steady_clock::duration time_of(dbengine::backup::throttle& pace) {
  const auto begin = std::chrono::steady_clock::now();
  pace.pause_if_due();
  return std::chrono::steady_clock::now() - begin;
}

void work_for(std::chrono::milliseconds t) {
  const auto end = std::chrono::steady_clock::now() + t;
  while (std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
}

} // namespace

CAF_TEST(work pauses while a connection writes and not else) {
  std::uint64_t commits = 7;
  dbengine::backup::throttle pace(pause_time, [&] { return commits; });
  // The shortest of many measurements, because any of them may lose the processor.
  auto quiet = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 30; ++i) {
    work_for(pause_time);
    quiet = std::min(quiet, time_of(pace));
  }
  CAF_CHECK(quiet < pause_time);
  for (int i = 0; i < 5; ++i) {
    ++commits;
    work_for(pause_time);
    CAF_CHECK(time_of(pace) >= pause_time);
  }
  dbengine::backup::throttle unknown(pause_time, {});
  work_for(pause_time);
  CAF_CHECK(time_of(unknown) >= pause_time);
}

CAF_TEST(short work does not pause) {
  std::uint64_t commits = 0;
  dbengine::backup::throttle pace(1h, [&] { return ++commits; });
  for (int i = 0; i < 1000; ++i)
    pace.pause_if_due();
  CAF_CHECK_EQUAL(commits, 1u);
  dbengine::backup::throttle never(0ms, [&] { return ++commits; });
  never.pause_if_due();
  CAF_CHECK_EQUAL(commits, 2u);
}
