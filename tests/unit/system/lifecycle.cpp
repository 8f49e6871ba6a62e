// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Start and end of engines: in a host's system, several at once, a thousand one after the other.
//
//   shutdown    refuses -> drains (timeout) -> interrupts and answers -> ends the actors
//               -> closes the file

#include "support/engine/engine_system_fixture.hpp"
#include "support/faults/fault_script.hpp"

#include <dbengine/db_engine.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <malloc.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

struct host_config : caf::actor_system_config {
  host_config() { actors::setup(*this); }
};

std::size_t entries(const char* folder) {
  std::error_code gone;
  std::size_t n = 0;
  for (fs::directory_iterator i(folder, gone), end; !gone && i != end; i.increment(gone))
    ++n;
  return n;
}

bool falls_to(const char* folder, std::size_t wanted) {
  return eventually([&] { return entries(folder) <= wanted; });
}

std::int64_t number(caf::scoped_actor& self, const engine_actor& e, const std::string& sql) {
  std::int64_t n = -1;
  self->request(e, caf::infinite, fetch_request{.sql = sql, .parameters = {}, .options = {}})
      .receive([&](const rows& r) { n = r[0][0].as<std::int64_t>(); },
               [&](const caf::error& x) { CAF_FAIL(actors::to_error(x).what()); });
  return n;
}

std::string write(caf::scoped_actor& self, const engine_actor& e, const std::string& sql) {
  std::string code = "none";
  self->request(e, caf::infinite, execute_request{.sql = sql, .parameters = {}, .options = {}})
      .receive([](const write_result&) {},
               [&](const caf::error& x) { code = to_string(actors::to_error(x).code()); });
  return code;
}

// Occupies one of the scheduler's threads.
void occupy(caf::actor_system& sys, blocking_point& latch) {
  sys.spawn([&latch](caf::event_based_actor*) { latch.wait(); });
}

std::size_t heap_in_use() {
  ::malloc_trim(0);
  const auto m = ::mallinfo2();
  return m.uordblks + m.hblkhd;
}

} // namespace

CAF_TEST(health names every worker before the scheduler had a turn) {
  engine_folder folder;
  blocking_point latches[2];
  engine_system_fixture::config cfg;
  caf::actor_system sys(cfg);
  for (auto& d : latches) {
    occupy(sys, d);
    CAF_REQUIRE(d.await_one());
  }
  const auto h = dbengine::actors::system::engine_system::open(sys, folder.url(), {}, {});
  std::vector<std::string> names;
  for (const auto& w :
       dbengine::actors::workers::report_health(h->core(), h->workers(), h->backups()).workers)
    names.push_back(w.name);
  CAF_CHECK_EQUAL(names, (std::vector<std::string>{"writer", "reader 1", "reader 2", "upkeep",
                                                   "reader pool", "stats", "backup scheduler"}));
  for (auto& d : latches)
    d.open();
  h->stop(10s);
}

CAF_TEST(two engines live in one host and end apart) {
  engine_folder folder;
  host_config cfg;
  caf::actor_system sys(cfg);
  caf::logger::set_current_actor_system(nullptr);
  const auto one = actors::spawn_engine(sys, folder.url("one.db"));
  const auto two = actors::spawn_engine(sys, folder.url("two.db"));
  {
    caf::scoped_actor self(sys);
    CAF_CHECK_EQUAL(write(self, one, "CREATE TABLE t (x)"), "none");
    CAF_CHECK_EQUAL(write(self, two, "CREATE TABLE t (x)"), "none");
    CAF_CHECK_EQUAL(write(self, one, "INSERT INTO t VALUES (1)"), "none");
    CAF_CHECK_EQUAL(number(self, two, "SELECT count(*) FROM t"), 0);
    actors::shutdown(sys, one);
    actors::shutdown(sys, one); // idempotent
    CAF_CHECK_EQUAL(write(self, one, "INSERT INTO t VALUES (2)"), "shut_down");
    CAF_CHECK_EQUAL(write(self, two, "INSERT INTO t VALUES (2)"), "none");
    CAF_CHECK_EQUAL(number(self, two, "SELECT count(*) FROM t"), 1);
    // The shutdown did not touch the host's actors.
    auto own = sys.spawn([] { return caf::behavior{[](int x) { return x + 1; }}; });
    self->request(own, caf::infinite, 41)
        .receive([](int x) { CAF_CHECK_EQUAL(x, 42); },
                 [](const caf::error&) { CAF_FAIL("gone"); });
  }
  caf::logger::set_current_actor_system(nullptr);
  actors::shutdown(sys, two);
}

CAF_TEST(an owner actor is notified when a circuit opens) {
  engine_folder folder;
  host_config cfg;
  caf::actor_system sys(cfg);
  caf::logger::set_current_actor_system(nullptr);
  {
    caf::scoped_actor owner(sys);
    options o;
    o.on_escalation = actors::escalate_to(caf::actor_cast<caf::actor>(owner));
    const auto engine = actors::spawn_engine(sys, folder.url(), o);
    CAF_CHECK_EQUAL(write(owner, engine, "CREATE TABLE t (x)"), "none");
    fs::rename(folder.path / "test.db", folder.path / "elsewhere.db"); // moves the open file
    CAF_CHECK_EQUAL(write(owner, engine, "INSERT INTO t VALUES (1)"), "fenced");
    owner->receive([](const escalation& e) {
      CAF_CHECK(e.what == escalation_kind::writing_fenced);
      CAF_CHECK_EQUAL(e.worker, "writer");
      CAF_CHECK(e.reason.code == errc::fenced);
    });
    actors::shutdown(sys, engine);
  }
  caf::logger::set_current_actor_system(nullptr);
}

CAF_TEST(two systems in one process have an engine each) {
  engine_folder folder;
  db_engine one(folder.url("one.db"));
  db_engine two(folder.url("two.db"));
  one.execute("CREATE TABLE t (x)");
  two.execute("CREATE TABLE t (x)");
  two.execute("INSERT INTO t VALUES (1)");
  one.shutdown();
  CAF_CHECK_EQUAL(code_of([&] { one.fetch("SELECT * FROM t"); }), "shut_down");
  CAF_CHECK(two.fetch_value<int>("SELECT count(*) FROM t") == 1);
  CAF_CHECK_EQUAL(code_of([&] { db_engine again(folder.url("two.db")); }), "locked");
  db_engine again(folder.url("one.db"));
  CAF_CHECK(again.fetch_value<int>("SELECT count(*) FROM t") == 0);
}

CAF_TEST(shutting down drains what waits) {
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  std::vector<counted_ptr> all;
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  for (int i = 0; i < 500; ++i)
    all.push_back(f.write("INSERT INTO t VALUES (1)"));
  f.core().writer().unlock();
  f.engine->stop(60s);
  for (const auto& r : all) {
    CAF_CHECK_EQUAL(r->answers.load(), 1);
    CAF_CHECK(r->code() == errc::none);
  }
  CAF_CHECK_EQUAL(code_of([&] { f.write("INSERT INTO t VALUES (1)"); }), "shut_down");
  db_engine again(f.folder.url());
  CAF_CHECK(again.fetch_value<int>("SELECT count(*) FROM t") == 500);
}

CAF_TEST(
    what cannot be drained in time is answered and was not done) { // the control of the test above
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  std::vector<counted_ptr> all;
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  for (int i = 0; i < 500; ++i)
    all.push_back(f.write("INSERT INTO t VALUES (1)"));
  std::thread stopping([&] { f.engine->stop(0s); }); // while this thread keeps the write connection
  for (const auto& r : all)
    CAF_CHECK(engine_system_fixture::answered(r));
  f.core().writer().unlock();
  stopping.join();
  for (const auto& r : all) {
    CAF_CHECK_EQUAL(r->answers.load(), 1);
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::shut_down));
    CAF_CHECK(r->outcome_info().outcome == outcome::not_run);
  }
  db_engine again(f.folder.url());
  CAF_CHECK(again.fetch_value<int>("SELECT count(*) FROM t") == 0);
}

CAF_TEST(a thread that writes through the end closes the file itself) {
  engine_folder folder;
  db_engine db(folder.url(), {.shutdown_timeout = 10ms});
  db.execute("CREATE TABLE t (x)");
  const auto code = code_of([&] {
    db.write([&](transaction& tx) {
      tx.execute("INSERT INTO t VALUES (1)");
      db.shutdown(); // cannot wait for this thread
      tx.execute("INSERT INTO t VALUES (2)");
    });
  });
  CAF_CHECK_EQUAL(code, "shut_down");
  db_engine again(folder.url()); // the file is released
  CAF_CHECK(again.fetch_value<int>("SELECT count(*) FROM t") == 0);
}

CAF_TEST(a thousand engines leave no thread no descriptor and no memory) {
  engine_folder folder;
  const auto once = [&](int i) {
    db_engine db(i % 2 == 0 ? folder.url() : "sqlite://");
    db.execute("CREATE TABLE IF NOT EXISTS t (x)");
    db.execute("INSERT INTO t VALUES (1)");
    db.fetch("SELECT count(*) FROM t");
  };
  for (int i = 0; i < 50; ++i)
    once(i); // warm-up: libraries keep what they start once
  const auto threads = entries("/proc/self/task");
  const auto files = entries("/proc/self/fd");
  const auto heap = heap_in_use();
  for (int i = 0; i < 1'000; ++i)
    once(i);
  CAF_CHECK(falls_to("/proc/self/task", threads));
  CAF_CHECK(falls_to("/proc/self/fd", files));
  const auto grown = static_cast<std::int64_t>(heap_in_use()) - static_cast<std::int64_t>(heap);
  CAF_MESSAGE("1,000 engines grew the heap by " << grown << " bytes");
  CAF_CHECK(grown <
            512 * 1024); // a leaked queue of the smallest kind per engine would be a megabyte
  db_engine db(folder.url());
  CAF_CHECK(entries("/proc/self/task") > threads); // the count includes an open engine
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 525);
}

CAF_TEST(a linked actor ends the engine by failing and not by ending) {
  engine_folder folder;
  host_config cfg;
  caf::actor_system sys(cfg);
  caf::logger::set_current_actor_system(nullptr);
  const auto e = actors::spawn_engine(sys, folder.url());
  caf::scoped_actor self(sys);
  const auto end_linked = [&](caf::error reason) {
    const auto linked = sys.spawn([e, reason](caf::event_based_actor* it) {
      it->link_to(e);
      it->quit(reason);
    });
    self->wait_for(linked);
  };
  for (int i = 0; i < 100; ++i)
    end_linked(caf::exit_reason::normal);
  CAF_CHECK_EQUAL(write(self, e, "CREATE TABLE t (x)"), "none");
  end_linked(caf::exit_reason::user_shutdown);
  CAF_CHECK(eventually([&] { return write(self, e, "INSERT INTO t VALUES (1)") == "shut_down"; }));
}

CAF_TEST(three hundred engines in one system leave it as it was) {
  engine_folder folder;
  host_config cfg;
  caf::actor_system sys(cfg);
  caf::logger::set_current_actor_system(nullptr);
  const auto once = [&] {
    const auto e = actors::spawn_engine(sys, folder.url());
    {
      caf::scoped_actor self(sys);
      write(self, e, "CREATE TABLE IF NOT EXISTS t (x)");
      CAF_CHECK_EQUAL(number(self, e, "SELECT count(*) FROM t"), 0);
    }
    caf::logger::set_current_actor_system(nullptr);
    actors::shutdown(sys, e);
  };
  once();
  CAF_CHECK(eventually([&] { return sys.registry().running() == 0; }));
  const auto threads = entries("/proc/self/task");
  const auto files = entries("/proc/self/fd");
  for (int i = 0; i < 300; ++i)
    once();
  CAF_CHECK(eventually([&] { return sys.registry().running() == 0; }));
  CAF_CHECK(falls_to("/proc/self/task", threads));
  CAF_CHECK(falls_to("/proc/self/fd", files));
}
