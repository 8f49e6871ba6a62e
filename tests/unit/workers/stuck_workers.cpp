// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Workers in statements that SQLite cannot interrupt: a user's function that waits at a latch.
//
//   request                    reader 1                reader 2 (spare)
//   SELECT wait_here() ------> at the latch
//   deadline + 50 ms: timeout  retired                 active: opens its connection
//   SELECT 1 --------------------------------------->  answered
//   the latch opens            returns, is spare

#include "support/engine/engine_system_fixture.hpp"

#include "support/faults/fault_script.hpp"

#include <dbengine/db_engine.hpp>

#include <caf/scoped_actor.hpp>

#include <future>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

options with_latch(blocking_point& latch) {
  options o;
  o.functions.push_back({.name = "wait_here",
                         .arguments = 0,
                         .deterministic = false,
                         .call = [&latch](std::span<const value_ref>) {
                           latch.wait();
                           return value(1);
                         }});
  return o;
}

// A request that waits at the latch. On a busy machine a short deadline may pass before that; then
// a longer one is tried.
template <class Submit>
counted_ptr at_the_latch(blocking_point& latch, Submit submit) {
  for (auto timeout = 50ms; timeout < 30s; timeout *= 2) {
    auto r = submit(timeout);
    if (latch.await_one_unless([&] { return r->answers.load() > 0; }))
      return r;
  }
  CAF_FAIL("no request reaches the latch");
}

} // namespace

CAF_TEST(a stuck reader is replaced and returns as the spare one) {
  blocking_point latch;
  std::mutex telling;
  std::vector<escalation> told;
  auto o = with_latch(latch);
  o.on_escalation = [&](const escalation& e) {
    const std::lock_guard lock(telling);
    told.push_back(e);
  };
  engine_system_fixture f(o);
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_CHECK(f.worker("reader 1").state == worker_state::idle);
  CAF_CHECK(f.worker("reader 2").state == worker_state::spare);
  CAF_CHECK(f.health().ok); // a spare reader is no problem
  const auto stuck = at_the_latch(latch, [&](auto t) { return f.read("SELECT wait_here()", t); });
  CAF_REQUIRE(engine_system_fixture::answered(stuck));
  CAF_CHECK_EQUAL(to_string(stuck->code()), to_string(errc::timeout));
  CAF_CHECK(stuck->outcome_info().outcome == outcome::not_run);
  CAF_CHECK_EQUAL(f.number("SELECT 41 + 1"), 42); // runs on reader 2
  const auto w = f.worker("reader 1");
  CAF_CHECK(w.state == worker_state::stalled);
  CAF_CHECK(w.note.find("stalled for ") == 0);
  CAF_CHECK(w.note.find("SELECT wait_here()") != std::string::npos);
  CAF_CHECK(f.worker("reader 2").state == worker_state::idle);
  const auto h = f.health();
  CAF_CHECK(!h.ok);
  CAF_CHECK(std::any_of(h.problems.begin(), h.problems.end(), [](const auto& p) {
    return p.find("reader 1 is stalled for") != std::string::npos;
  }));
  const auto counted = f.stats().workers;
  CAF_CHECK_EQUAL(std::count_if(counted.begin(), counted.end(),
                                [](const auto& x) { return x.state == worker_state::stalled; }),
                  1);
  {
    const std::lock_guard lock(telling);
    CAF_REQUIRE_EQUAL(told.size(), 1u);
    CAF_CHECK(told[0].what == escalation_kind::worker_stuck);
    CAF_CHECK_EQUAL(told[0].worker, "reader 1");
  }
  latch.open();
  CAF_CHECK(eventually([&] { return f.worker("reader 1").state == worker_state::spare; }));
  CAF_CHECK(f.health().ok);
  CAF_CHECK_EQUAL(f.number("SELECT 41 + 1"), 42);
  CAF_CHECK_EQUAL(stuck->answers.load(), 1);
  CAF_CHECK_EQUAL(f.stats().restarts, 0u); // it restarted no worker
}

CAF_TEST(with no spare reader left requests are answered by their deadlines) {
  blocking_point latch;
  engine_system_fixture f(with_latch(latch));
  std::vector<counted_ptr> stuck;
  for (int i = 0; i < 2; ++i) // the reader, then the spare
    CAF_REQUIRE(
        engine_system_fixture::answered(stuck.emplace_back(f.read("SELECT wait_here()", 50ms))));
  const auto waits = f.read("SELECT 1", 50ms);
  CAF_REQUIRE(engine_system_fixture::answered(waits));
  CAF_CHECK_EQUAL(to_string(waits->code()), to_string(errc::timeout));
  CAF_CHECK(waits->outcome_info().outcome == outcome::not_run);
  CAF_CHECK(f.worker("reader 1").state == worker_state::stalled);
  CAF_CHECK(f.worker("reader 2").state == worker_state::stalled);
  CAF_CHECK(f.done("CREATE TABLE t (x)")); // the writer is not affected
  latch.open();
  CAF_CHECK_EQUAL(f.number("SELECT 1"), 1);
  CAF_CHECK(eventually([&] { return f.health().ok; }));
  for (const auto& r : stuck)
    CAF_CHECK_EQUAL(r->answers.load(), 1);
}

CAF_TEST(a request that a stuck writer does not finish in time is rolled back) {
  //   writer: INSERT 1, INSERT wait_here() ...
  //   watchdog: timeout, rolled back
  //   the latch opens: INSERT 1 runs again alone
  blocking_point latch;
  engine_system_fixture f(with_latch(latch));
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  const auto patient = f.write("INSERT INTO t VALUES (7)");
  const auto stuck =
      f.write("INSERT INTO t SELECT wait_here()", 1s); // time enough to reach the latch
  f.core().writer().unlock();
  CAF_REQUIRE(latch.await_one());
  CAF_REQUIRE(engine_system_fixture::answered(stuck));
  CAF_CHECK_EQUAL(to_string(stuck->code()), to_string(errc::timeout));
  CAF_CHECK(stuck->outcome_info().outcome == outcome::rolled_back);
  CAF_CHECK(f.worker("writer").state == worker_state::stalled);
  CAF_CHECK_EQUAL(patient->answers.load(), 0);
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 0); // reads continue
  latch.open();
  CAF_REQUIRE(engine_system_fixture::answered(patient));
  CAF_CHECK_EQUAL(to_string(patient->code()), to_string(errc::none));
  CAF_CHECK_EQUAL(f.number("SELECT sum(x) FROM t"), 7); // without the row of the other
  CAF_CHECK_EQUAL(stuck->answers.load(), 1);
  CAF_CHECK(eventually([&] { return f.health().ok; }));
}

CAF_TEST(a script that goes on and is given up says whether a part of it is kept) {
  const auto given_up = [](const std::string& first, int kept) {
    blocking_point latch;
    engine_system_fixture f(with_latch(latch));
    CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
    int tries = 0;
    const auto stuck = at_the_latch(latch, [&](auto t) {
      auto r = std::make_shared<counted_request>(dbengine::engine::request::kind::script,
                                                 dbengine::sqlite::request_control(t, {}));
      r->sql = first + "; INSERT INTO t SELECT wait_here()";
      r->mode = script_mode::continue_on_error;
      r->deadline = dbengine::sqlite::clock::now() + t;
      f.core().writes().submit(r);
      ++tries;
      return r;
    });
    CAF_REQUIRE(engine_system_fixture::answered(stuck));
    CAF_CHECK_EQUAL(to_string(stuck->code()), to_string(errc::timeout));
    latch.open();
    CAF_CHECK(f.done("INSERT INTO t VALUES (100)")); // queued after it
    CAF_CHECK(f.number("SELECT count(*) FROM t") <= kept * tries + 1);
    CAF_CHECK(f.number("SELECT count(*) FROM t") >= kept + 1);
    return std::string(to_string(stuck->outcome_info().outcome));
  };
  CAF_CHECK_EQUAL(given_up("INSERT INTO t VALUES (7)", 1), to_string(outcome::partially_applied));
  CAF_CHECK_EQUAL(given_up("SELECT 1", 0), to_string(outcome::rolled_back));
}

CAF_TEST(a lone write that was given up is not committed either) {
  blocking_point latch;
  engine_system_fixture f(with_latch(latch));
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  const auto stuck =
      at_the_latch(latch, [&](auto t) { return f.write("INSERT INTO t SELECT wait_here()", t); });
  CAF_REQUIRE(engine_system_fixture::answered(stuck));
  CAF_CHECK(stuck->outcome_info().outcome == outcome::rolled_back);
  latch.open();
  CAF_CHECK(f.done("INSERT INTO t VALUES (7)"));
  CAF_CHECK_EQUAL(f.number("SELECT sum(x) FROM t"), 7);
}

CAF_TEST(a thread that keeps the write connection is seen) {
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  const auto waits = f.write("INSERT INTO t VALUES (1)");
  CAF_CHECK(eventually([&] {
    return f.worker("writer").note.find("a caller's thread has held the write connection for") == 0;
  }));
  f.core().writer().unlock();
  CAF_CHECK(engine_system_fixture::answered(waits));
  CAF_CHECK(eventually([&] { return f.worker("writer").note.empty(); }));
}

CAF_TEST(shutting down leaves a stuck worker behind and answers its caller) {
  blocking_point latch;
  auto o = with_latch(latch);
  o.shutdown_timeout = 50ms;
  engine_system_fixture f(o);
  const auto core = f.engine->core_ptr();
  const auto read = f.read("SELECT wait_here()");
  CAF_REQUIRE(latch.await_one());
  f.engine->stop(50ms); // returns although the reader does not
  CAF_CHECK_EQUAL(f.engine->abandoned_workers(), (std::vector<std::string>{"reader 1"}));
  CAF_REQUIRE_EQUAL(read->answers.load(), 1);
  CAF_CHECK_EQUAL(to_string(read->code()), to_string(errc::shut_down));
  CAF_CHECK_EQUAL(code_of([&] { f.read("SELECT 1"); }), "shut_down");
  latch.open();
  f.engine.reset();
  f.system.reset(); // ends after the reader
  CAF_CHECK_EQUAL(read->answers.load(), 1);
}

CAF_TEST(a stuck writer keeps the file until it returns) {
  blocking_point latch;
  auto o = with_latch(latch);
  engine_system_fixture f(o);
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  const auto stuck = f.write("INSERT INTO t SELECT wait_here()");
  CAF_REQUIRE(latch.await_one());
  f.engine->stop(50ms);
  CAF_REQUIRE_EQUAL(stuck->answers.load(), 1);
  CAF_CHECK_EQUAL(to_string(stuck->code()), to_string(errc::shut_down));
  // The writer's connection still holds SQLite's lock, so no other engine may open the file.
  CAF_CHECK_EQUAL(code_of([&] { db_engine again(f.folder.url()); }), "locked");
  latch.open();
  f.engine.reset();
  f.system.reset();
  db_engine again(f.folder.url());
  CAF_CHECK(again.fetch_value<int>("SELECT count(*) FROM t") == 0);
}

CAF_TEST(the end of a facade does not wait for a stuck worker) {
  blocking_point latch;
  engine_folder folder;
  std::future<std::string> read;
  {
    auto o = with_latch(latch);
    o.shutdown_timeout = 50ms;
    o.max_leases = 1;
    db_engine db(folder.url(), o);
    db.execute("CREATE TABLE t (x)");
    auto lease = db.cursor("SELECT 1"); // the only lease: the next read uses a reader actor
    read = std::async(std::launch::async,
                      [&db] { return code_of([&] { db.fetch("SELECT wait_here()"); }); });
    CAF_REQUIRE(latch.await_one());
    db.shutdown();
    CAF_CHECK_EQUAL(read.get(), "shut_down");
  }
  latch.open();
}

CAF_TEST(a watchdog that answers at the moment at which the sender leaves hangs no thread) {
  // The sender leaves at its deadline + 50 ms, when the watchdog answers: whichever is first, the
  // caller gets one error.
  blocking_point latch;
  engine_folder folder;
  auto o = with_latch(latch);
  o.max_leases = 1;
  db_engine db(folder.url(), o);
  auto lease = db.cursor("SELECT 1");
  for (int i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(code_of([&] { db.with({.timeout = 20ms}).fetch("SELECT wait_here()"); }),
                    "timeout");
  latch.open();
  CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT 1"); }), "none");
}
