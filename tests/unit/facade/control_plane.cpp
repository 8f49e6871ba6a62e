// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The control plane of the facade over a stub in the engine's place: each call is one request, and
// ends with its answer. control_plane_engine.cpp has the same over an engine.
//
//   caller                          engine
//   checks, options
//   request -------------------->
//   waits                           (any time)
//   cancel_request ------------->   if the caller's token stops meanwhile
//   result or exception <--------   the answer

#include "facade/control_plane.hpp"
#include "support/engine/bare_control_plane.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/engine/stub_system.hpp"
#include "support/faults/failing_allocations.hpp"
#include "support/faults/fault_script.hpp"

#include <dbengine/actors/messages.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>
#include <caf/make_message.hpp>

#include <atomic>
#include <functional>
#include <new>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace workers = dbengine::actors::workers;

namespace {

struct scene : stub_system {
  bare_control_plane db{sys, stub.as_engine()};
};

// An answer for each kind of request.
void answer_all(const received_message& m) {
  if (!m.mid.is_request())
    return;
  if (m.is<backup_info_request>())
    return m.answer(caf::make_message(backup_info{.total_backups = 7}));
  if (m.is<statistics_request>()) {
    statistics s;
    s.backups = 8;
    return m.answer(caf::make_message(s));
  }
  if (m.is<health_request>()) {
    health_report h;
    h.wal_bytes = 9;
    return m.answer(caf::make_message(h));
  }
  if (m.is<database_info_request>()) {
    database_info i;
    i.page_count = 10;
    return m.answer(caf::make_message(i));
  }
  if (m.is<maintenance_request>())
    return m.answer(caf::make_message(
        maintenance_result{.problems = {"a problem"}, .checkpoint = {.moved_pages = 11}}));
  m.answer(caf::make_message(true));
}

maintenance_request maintenance_in(const received_message& m) {
  return m.is<maintenance_request>() ? m.as<maintenance_request>() : maintenance_request{};
}

// Each allocation of the call's thread fails once; the engine has memory. `answer`: the code of its
// answer.
void nth_fails(scene& s, errc answer, outcome if_unreturned, const std::function<void()>& call) {
  int unsent = 0, unreturned = 0, returned = 0;
  for (long n = 1;; ++n) {
    const auto before = s.stub.count();
    error_info why;
    bool no_memory = false;
    begin_failing(n);
    try {
      call();
    } catch (const std::bad_alloc&) {
      no_memory = true;
    } catch (const error& e) {
      const never_failing has_memory;
      why = e.info();
    }
    end_failing();
    CAF_CHECK_EQUAL(s.stub.count() - before, no_memory ? 0u : 1u);
    CAF_CHECK_EQUAL(s.db.followed.load(), 0);
    if (no_memory) {
      ++unsent;
    } else if (why.code == answer) {
      ++returned;
    } else { // it was answered, and there is no memory to return that
      ++unreturned;
      CAF_CHECK_EQUAL(to_string(why.code), to_string(errc::too_big));
      CAF_CHECK_EQUAL(to_string(why.outcome), to_string(if_unreturned));
    }
    if (!failing_reached())
      break;
  }
  CAF_CHECK(unsent > 0);
  CAF_CHECK(returned > 0);
  CAF_CHECK_EQUAL(unreturned > 0, answer != errc::none);
}

} // namespace

CAF_TEST(every call is one request and returns its answer) {
  scene s;
  s.stub.on_message(answer_all);
  std::size_t calls = 0;
  const auto one_request = [&](const char* checked_for) {
    CAF_CHECK_EQUAL(s.stub.count(), ++calls);
    CAF_CHECK_EQUAL(s.db.checked(), checked_for);
    return s.stub.at(calls - 1);
  };
  CAF_CHECK(s.db.request_backup({}));
  CAF_CHECK(one_request("read").is<backup_request>());
  s.db.backup_to("/a/b.db", {}, {});
  const auto to = one_request("read");
  CAF_REQUIRE(to.is<backup_to_request>());
  CAF_CHECK_EQUAL(to.as<backup_to_request>().target, "/a/b.db");
  CAF_CHECK_EQUAL(s.db.backup_info().total_backups, 7u);
  CAF_CHECK(one_request("read").is<backup_info_request>());
  CAF_CHECK_EQUAL(s.db.statistics().backups, 8u);
  CAF_CHECK(one_request("report").is<statistics_request>());
  CAF_CHECK_EQUAL(s.db.health().wal_bytes, 9u);
  CAF_CHECK(one_request("report").is<health_request>());
  CAF_CHECK_EQUAL(s.db.database_info().page_count, 10u);
  CAF_CHECK(one_request("read").is<database_info_request>());

  s.db.vacuum({});
  CAF_CHECK(maintenance_in(one_request("write")).what == maintenance_kind::vacuum);
  s.db.analyze("t", {});
  const auto analyze = maintenance_in(one_request("write"));
  CAF_CHECK(analyze.what == maintenance_kind::analyze && analyze.argument == "t");
  s.db.optimize({});
  CAF_CHECK(one_request("write").is<maintenance_request>());
  CAF_CHECK(s.db.integrity_check(true, {}) == std::vector<std::string>{"a problem"});
  CAF_CHECK(maintenance_in(one_request("read")).what == maintenance_kind::quick_check);
  CAF_CHECK(s.db.integrity_check(false, {}) == std::vector<std::string>{"a problem"});
  CAF_CHECK(maintenance_in(one_request("read")).what == maintenance_kind::integrity_check);
  CAF_CHECK_EQUAL(s.db.checkpoint(checkpoint_mode::truncate, {}).moved_pages, 11);
  const auto checkpoint = maintenance_in(one_request("write"));
  CAF_CHECK(checkpoint.what == maintenance_kind::checkpoint && checkpoint.argument == "truncate");
  s.db.set_pragma("cache_size", value(3), {});
  const auto pragma = maintenance_in(one_request("write"));
  CAF_CHECK(pragma.what == maintenance_kind::set_pragma && pragma.argument == "cache_size");
  CAF_CHECK(pragma.setting == value(3));
}

CAF_TEST(a request has the options of its call) {
  scene s;
  s.stub.on_message(answer_all);
  const std::stop_source stop;
  s.db.vacuum({.timeout = 7s,
               .cancel = stop.get_token(),
               .priority = priority::maintenance,
               .id = "an id"});
  const auto given = maintenance_in(s.stub.at(0)).options;
  CAF_CHECK(given.timeout == 7s);
  CAF_CHECK(given.priority == priority::maintenance);
  CAF_CHECK_EQUAL(given.id, "an id");
  CAF_CHECK(given.cancel_token != 0);
  s.db.vacuum({});
  CAF_CHECK(maintenance_in(s.stub.at(1)).options == call_options{});
}

CAF_TEST(a call past its deadline or cancelled or refused sends nothing) {
  scene s;
  s.stub.on_message(answer_all);
  for (const auto t : {0ms, -1ms})
    CAF_CHECK_EQUAL(code_of([&] { s.db.vacuum({.timeout = t}); }), "timeout");
  std::stop_source stop;
  stop.request_stop();
  CAF_CHECK_EQUAL(code_of([&] { s.db.request_backup({.cancel = stop.get_token()}); }), "cancelled");
  s.db.on_check = [] { throw error(errc::shut_down, "no"); };
  CAF_CHECK_EQUAL(code_of([&] { s.db.health(); }), "shut_down");
  CAF_CHECK_EQUAL(s.stub.count(), 0u);
}

CAF_TEST(an error is thrown as the engine reports it) {
  scene s;
  const error_info late{.code = errc::timeout, .outcome = outcome::unknown, .message = "too late"};
  s.stub.on_message(
      [&](const received_message& m) { m.answer(caf::make_message(actors::from_info(late))); });
  const auto e = failure_of([&] { s.db.vacuum({.timeout = 1ms}); });
  CAF_CHECK(e.code == late.code && e.outcome == late.outcome && e.message == late.message);
  CAF_CHECK_EQUAL(s.stub.count(), 1u);
}

CAF_TEST(an answer of another type is an error) {
  scene s;
  s.stub.on_message([](const received_message& m) { m.answer(caf::make_message(1, 2)); });
  CAF_CHECK_EQUAL(code_of([&] { s.db.health(); }), "internal");
}

//  caller                    | engine's actor
//  --------------------------+---------------------------
//                            | in a message, at the latch
//  its request waits there   |
//                            | ends
//  unavailable               |
//  asks again: unavailable   |
CAF_TEST(a call to an actor that ends is answered) {
  scene s;
  blocking_point latch;
  const auto ending = s.sys.spawn([&](caf::event_based_actor* self) {
    return caf::behavior{[&latch, self](int) {
      latch.wait();
      self->quit();
    }};
  });
  caf::logger::set_current_actor_system(nullptr);
  caf::anon_send(ending, 1);
  CAF_REQUIRE(latch.await_one());
  s.stub.on_message([&](const received_message& m) { // passes it on
    caf::actor_cast<caf::strong_actor_ptr>(ending)->enqueue(m.sender, m.mid, m.content, nullptr);
  });
  error_info waiting;
  std::thread caller([&] { waiting = failure_of([&] { s.db.vacuum({}); }); });
  CAF_CHECK(s.stub.wait_for(1));
  latch.open();
  caller.join();
  CAF_CHECK_EQUAL(to_string(waiting.code), to_string(errc::unavailable));
  CAF_CHECK_EQUAL(code_of([&] { s.db.health(); }), "unavailable");
}

//  caller                    | canceller            | engine
//  --------------------------+----------------------+-------------------------
//  sends its request, waits  |                      |
//                            | stops the token      |
//                            |                      | receives cancel_request
//                            |                      | answers
//  returns                   |                      |
CAF_TEST(a cancel while the call waits reaches the engine and the answer ends the call) {
  for (const bool too_late : {false, true}) {
    scene s;
    std::stop_source stop;
    std::string code;
    std::atomic<bool> returned{false};
    std::thread caller([&] {
      code = code_of([&] { s.db.vacuum({.cancel = stop.get_token()}); });
      returned = true;
    });
    CAF_REQUIRE(s.stub.wait_for(1));
    stop.request_stop();
    CAF_REQUIRE(s.stub.count() >= 2); // sent by this thread, and by a caller that just sent
    const auto request = s.stub.at(0);
    const auto cancel = s.stub.at(1);
    CAF_REQUIRE(cancel.is<cancel_request>() && !cancel.mid.is_request());
    CAF_CHECK_EQUAL(cancel.as<cancel_request>().cancel_token,
                    maintenance_in(request).options.cancel_token);
    CAF_CHECK(cancel.sender == request.sender);
    CAF_CHECK(!returned); // the answer says what became of it
    request.answer(too_late ? caf::make_message(maintenance_result{})
                            : caf::make_message(actors::from_info({.code = errc::cancelled})));
    caller.join();
    CAF_CHECK_EQUAL(code, too_late ? "none" : "cancelled");
    for (std::size_t i = 1; i < s.stub.count(); ++i)
      CAF_CHECK(s.stub.at(i).is<cancel_request>());
  }
}

CAF_TEST(a cancel before the request was sent follows it) {
  scene s;
  s.stub.on_message(answer_all);
  std::stop_source stop;
  s.db.on_follow = [&] { stop.request_stop(); };
  s.db.backup_to("/a.db", [](const backup_progress&) { return true; },
                 {.cancel = stop.get_token()});
  // The first came to an engine that knew no such request.
  CAF_REQUIRE_EQUAL(s.stub.count(), 3u);
  CAF_CHECK(s.stub.at(0).is<cancel_request>());
  CAF_CHECK(s.stub.at(1).is<backup_to_request>());
  CAF_CHECK(s.stub.at(2).is<cancel_request>());
}

CAF_TEST(a backup is followed while its call waits and by no other call) {
  scene s;
  int seen = -1;
  s.stub.on_message([&](const received_message& m) {
    seen = s.db.followed;
    m.answer(m.is<health_request>() ? caf::make_message(health_report{}) : caf::make_message(true));
  });
  s.db.backup_to("/a.db", [](const backup_progress&) { return true; }, {});
  CAF_CHECK_EQUAL(seen, 1);
  CAF_CHECK_EQUAL(s.db.followed.load(), 0);
  s.db.backup_to("/a.db", {}, {});
  CAF_CHECK_EQUAL(seen, 0);
  s.db.health();
  CAF_CHECK_EQUAL(seen, 0);
}

//  caller                    | worker
//  --------------------------+--------------------------
//  sends its request, waits  |
//                            | asks for a verdict
//  callback throws           |
//                            | stops, answers
//  the exception leaves      |
CAF_TEST(what a callback throws leaves the call after the backup has stopped) {
  struct own {};
  scene s;
  std::atomic<bool> stopped{false};
  std::thread worker([&] {
    if (!s.stub.wait_for(1))
      return;
    const auto request = s.stub.at(0);
    const auto channel = s.db.listeners.find(request.sender->id());
    const auto end = std::chrono::steady_clock::now() + 1min;
    stopped = channel &&
              !channel->ask({1, 2}, [end] { return std::chrono::steady_clock::now() < end; }) &&
              std::chrono::steady_clock::now() < end;
    request.answer(caf::make_message(actors::from_info({.code = errc::cancelled})));
  });
  bool caught = false;
  bool in_order = false;
  try {
    s.db.backup_to("/a.db", [](const backup_progress&) -> bool { throw own(); }, {});
  } catch (const own&) {
    caught = true;
    in_order = stopped;
  }
  worker.join();
  CAF_CHECK(caught && in_order);
  CAF_CHECK_EQUAL(s.db.followed.load(), 0);
}

CAF_TEST(without memory a call sends nothing or ends after its answer) {
  scene s;
  const auto follow = [](const backup_progress&) { return true; };
  for (const auto answer : {errc::none, errc::timeout}) {
    s.stub.on_message([&](const received_message& m) {
      if (answer == errc::none)
        return answer_all(m);
      m.answer(caf::make_message(
          actors::from_info({.code = answer, .message = "a text that is no short string"})));
    });
    nth_fails(s, answer, outcome::unknown, [&] { s.db.vacuum({}); });
    nth_fails(s, answer, outcome::not_run, [&] { s.db.integrity_check(true, {}); });
    nth_fails(s, answer, outcome::not_run, [&] { s.db.backup_to("/a.db", follow, {}); });
  }
}

//  two callers               | engine
//  --------------------------+------------------------------------
//  send their requests, wait |
//                            | answers the second before the first
//  return                    |
CAF_TEST(calls of two threads at once get their own answers) {
  constexpr std::size_t rounds = 500;
  scene s;
  std::thread answers([&] {
    for (std::size_t i = 0; i < 2 * rounds && s.stub.wait_for(i + 2); i += 2)
      for (const auto n : {i + 1, i}) {
        const auto m = s.stub.at(n);
        const bool quick = maintenance_in(m).what == maintenance_kind::quick_check;
        m.answer(caf::make_message(maintenance_result{.problems = {quick ? "quick" : "whole"}}));
      }
  });
  std::atomic<std::size_t> right{0};
  const auto run = [&](bool quick) {
    const std::vector<std::string> own{quick ? "quick" : "whole"};
    for (std::size_t i = 0; i < rounds; ++i)
      right += s.db.integrity_check(quick, {}) == own ? 1 : 0;
  };
  std::thread other([&] { run(false); });
  run(true);
  other.join();
  answers.join();
  CAF_CHECK_EQUAL(right.load(), 2 * rounds);
}
