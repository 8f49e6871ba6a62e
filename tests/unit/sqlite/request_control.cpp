// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The limits of a request, each tested alone.

#include "sqlite/request_control.hpp"

#include <chrono>
#include <limits>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using dbengine::sqlite::commit_permit;
using dbengine::sqlite::deadline;
using dbengine::sqlite::deadline_after;
using dbengine::sqlite::result_budget;
using namespace std::chrono_literals;

// -- deadline -------------------------------------------------------------------------------------

CAF_TEST(a request without limits never stops and reads no clock) {
  deadline d;
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(!d.must_stop());
  CAF_CHECK(d.stop_reason() == errc::none);
  CAF_CHECK(d.first_check() == sqlite::clock::time_point{});
  CAF_CHECK(!d.was_checked_again());
}

CAF_TEST(a relative timeout counts from the first check) {
  deadline d(1ms, {});
  std::this_thread::sleep_for(2ms);
  CAF_CHECK(!d.must_stop());
  CAF_CHECK(!d.was_checked_again());
  std::this_thread::sleep_for(2ms);
  CAF_CHECK(d.must_stop());
  CAF_CHECK(d.was_checked_again());
  CAF_CHECK(d.stop_reason() == errc::timeout);
}

CAF_TEST(a deadline that has passed stops at the first check) {
  deadline d(sqlite::clock::now() - 1s, {});
  CAF_CHECK(d.must_stop());
  CAF_CHECK(d.stop_reason() == errc::timeout);
}

CAF_TEST(the longest timeout does not overflow) {
  deadline d(std::chrono::milliseconds::max(), {});
  CAF_CHECK(!d.must_stop());
  CAF_CHECK(deadline_after(std::chrono::milliseconds::max()) > sqlite::clock::now() + 24h);
  const auto past = deadline_after(-5ms);
  CAF_CHECK(past <= sqlite::clock::now());
}

CAF_TEST(a cancellation stops and the first reason stays) {
  std::stop_source source;
  deadline d(1h, source.get_token());
  CAF_CHECK(!d.must_stop() && !d.cancel_requested());
  source.request_stop();
  CAF_CHECK(d.cancel_requested() && d.must_stop());
  d.kill(errc::shut_down);
  CAF_CHECK(d.must_stop());
  CAF_CHECK(d.stop_reason() == errc::cancelled);
}

CAF_TEST(a kill from another thread stops with its code) {
  deadline d;
  std::thread([&] { d.kill(errc::timeout); }).join();
  CAF_CHECK(d.cancel_requested() && d.must_stop());
  CAF_CHECK(d.stop_reason() == errc::timeout);
}

CAF_TEST(a preempted request stops with busy and can run again elsewhere) {
  std::atomic<std::size_t> waiting{0};
  deadline d;
  d.set_preemptible(waiting);
  CAF_CHECK(!d.must_stop() && !d.was_preempted());
  waiting = 1;
  CAF_CHECK(d.must_stop() && d.was_preempted());
  CAF_CHECK(d.stop_reason() == errc::busy);
  d.clear_preemptible();
  CAF_CHECK(!d.must_stop() && !d.was_preempted());
  CAF_CHECK(d.stop_reason() == errc::none);
}

CAF_TEST(a deadline that was moved keeps its kill) {
  deadline a(1h, {});
  a.kill(errc::cancelled);
  deadline b(std::move(a));
  CAF_CHECK(b.must_stop());
}

// -- commit permit --------------------------------------------------------------------------------

CAF_TEST(a commit that has begun cannot be forbidden) {
  commit_permit p;
  CAF_CHECK(!p.has_begun());
  CAF_CHECK(p.try_begin() && p.has_begun());
  CAF_CHECK(p.try_begin()); // SQLite may call the commit hook again
  CAF_CHECK(!p.try_forbid());
}

CAF_TEST(a commit that is forbidden never begins) {
  commit_permit p;
  CAF_CHECK(p.try_forbid());
  CAF_CHECK(p.try_forbid());
  CAF_CHECK(!p.try_begin() && !p.has_begun());
  p.begin_attempt(); // does not lift the prohibition
  CAF_CHECK(!p.try_begin());
}

CAF_TEST(a new attempt can be forbidden again) {
  commit_permit p;
  p.begin_attempt(); // nothing to reset
  CAF_CHECK(p.try_begin());
  p.begin_attempt();
  CAF_CHECK(!p.has_begun());
  CAF_CHECK(p.try_forbid());
  CAF_CHECK(!p.try_begin());
}

CAF_TEST(either the worker or the other thread decides about a commit) {
  for (int i = 0; i < 200; ++i) {
    commit_permit p;
    bool forbidden = false;
    std::thread other([&] { forbidden = p.try_forbid(); });
    const bool begun = p.try_begin();
    other.join();
    CAF_CHECK(begun != forbidden);
  }
}

CAF_TEST(a committed part stays recorded over attempts) {
  commit_permit p;
  CAF_CHECK(!p.is_part_committed());
  p.mark_part_committed();
  p.begin_attempt();
  CAF_CHECK(p.is_part_committed());
}

// -- result budget --------------------------------------------------------------------------------

CAF_TEST(a budget is used up by the results that are kept) {
  result_budget b;
  CAF_CHECK(b.charge(1'000'000));
  CAF_CHECK_EQUAL(b.remaining(), std::numeric_limits<std::size_t>::max());
  b.reset();
  b.set_limit(10);
  CAF_CHECK(b.charge(4));
  CAF_CHECK_EQUAL(b.remaining(), 6u);
  CAF_CHECK(b.charge(6));
  CAF_CHECK(!b.charge(1));
  CAF_CHECK_EQUAL(b.remaining(), 0u);
  b.reset();
  CAF_CHECK_EQUAL(b.remaining(), 10u);
}
