// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The channel between a backup's worker and the thread that ordered the backup.
//
//   worker                         listener
//   ask ---- backup_step --------->
//     waits                        reads the progress
//     true: goes on <------------- decides
//     false: stops <-------------- decides, or the backup is not wanted any more

#include "workers/progress_channel.hpp"
#include "support/engine/stub_system.hpp"
#include "support/faults/failing_allocations.hpp"
#include "workers/progress_listeners.hpp"

#include <dbengine/error.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <new>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using dbengine::actors::workers::backup_step;
using dbengine::actors::workers::progress_channel;
using dbengine::actors::workers::progress_listeners;

namespace {

struct scene : stub_system {
  std::shared_ptr<progress_channel> channel() const {
    return std::make_shared<progress_channel>(stub.handle());
  }
};

progress_channel& channel_of(const received_message& m) {
  return *m.as<backup_step>().channel;
}

// A worker that waits for a verdict that never comes fails its check after a minute.
std::function<bool()> wanted_for_a_minute() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  return [end] { return std::chrono::steady_clock::now() < end; };
}

// Decides the steps of `listener` on a thread of its own, in the order of their arrival.
class decider {
public:
  decider(const stub_actor& listener, std::size_t steps,
          std::function<bool(const backup_progress&)> decide)
      : thread_([&listener, steps, decide = std::move(decide)] {
          for (std::size_t i = 0; i < steps && listener.wait_for(i + 1); ++i) {
            auto& c = channel_of(listener.at(i));
            c.decide(decide(c.progress()));
          }
        }) {}
  ~decider() { thread_.join(); }
  decider(const decider&) = delete;
  decider& operator=(const decider&) = delete;

private:
  std::thread thread_;
};

} // namespace

CAF_TEST(each question is one step with its progress and returns its verdict) {
  scene s;
  const auto c = s.channel();
  std::vector<backup_progress> seen;
  s.stub.on_message([&](const received_message& m) {
    seen.push_back(channel_of(m).progress());
    channel_of(m).decide(seen.back().pages_done != 2);
  });
  std::vector<bool> verdicts;
  for (std::uint64_t i = 1; i <= 3; ++i)
    verdicts.push_back(c->ask({i, 3}, wanted_for_a_minute()));
  CAF_CHECK(verdicts == (std::vector<bool>{true, false, true}));
  CAF_CHECK(seen == (std::vector<backup_progress>{{1, 3}, {2, 3}, {3, 3}}));
  CAF_CHECK_EQUAL(s.stub.count(), 3u);
  CAF_CHECK(s.stub.at(0).is<backup_step>() && !s.stub.at(0).mid.is_request());
}

CAF_TEST(the verdict on one step is none on the next) {
  scene s;
  const auto c = s.channel();
  s.stub.on_message([](const received_message& m) { channel_of(m).decide(true); });
  CAF_CHECK(c->ask({1, 2}, wanted_for_a_minute()));
  s.stub.on_message({});
  CAF_CHECK(!c->ask({2, 2}, [] { return false; }));
}

CAF_TEST(a worker whose backup is not wanted any more waits for no verdict) {
  scene s;
  int checks = 0;
  CAF_CHECK(!s.channel()->ask({1, 2}, [&] { return ++checks < 3; }));
  CAF_CHECK_EQUAL(checks, 3);
  // Nor for a listener that has ended.
  const auto ended = s.sys.spawn([](caf::event_based_actor* self) { self->quit(); });
  caf::logger::set_current_actor_system(nullptr);
  s.sys.await_all_actors_done();
  CAF_CHECK(!std::make_shared<progress_channel>(ended)->ask({1, 2}, [] { return false; }));
}

CAF_TEST(a deadline that passes while the worker waits leaves as its exception) {
  scene s;
  const auto c = s.channel();
  const auto code = [&] {
    try {
      c->ask({1, 2}, []() -> bool { throw error(errc::timeout, "late"); });
    } catch (const error& e) {
      return e.code();
    }
    return errc::none;
  };
  CAF_CHECK_EQUAL(to_string(code()), to_string(errc::timeout));
  channel_of(s.stub.at(0)).decide(true); // its listener comes later
  CAF_CHECK_EQUAL(to_string(code()), to_string(errc::timeout));
}

//  worker                        | decider
//  ------------------------------+--------------------------
//  ask 1, waits                  |
//                                | decide 1
//  ask 2, waits                  |
//                                | decide 2 ...
CAF_TEST(verdicts of another thread reach the steps they are meant for) {
  constexpr std::uint64_t steps = 2'000;
  scene s;
  const auto verdict = [](std::uint64_t n) { return n % 3 != 0; };
  const decider d(s.stub, steps, [&](const backup_progress& p) { return verdict(p.pages_done); });
  const auto c = s.channel();
  std::uint64_t right = 0;
  for (std::uint64_t n = 0; n < steps; ++n)
    right += c->ask({n, steps}, wanted_for_a_minute()) == verdict(n) ? 1 : 0;
  CAF_CHECK_EQUAL(right, steps);
}

CAF_TEST(two backups at once get their own verdicts) {
  constexpr std::uint64_t steps = 500;
  scene s;
  const decider d(s.stub, 2 * steps,
                  [](const backup_progress& p) { return p.pages_done % 2 == p.pages_total; });
  std::atomic<std::uint64_t> right{0};
  const auto run = [&](std::uint64_t worker) {
    const auto c = s.channel();
    for (std::uint64_t n = 0; n < steps; ++n)
      right += c->ask({n, worker}, wanted_for_a_minute()) == (n % 2 == worker) ? 1 : 0;
  };
  std::thread other([&] { run(1); });
  run(0);
  other.join();
  CAF_CHECK_EQUAL(right.load(), 2 * steps);
}

CAF_TEST(without memory for the step nothing is sent and the next question is asked) {
  scene s;
  s.stub.on_message([](const received_message& m) { channel_of(m).decide(true); });
  const auto c = s.channel();
  const auto wanted = wanted_for_a_minute();
  int refused = 0;
  for (long n = 1;; ++n) {
    const auto before = s.stub.count();
    bool sent = false;
    begin_failing(n);
    try {
      sent = c->ask({1, 2}, wanted);
    } catch (const std::bad_alloc&) {
      ++refused;
    }
    end_failing();
    CAF_CHECK_EQUAL(s.stub.count() - before, sent ? 1u : 0u);
    if (!failing_reached())
      break;
  }
  CAF_CHECK(refused > 0);
  CAF_CHECK(c->ask({2, 2}, wanted));
}

CAF_TEST(the listeners are found by their senders until they are removed) {
  scene s;
  progress_listeners all;
  CAF_CHECK(all.find(1) == nullptr);
  const auto one = s.channel();
  const auto two = s.channel();
  all.add(1, one);
  all.add(2, two);
  CAF_CHECK(all.find(1) == one && all.find(2) == two);
  all.remove(1);
  all.remove(1);
  CAF_CHECK(all.find(1) == nullptr && all.find(2) == two);
}
