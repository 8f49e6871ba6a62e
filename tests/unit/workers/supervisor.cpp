// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The supervisor's protocol, with children that do nothing and a simulated clock.
//
//   time            supervisor                        child
//   0               starts it ----------------------> opens, `ready`
//   t               <-------------------------------- ends with an error
//   t + 5..10 ms    starts it (delay doubles: 10..20, 20..40 ... at most 5 s)
//   6th in 60 s     opens the circuit, notifies the owner
//   + 5 s           half-open: starts it -----------> `ready`: closed / ends: open for 5 s more

#include "workers/supervisor.hpp"

#include "base/error_map.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <map>
#include <set>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::actors;
using namespace std::chrono_literals;

namespace {

constexpr workers::stop_mode every_mode[] = {workers::stop_mode::in_order, workers::stop_mode::all,
                                             workers::stop_mode::abandon};

struct config : caf::actor_system_config {
  config() { setup(*this); }
};

struct fixture : test_coordinator_fixture<config> {
  struct child {
    std::string name;
    caf::actor handle;
    int starts = 0;
    bool ready_at_once = true;
    bool cannot_start = false;
    workers::child_life life;
    int circuits_opened = 0;
    int circuits_closed = 0;
  };

  fixture()
      : status_(std::make_shared<workers::worker_status_table>()),
        ended(std::make_shared<workers::supervisor_exit>()) {
    options o;
    o.on_escalation = [this](const escalation& e) { told.push_back(e); };
    core = std::make_shared<dbengine::engine::engine>("sqlite://", o);
    core->start({});
  }

  ~fixture() {
    for (const auto mode : every_mode) {
      caf::anon_send(boss, workers::stop_children{mode});
      sched.run();
    }
    boss = nullptr;
    children.clear();
    sched.run();
  }

  workers::child_spec spec(const std::string& name, workers::strategy s) {
    auto& c = children[name];
    c.name = name;
    return {.id = {},
            .name = name,
            .restart = s,
            .start =
                [this, &c](const workers::child_life& life) {
                  if (c.cannot_start)
                    throw error(errc::internal, "no thread");
                  ++c.starts;
                  order.push_back("start " + c.name);
                  auto h = sys.spawn([] { return caf::behavior{[](int) {}}; });
                  h->attach_functor([this, &c] { order.push_back("end " + c.name); });
                  c.handle = h;
                  c.life = life;
                  if (c.ready_at_once)
                    c.life.report_ready();
                  return h;
                },
            .circuit_opened = [&c](const error_info&) { ++c.circuits_opened; },
            .circuit_closed = [&c] { ++c.circuits_closed; }};
  }

  void begin(std::vector<workers::child_spec> specs, workers::restart_policy p = {}) {
    for (const auto& s : specs)
      status_->add(s.id, s.name);
    boss = sys.spawn(workers::supervisor, core, status_, specs, ended, p);
    for (std::uint32_t i = 0; i < specs.size(); ++i)
      caf::anon_send(
          boss, workers::start_child(specs[i], i,
                                     workers::child_life(boss, i, workers::first_incarnation)));
    sched.run();
  }

  void fail(const std::string& name) {
    const auto& h = children[name].handle;
    caf::anon_send(h, caf::exit_msg{h.address(),
                                    from_info({.code = errc::internal, .message = "on purpose"})});
    sched.run();
  }
  // Advances the clock in steps, so that every timer fires at its time.
  void pass(std::chrono::milliseconds t) {
    for (; t > 0ms; t -= 1ms) {
      sched.advance_time(1ms);
      sched.run();
    }
  }
  worker_health state(std::size_t i) { return status_->read().at(i).health; }
  std::vector<escalation_kind> told_kinds() {
    std::vector<escalation_kind> kinds;
    for (const auto& e : told)
      kinds.push_back(e.what);
    return kinds;
  }

  std::shared_ptr<workers::worker_status_table> status_;
  std::shared_ptr<workers::supervisor_exit> ended;
  std::shared_ptr<dbengine::engine::engine> core;
  std::map<std::string, child> children;
  std::vector<std::string> order;
  std::vector<escalation> told;
  workers::supervisor_actor boss;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_tests, fixture)

CAF_TEST(children start in order and end in the reverse order) {
  begin({spec("a", workers::strategy::rest_for_one), spec("b", workers::strategy::one_for_one),
         spec("c", workers::strategy::one_for_one)});
  CAF_CHECK_EQUAL(order, (std::vector<std::string>{"start a", "start b", "start c"}));
  CAF_CHECK(!ended->wait_until(sqlite::clock::now()));
  order.clear();
  caf::anon_send(boss, workers::stop_children{});
  sched.run();
  CAF_CHECK_EQUAL(order, (std::vector<std::string>{"end c", "end b", "end a"}));
  CAF_REQUIRE(ended->wait_until(sqlite::clock::now()));
  CAF_CHECK(ended->abandoned().empty());
  CAF_CHECK(told.empty());
}

CAF_TEST(delays double and each is between half and the whole) {
  // By default the sixth failure opens the circuit; a larger budget shows the doubling up to its
  // ceiling.
  begin({spec("a", workers::strategy::one_for_one)}, {.intensity = 100, .period = 3600s});
  auto most = 10ms;
  std::set<std::int64_t> parts; // tenths of the whole delay
  for (int n = 1; n <= 12; ++n) {
    fail("a");
    CAF_CHECK_EQUAL(children["a"].starts, n);
    pass(most / 2 - 1ms);
    CAF_CHECK_EQUAL(children["a"].starts, n); // never before half of the delay
    auto waited = most / 2 - 1ms;
    for (; children["a"].starts == n && waited < most; waited += 1ms)
      pass(1ms);
    CAF_CHECK_EQUAL(children["a"].starts, n + 1); // and never after the whole delay
    parts.insert(waited * 10 / most);
    most = std::min<std::chrono::milliseconds>(most * 2, 5s);
  }
  CAF_CHECK(most == 5s);       // the ceiling was reached
  CAF_CHECK(parts.size() > 1); // random: workers that failed together are not restarted together
  CAF_CHECK_EQUAL(state(0).restarts, 12u);
  CAF_CHECK(state(0).last_failure.find("on purpose") != std::string::npos);
  CAF_CHECK(state(0).circuit == circuit_state::closed);
}

CAF_TEST(the sixth failure in a minute opens the circuit and a probe closes it) {
  begin({spec("a", workers::strategy::one_for_one)});
  auto& a = children["a"];
  for (int n = 1; n <= 5; ++n) {
    fail("a");
    CAF_CHECK_EQUAL(a.circuits_opened, 0);
    pass(200ms);
    CAF_CHECK_EQUAL(a.starts, n + 1);
  }
  a.ready_at_once = false;
  fail("a");
  CAF_CHECK_EQUAL(a.circuits_opened, 1);
  CAF_CHECK(state(0).circuit == circuit_state::open);
  CAF_CHECK_EQUAL(told_kinds(), (std::vector<escalation_kind>{escalation_kind::circuit_opened}));
  CAF_CHECK_EQUAL(told.back().worker, "a");
  CAF_CHECK(told.back().reason.message.find("on purpose") != std::string::npos);
  pass(4'999ms);
  CAF_CHECK_EQUAL(a.starts, 6);
  pass(1ms); // the probe
  CAF_CHECK_EQUAL(a.starts, 7);
  CAF_CHECK(state(0).circuit == circuit_state::half_open);
  // The probe fails: open for five seconds more, without a second notification.
  fail("a");
  CAF_CHECK(state(0).circuit == circuit_state::open);
  CAF_CHECK_EQUAL(a.circuits_opened, 1);
  CAF_CHECK_EQUAL(told.size(), 1u);
  pass(5'000ms);
  CAF_CHECK(state(0).circuit == circuit_state::half_open);
  a.life.report_ready();
  sched.run();
  CAF_CHECK(state(0).circuit == circuit_state::closed);
  CAF_CHECK(state(0).state == worker_state::idle);
  CAF_CHECK_EQUAL(a.circuits_closed, 1);
  CAF_CHECK(told.back().what == escalation_kind::circuit_closed);
  // The budget is still used up: one more failure opens the circuit again.
  fail("a");
  CAF_CHECK(state(0).circuit == circuit_state::open);
  CAF_CHECK_EQUAL(a.circuits_opened, 2);
}

CAF_TEST(
    failures that are far enough apart never open the circuit) { // the control of the test above
  begin({spec("a", workers::strategy::one_for_one)});
  for (int n = 1; n <= 12; ++n) {
    fail("a");
    pass(12'001ms);
    CAF_CHECK_EQUAL(children["a"].starts, n + 1);
  }
  CAF_CHECK_EQUAL(children["a"].circuits_opened, 0);
  CAF_CHECK(told.empty());
}

CAF_TEST(rest_for_one restarts the children after it and does not blame them) {
  begin({spec("writer", workers::strategy::rest_for_one),
         spec("reader", workers::strategy::one_for_one),
         spec("backups", workers::strategy::rest_for_one)});
  for (int n = 1; n <= 5; ++n) {
    fail("writer");
    pass(200ms);
  }
  CAF_CHECK_EQUAL(children["writer"].starts, 6);
  CAF_CHECK_EQUAL(children["backups"].starts, 6);
  CAF_CHECK_EQUAL(children["reader"].starts, 1); // one_for_one is not restarted
  CAF_CHECK_EQUAL(state(2).restarts, 0u);
  CAF_CHECK(state(2).circuit == circuit_state::closed);
  // A failure of the last child restarts that child alone.
  fail("backups");
  pass(20ms);
  CAF_CHECK_EQUAL(children["backups"].starts, 7);
  CAF_CHECK_EQUAL(children["writer"].starts, 6);
  fail("reader");
  pass(20ms);
  CAF_CHECK_EQUAL(children["reader"].starts, 2);
  CAF_CHECK_EQUAL(children["backups"].starts, 7);
}

CAF_TEST(a child that cannot be started is tried again) {
  spec("a", workers::strategy::one_for_one);
  children["a"].cannot_start = true;
  begin({spec("a", workers::strategy::one_for_one)});
  CAF_CHECK_EQUAL(children["a"].starts, 0);
  CAF_CHECK(state(0).last_failure.find("no thread") != std::string::npos);
  pass(40ms);
  CAF_CHECK(state(0).restarts >= 2);
  children["a"].cannot_start = false;
  pass(200ms);
  CAF_CHECK_EQUAL(children["a"].starts, 1);
}

CAF_TEST(a ready that comes late counts for no child) {
  begin({spec("a", workers::strategy::one_for_one)});
  auto& a = children["a"];
  a.ready_at_once = false;
  const auto late = a.life; // of the first incarnation
  fail("a");
  pass(10ms);
  CAF_CHECK(state(0).state == worker_state::restarting);
  late.report_ready();
  sched.run();
  CAF_CHECK(state(0).state == worker_state::restarting);
  a.life.report_ready();
  sched.run();
  CAF_CHECK(state(0).state == worker_state::idle);
}

CAF_TEST(the second stop mode ends all at once and the third abandons what does not end) {
  begin({spec("a", workers::strategy::one_for_one), spec("b", workers::strategy::one_for_one)});
  // The scheduler runs only on request: no child has ended when the supervisor gets the next
  // message.
  for (const auto mode : every_mode)
    caf::anon_send(boss, workers::stop_children{mode});
  sched.run();
  CAF_REQUIRE(ended->wait_until(sqlite::clock::now()));
  CAF_CHECK_EQUAL(ended->abandoned(), (std::vector<std::string>{"a", "b"}));
}

CAF_TEST(a supervisor that fails is reported to the owner and stops the queues) {
  begin({spec("a", workers::strategy::one_for_one)});
  caf::anon_send_exit(boss, caf::exit_reason::kill);
  sched.run();
  CAF_REQUIRE(ended->wait_until(sqlite::clock::now())); // no caller waits forever
  CAF_CHECK_EQUAL(told_kinds(), (std::vector<escalation_kind>{escalation_kind::supervision_lost}));
  struct deaf final : dbengine::engine::request {
    using dbengine::engine::request::request;
    void answered() noexcept override {}
  };
  auto code = errc::none;
  try {
    core->reads().submit(std::make_shared<deaf>(dbengine::engine::request::kind::fetch,
                                                dbengine::sqlite::request_control{}));
  } catch (const error& e) {
    code = e.code();
  }
  CAF_CHECK(code == errc::unavailable);
}

CAF_TEST_FIXTURE_SCOPE_END()
