// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The calls of a link: bounds, order, and one end for each.

#include "remote/client/call_table.hpp"
#include "support/wire/counted_call.hpp"

#include <dbengine/error.hpp>

#include <chrono>
#include <optional>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
using dbengine::actors::remote::call_table;
using dbengine::actors::remote::finished_calls;
using dbengine::actors::remote::remote_call;

namespace {

bool has_room(const call_table& t, std::size_t bytes) {
  try {
    t.check_bounds(*counted_call::make(bytes));
    return true;
  } catch (const error& e) {
    CAF_CHECK(e.code() == errc::overloaded);
    return false;
  }
}

} // namespace

CAF_TEST(a call above a bound is refused and those before it stay) {
  call_table t(2, 100);
  t.add(counted_call::make(40));
  CAF_CHECK(!has_room(t, 61));
  CAF_CHECK(has_room(t, 60));
  t.add(counted_call::make(60));
  CAF_CHECK(!has_room(t, 0));
}

CAF_TEST(a call that is put back waits in its old place) {
  call_table t(10, 1000);
  const auto first = counted_call::make(10), second = counted_call::make(10);
  t.add(first);
  t.add(second);
  auto sent = t.take_sent(10);
  CAF_CHECK_EQUAL(t.first_waiting(), second.get());
  CAF_CHECK(!t.is_waiting(*first));
  t.put_back(std::move(sent));
  CAF_CHECK_EQUAL(t.first_waiting(), first.get());
  CAF_CHECK(t.is_waiting(*second));
}

CAF_TEST(a body that was given away with its message does not count any more) {
  call_table t(10, 100);
  const auto c = counted_call::make(90);
  t.add(c);
  CAF_CHECK(!has_room(t, 90));
  c->body.clear();
  const auto sent = t.take_sent(90);
  CAF_CHECK(has_room(t, 90));
  {
    finished_calls out;
    t.finish(c, out);
  }
  CAF_CHECK(t.empty());
  CAF_CHECK(has_room(t, 100));
}

CAF_TEST(each call that fails is told once and outside of the table) {
  call_table t(10, 1000);
  const auto late = counted_call::make(10), other = counted_call::make(10),
             cancelled = counted_call::make(10);
  t.add(late);
  t.add(other);
  t.add(cancelled);
  {
    finished_calls out;
    t.fail_waiting_if(
        [&](const remote_call& c) {
          return &c == late.get() ? std::optional(error_info{.code = errc::timeout}) : std::nullopt;
        },
        out);
    t.fail_waiting(cancelled, {.code = errc::cancelled}, out);
    CAF_CHECK_EQUAL(late->times, 0);
  }
  CAF_CHECK_EQUAL(late->times, 1);
  CAF_CHECK(late->failure && late->failure->code == errc::timeout);
  CAF_CHECK_EQUAL(cancelled->times, 1);
  CAF_CHECK(cancelled->failure && cancelled->failure->code == errc::cancelled);
  CAF_CHECK_EQUAL(other->times, 0);
  CAF_CHECK_EQUAL(t.first_waiting(), other.get());
  CAF_CHECK(!t.empty());
}

CAF_TEST(a wait for the last call ends at its deadline) {
  base::mutex m;
  base::scoped_lock l(m);
  call_table t(10, 1000);
  const auto now = [] { return std::chrono::steady_clock::now(); };
  t.wait_until_empty(l, now() + 1h); // no call, no wait
  t.add(counted_call::make(10));
  t.wait_until_empty(l, now() + 1ms);
  CAF_CHECK(!t.empty());
}
