// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a worker that does not return: a query that ignores its deadline, a disk that blocks.
// The worker is detected and reported in health, its waiting requests fail at their deadlines, and
// when it returns, all is well.
//
//   client A            client B                worker            supervisor
//   hold() -----------------------------------> stuck
//                       waits in the queue                        detects it: health
//   timeout <-----------------------------------------------------answers in its place
//                       timeout <---------------------------------answers the waiting requests
//   the event is set ---------------------------> returns
//                       served again

#include "support/engine/answer_box.hpp"
#include "support/engine/engine_load.hpp"
#include "support/engine/facade_internals.hpp"
#include "support/faults/faulty_disk.hpp"
#include "support/faults/memory_folder.hpp"
#include "support/manual_reset_event.hpp"

#include <dbengine/actors/messages.hpp>

#include <functional>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr auto bound = 60s;

// A function that SQLite calls cannot be interrupted.
options with_hold(manual_reset_event& g) {
  options o{.num_workers = 1};
  o.functions.push_back(g.as_function());
  return o;
}

bool comes(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + bound;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

bool reported_as_stalled(db_engine& db, const std::string& worker) {
  const auto h = db.health();
  for (const auto& w : h.workers)
    if (w.name == worker && w.state == worker_state::stalled)
      return !h.ok && !h.problems.empty();
  return false;
}

error_info answer_to(answer_box& box, std::uint64_t number) {
  caf::message m;
  if (!box.wait(number, bound, m))
    return {.code = errc::internal, .message = "no answer"};
  return failure_in(m);
}

// Time enough to reach the event on a busy machine.
const call_options soon{.timeout = 1s};

} // namespace

CAF_TEST(a query that ignores its deadline is reported and its caller answered) {
  const memory_folder folder;
  manual_reset_event g;
  db_engine db("sqlite:///" + (folder.path / "stall.db").string(), with_hold(g));
  const auto engine = handle_of(db);
  const auto box = answer_box::make(engine_system_of(db)->system());
  const auto stuck = box->send(engine, fetch_request{"SELECT hold()", {}, soon});
  CAF_REQUIRE(g.wait_for_arrivals(1));
  const auto e = answer_to(*box, stuck);
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::timeout));
  CAF_CHECK(reported_as_stalled(db, "reader 1"));
  // A request that comes now is served by another reader, or fails at its own deadline.
  const auto next = answer_to(*box, box->send(engine, fetch_request{"SELECT 1", {}, soon}));
  CAF_CHECK(next.code == errc::none || next.code == errc::timeout);
  g.set();
  CAF_CHECK(comes([&] { return db.health().ok; }));
  CAF_CHECK(answer_to(*box, box->send(engine, fetch_request{"SELECT 1"})).code == errc::none);
  CAF_CHECK_EQUAL(box->surplus(), 0u);
}

CAF_TEST(writes behind a stalled writer fail by their deadlines and are not done) {
  const memory_folder folder;
  const auto file = folder.path / "stall.db";
  manual_reset_event g;
  write_log book(1);
  {
    db_engine db("sqlite:///" + file.string(), with_hold(g));
    db.execute_script(write_log_schema);
    const auto engine = handle_of(db);
    const auto box = answer_box::make(engine_system_of(db)->system());
    const auto entry = book.ask(1);
    const auto stuck = box->send(engine, execute_request{"INSERT INTO t (k, v) SELECT ?, hold()",
                                                         params::of(book.first(entry)), soon});
    CAF_REQUIRE(g.wait_for_arrivals(1));
    std::vector<std::pair<std::size_t, std::uint64_t>> behind;
    for (int i = 0; i < 10; ++i) {
      const auto n = book.ask(1);
      behind.emplace_back(n, box->send(engine, execute_request{"INSERT INTO t (k) VALUES (?)",
                                                               params::of(book.first(n)), soon}));
    }
    const auto own = book.ask(1);
    const auto facade = [&]() -> error_info {
      try {
        db.with_timeout(150ms).execute("INSERT INTO t (k) VALUES (?)", book.first(own));
      } catch (const error& e) {
        return e.info();
      }
      return {};
    }();
    CAF_CHECK_EQUAL(to_string(facade.code), to_string(errc::timeout));
    CAF_CHECK_EQUAL(to_string(facade.outcome), to_string(outcome::not_run));
    book.answer(own, verdict_of(facade));
    for (const auto& [n, number] : behind) {
      const auto e = answer_to(*box, number);
      CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::timeout));
      CAF_CHECK_EQUAL(to_string(e.outcome), to_string(outcome::not_run));
      book.answer(n, verdict_of(e));
    }
    const auto e = answer_to(*box, stuck);
    CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::timeout));
    // The answer in its place forbids the commit: although the worker returns later, the write is
    // rolled back.
    CAF_CHECK_EQUAL(to_string(e.outcome), to_string(outcome::rolled_back));
    book.answer(entry, verdict_of(e));
    CAF_CHECK(reported_as_stalled(db, "writer"));
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 0); // reads work
    g.set();
    CAF_CHECK(comes([&] { return db.health().ok; }));
    const auto last = book.ask(1);
    db.execute("INSERT INTO t (k) VALUES (?)", book.first(last));
    book.answer(last, verdict::done);
    CAF_CHECK_EQUAL(box->surplus(), 0u);
  }
  const auto found = compare(file, {&book});
  CAF_CHECK_EQUAL(found.text(), found.right() ? found.text() : "all right");
}

CAF_TEST(a disk that blocks is reported and waiting requests fail by their deadlines) {
  const memory_folder folder;
  const auto file = folder.path / "stall.db";
  auto& disk = faulty_disk::instance();
  disk.heal();
  db_engine db("sqlite:///file:" + file.string() + "?vfs=" + faulty_disk::vfs_name + "&uri=true",
               {.num_workers = 2, .synchronous = synchronous::full});
  db.execute_script(write_log_schema);
  load_settings s{.facade_clients = 4, .message_clients = 12, .timeout = 150ms};
  s.foreseen.insert(errc::timeout);
  s.unknown_with.insert(errc::timeout);
  for (const auto call : {disk_call::sync, disk_call::write}) {
    engine_load load(db.backend(), handle_of(db), engine_system_of(db)->system(), s,
                     call == disk_call::sync ? 1 : 101);
    CAF_REQUIRE(comes([&] { return load.least_done() > 3; }));
    disk.plan({.call = call, .nth = 5, .what = disk_fault::kind::blocks});
    CAF_CHECK(comes([&] { return disk.struck(); }));
    CAF_CHECK(comes([&] { return load.failures(errc::timeout) > 10; }));
    CAF_CHECK(!db.health().workers.empty());
    disk.heal();
    const auto before = load.least_done();
    CAF_CHECK(comes([&] { return load.least_done() > before + 3; }));
    load.stop();
    CAF_CHECK(comes([&] { return db.health().ok; }));
    CAF_CHECK_EQUAL(load.first_wrong(), "");
    const auto found = compare(file, load.write_logs());
    // The rows of the earlier load are unknown to this one.
    CAF_CHECK_EQUAL(found.lost + found.ghosts + found.doubled + found.torn + found.unanswered, 0u);
  }
}

CAF_TEST(a stall that is not reported would be found out) {
  // Negative control: if nothing is stuck, nothing is reported as stalled.
  const memory_folder folder;
  manual_reset_event g;
  g.set();
  db_engine db("sqlite:///" + (folder.path / "stall.db").string(), with_hold(g));
  const auto box = answer_box::make(engine_system_of(db)->system());
  CAF_CHECK(
      answer_to(*box, box->send(handle_of(db), fetch_request{"SELECT hold()", {}, soon})).code ==
      errc::none);
  CAF_CHECK(!reported_as_stalled(db, "reader 1"));
  CAF_CHECK(!reported_as_stalled(db, "writer"));
}
