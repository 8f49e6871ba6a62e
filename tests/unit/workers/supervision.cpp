// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Every fault point of writer and readers, with three ways to fail there: each request gets exactly
// one answer, and the answer is correct.
//
//   test                       writer                       next writer
//   holds the writer lock
//   submits 1, 2, 3 ---------> (queue)
//   unlocks -----------------> one group of three
//                              ... point: throws / gets an exit message / is blocked
//   <------------------------------------------------------ runs again what was not committed
//   each answered once; rows 1..3 exist exactly if the answer says so; row 4 is written
//   and read

#include "support/engine/engine_system_fixture.hpp"

#include "support/faults/fault_script.hpp"

#include <caf/send.hpp>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;
using dbengine::engine::request;

namespace {

const std::vector<std::string> writer_points{"writer.before_begin",     "writer.after_begin",
                                             "writer.before_statement", "writer.after_statement",
                                             "writer.before_commit",    "writer.after_commit",
                                             "writer.before_answer",    "writer.after_answer"};
const std::vector<std::string> reader_points{"reader.before_statement", "reader.after_statement"};

struct group_of_three {
  explicit group_of_three(engine_system_fixture& f, std::chrono::milliseconds timeout = 60s) {
    CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
    for (int i = 1; i <= 3; ++i)
      requests.push_back(f.write("INSERT INTO t VALUES (" + std::to_string(i) + ")", timeout));
    f.core().writer().unlock();
  }
  // Every request was answered once, and correctly.
  void check(engine_system_fixture& f, const std::string& point) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const auto& r = requests[i];
      CAF_REQUIRE(engine_system_fixture::answered(r));
      CAF_CHECK_EQUAL(r->answers.load(), 1);
      const auto there = f.number("SELECT count(*) FROM t WHERE x = " + std::to_string(i + 1));
      const auto e = r->outcome_info();
      if (e.code == errc::none)
        CAF_CHECK_EQUAL(there, 1);
      else if (e.outcome != outcome::unknown)
        CAF_CHECK_EQUAL(there, 0);
      else
        CAF_CHECK(there <= 1);
      CAF_MESSAGE(point << ": request " << i + 1 << ": " << to_string(e));
    }
  }
  std::vector<counted_ptr> requests;
};

void serves_on(engine_system_fixture& f) {
  CAF_CHECK(f.done("INSERT INTO t VALUES (4)"));
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t WHERE x = 4"), 1);
  CAF_CHECK(eventually([&] { return f.health().ok; }));
}

std::unique_ptr<engine_system_fixture> open_with_table() {
  auto f = std::make_unique<engine_system_fixture>(options{.num_workers = 2}, quick_restarts());
  CAF_REQUIRE(f->done("CREATE TABLE t (x INTEGER PRIMARY KEY)"));
  return f;
}

} // namespace

CAF_TEST(a writer that throws at any point loses and doubles nothing) {
  for (const auto& point : writer_points) {
    auto f = open_with_table();
    const fault_script script(point, 1, fail_worker);
    group_of_three g(*f);
    g.check(*f, point);
    // One failure of a worker is blamed on no request: all three are done.
    for (const auto& r : g.requests)
      CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
    CAF_CHECK_EQUAL(script.hits(), 1);
    CAF_CHECK(eventually([&] { return f->worker("writer").restarts >= 1; }));
    CAF_CHECK(f->worker("writer").last_failure.find("on purpose") != std::string::npos);
    CAF_CHECK(f->stats().restarts >= 1);
    serves_on(*f);
  }
}

CAF_TEST(a writer that gets an exit message at any point finishes what it has) {
  for (const auto& point : writer_points) {
    auto f = open_with_table();
    const auto writer = f->engine->handles().read().writer;
    const fault_script script(
        point, 1, [&] { caf::anon_send_exit(writer, caf::exit_reason::user_shutdown); });
    group_of_three g(*f);
    g.check(*f, point);
    for (const auto& r : g.requests)
      CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
    CAF_CHECK(eventually([&] { return f->worker("writer").restarts >= 1; }));
    serves_on(*f);
  }
}

CAF_TEST(callers of a writer that stands still are answered by their deadline) {
  for (const auto& point : writer_points) {
    auto f = open_with_table();
    blocking_point latch;
    {
      const fault_script script(point, 1, [&] { latch.wait(); });
      // On a busy machine a short deadline may pass before the point; then a longer one is tried.
      auto timeout = 100ms;
      auto g = std::make_unique<group_of_three>(*f, timeout);
      while (!latch.await_one_unless([&] {
        return std::all_of(g->requests.begin(), g->requests.end(), [](const auto& r) {
          return r->answers > 0 && r->code() == errc::timeout;
        });
      }) && timeout < 30s)
        g = std::make_unique<group_of_three>(*f, timeout *= 2);
      for (const auto& r : g->requests)
        CAF_CHECK(engine_system_fixture::answered(r));
      // Requests queued after it are answered, too, and reads continue.
      const auto behind = f->write("INSERT INTO t VALUES (5)", 50ms);
      CAF_CHECK(engine_system_fixture::answered(behind));
      CAF_CHECK_EQUAL(to_string(behind->code()), to_string(errc::timeout));
      CAF_CHECK(behind->outcome_info().outcome == outcome::not_run);
      CAF_CHECK(f->number("SELECT count(*) FROM t WHERE x > 3") == 0);
      if (g->requests[0]->code() == errc::timeout) { // otherwise it is blocked after the answers
        const auto w = f->worker("writer");
        CAF_CHECK(w.state == worker_state::stalled);
        CAF_CHECK(w.note.find("stalled for") != std::string::npos);
        CAF_CHECK(w.note.find("INSERT INTO t") != std::string::npos);
        CAF_CHECK(!f->health().ok);
      }
      latch.open();
      CAF_CHECK(f->done("INSERT INTO t VALUES (6)")); // queued after all of it
      g->check(*f, point);
    }
    serves_on(*f);
  }
}

CAF_TEST(a reader that fails at any point is replaced and its read runs again) {
  for (const auto& point : reader_points) {
    auto f = open_with_table();
    CAF_REQUIRE(f->done("INSERT INTO t VALUES (1)"));
    const fault_script script(point, 1, fail_worker);
    const auto r = f->read("SELECT count(*) FROM t");
    CAF_REQUIRE(engine_system_fixture::answered(r));
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
    CAF_CHECK(std::get<rows>(r->result)[0][0].as<int>() == 1);
    CAF_CHECK_EQUAL(script.hits(), 1);
    CAF_CHECK(eventually([&] { return f->stats().restarts >= 1; }));
    serves_on(*f);
    CAF_CHECK_EQUAL(r->answers.load(), 1);
  }
}

CAF_TEST(a reader that gets an exit message finishes its read) {
  for (const auto& point : reader_points) {
    auto f = open_with_table();
    const fault_script script(point, 1, [&] {
      for (std::size_t i = 0; i < 2; ++i)
        caf::anon_send_exit(f->engine->handles().read().readers[i],
                            caf::exit_reason::user_shutdown);
    });
    const auto r = f->read("SELECT count(*) FROM t");
    CAF_REQUIRE(engine_system_fixture::answered(r));
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
    CAF_CHECK(eventually([&] { return f->stats().restarts >= 2; }));
    serves_on(*f);
    CAF_CHECK_EQUAL(r->answers.load(), 1);
  }
}

CAF_TEST(a worker that cannot open is tried again) {
  for (const std::string point : {"writer.open", "reader.open"}) {
    auto f = open_with_table();
    const fault_script script(point, 3, fail_worker);
    if (point == "writer.open") { // its connection must be closed, otherwise nothing is opened
      CAF_REQUIRE(eventually([&] { return f->core().writer().try_lock(); }));
      f->core().writer().fail({.code = errc::internal, .message = "on purpose"});
    } else {
      for (std::size_t i = 0; i < 2; ++i)
        caf::anon_send_exit(f->engine->handles().read().readers[i], caf::exit_reason::kill);
    }
    CAF_CHECK(eventually([&] { return script.hits() == 3; }));
    serves_on(*f);
  }
}

CAF_TEST(a checkpoint that fails its worker is not the answer) {
  auto f = open_with_table();
  const fault_script script("writer.checkpoint", 1, fail_worker);
  auto r = f->make(request::kind::maintenance, "");
  r->job = [&](dbengine::sqlite::connection& c) {
    static_cast<void>(f->core().checkpoints().run(c, checkpoint_mode::truncate));
  };
  f->core().writes().submit(r);
  CAF_REQUIRE(engine_system_fixture::answered(r));
  CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none)); // by the second worker
  CAF_CHECK_EQUAL(script.hits(), 1);
  CAF_CHECK_EQUAL(r->answers.load(), 1);
  serves_on(*f);
}

CAF_TEST(maintenance that committed before its writer failed is answered as done) {
  for (const std::string point : {"writer.after_statement", "writer.before_answer"}) {
    auto f = open_with_table();
    const fault_script script(point, 1, fail_worker);
    auto r = f->make(request::kind::maintenance, "");
    r->job = [](dbengine::sqlite::connection& c) { c.own_sql().run("INSERT INTO t VALUES (1)"); };
    f->core().writes().submit(r);
    CAF_REQUIRE(engine_system_fixture::answered(r));
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
    CAF_CHECK_EQUAL(script.hits(), 1);
    CAF_CHECK_EQUAL(f->number("SELECT count(*) FROM t"), 1);
    serves_on(*f);
  }
}

CAF_TEST(the next reader pool gives up the snapshot that the one before it was to) {
  auto f = open_with_table(); // by the writer alone: no lease is open
  CAF_REQUIRE(f->done("INSERT INTO t VALUES (1)"));
  caf::anon_send_exit(f->engine->handles().read().reader_pool, caf::exit_reason::kill);
  CAF_CHECK(eventually([&] { return f->worker("reader pool").restarts == 1; }));
  CAF_CHECK(eventually([&] {
    if (!f->core().writer().try_lock())
      return false;
    const bool open = f->core().writer().connection().snapshot().is_open();
    f->core().writer().unlock();
    std::this_thread::sleep_for(
        3 * defaults::lease_idle); // a check is a use: rare enough for two sweeps in between
    return !open;
  }));
}

CAF_TEST(a late down message of a reader does not end the next one) {
  engine_system_fixture f;
  f.core().reads().failed(0, 0); // of an incarnation before the first
  CAF_CHECK_EQUAL(f.number("SELECT 1"), 1);
}

CAF_TEST(a request that fails two workers is poison and its neighbours are not ) {
  auto f = open_with_table();
  int ran = 0;
  std::string victim;
  const auto poison = f->make(request::kind::maintenance, "");
  poison->job = [&](dbengine::sqlite::connection&) {
    ++ran;
    fail_worker();
  };
  CAF_REQUIRE(eventually([&] { return f->core().writer().try_lock(); }));
  const auto before = f->write("INSERT INTO t VALUES (1)");
  f->core().writes().submit(poison);
  const auto after = f->write("INSERT INTO t VALUES (2)");
  f->core().writer().unlock();
  for (const auto& r : {before, poison, after}) {
    CAF_REQUIRE(engine_system_fixture::answered(r));
    CAF_CHECK_EQUAL(r->answers.load(), 1);
  }
  CAF_CHECK_EQUAL(to_string(poison->code()), to_string(errc::poison));
  CAF_CHECK_EQUAL(ran, 2); // never a third worker
  CAF_CHECK(before->code() == errc::none && after->code() == errc::none);
  CAF_CHECK_EQUAL(f->number("SELECT count(*) FROM t"), 2);
  // The same for a read that is poison.
  ran = 0;
  const auto read = f->make(request::kind::maintenance, "");
  read->job = poison->job;
  f->core().reads().submit(read);
  CAF_REQUIRE(engine_system_fixture::answered(read));
  CAF_CHECK_EQUAL(to_string(read->code()), to_string(errc::poison));
  CAF_CHECK_EQUAL(ran, 2);
  serves_on(*f);
}

CAF_TEST(an open circuit answers at once and a probe closes it) {
  //   writer                      requests
  //   fails to open, 6 times ->   `unavailable`, at once; reads continue
  //   probe opens ----------->    done
  dbengine::actors::system::spawn_settings s;
  s.restarts = {.intensity = 2, .period = 60s, .backoff_min = 1ms, .backoff_max = 200ms};
  std::vector<escalation_kind> told;
  std::mutex telling;
  options o;
  o.on_escalation = [&](const escalation& e) {
    const std::lock_guard lock(telling);
    told.push_back(e.what);
  };
  const auto told_of = [&](escalation_kind k) {
    const std::lock_guard lock(telling);
    return std::count(told.begin(), told.end(), k);
  };
  engine_system_fixture f(o, s);
  CAF_REQUIRE(f.done("CREATE TABLE t (x INTEGER PRIMARY KEY)"));
  std::atomic<bool> broken = true;
  {
    const fault_script script("writer.open", 1'000'000, [&] {
      if (broken)
        fail_worker();
    });
    CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
    const auto waits = f.write("INSERT INTO t VALUES (1)");
    f.core().writer().fail({.code = errc::internal, .message = "on purpose"});
    CAF_REQUIRE(engine_system_fixture::answered(waits)); // when the circuit opens
    CAF_CHECK_EQUAL(to_string(waits->code()), to_string(errc::unavailable));
    CAF_CHECK(waits->outcome_info().outcome == outcome::not_run);
    CAF_CHECK_EQUAL(code_of([&] { f.write("INSERT INTO t VALUES (2)"); }), "unavailable");
    CAF_CHECK(f.health().circuit != circuit_state::closed);
    CAF_CHECK(!f.health().ok);
    CAF_CHECK(f.stats().circuit != circuit_state::closed);
    CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 0);
    // The owner is notified after health shows the state.
    CAF_CHECK(eventually([&] { return told_of(escalation_kind::circuit_opened) != 0; }));
    CAF_CHECK_EQUAL(told_of(escalation_kind::circuit_opened), 1);
    broken = false;
    CAF_CHECK(eventually([&] { return f.health().circuit == circuit_state::closed; }));
    CAF_CHECK(eventually([&] { return told_of(escalation_kind::circuit_closed) != 0; }));
    CAF_CHECK_EQUAL(told_of(escalation_kind::circuit_closed), 1);
  }
  CAF_CHECK(f.done("INSERT INTO t VALUES (3)"));
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 1);
}

CAF_TEST(the counting of answers sees a second one) { // the control of all of the above
  auto f = open_with_table();
  const auto r = f->write("INSERT INTO t VALUES (1)");
  CAF_REQUIRE(engine_system_fixture::answered(r));
  r->refuse({.code = errc::timeout});
  CAF_CHECK_EQUAL(r->answers.load(), 2);
}

#else

CAF_TEST(fault points are compiled in) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}

#endif
