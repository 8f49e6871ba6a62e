// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A shutdown ends, whichever thread requests it and whatever runs.
//
//   a backup's progress callback    calls shutdown() ------> returns; the backup ends with
//                                                            `shut_down` or `cancelled`
//   a backup that is blocked        shutdown() ------------> returns a second later; the backup
//                                                            is abandoned
//   the scheduler's only thread     drops the last handle -> returns; another thread ends the
//                                                            engine
//   an exit message                 the system ends -------> waits for the thread that ends the
//                                                            engine

#include "support/engine/engine_system_fixture.hpp"

#include "support/faults/fault_script.hpp"

#include <dbengine/db_engine.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>
#include <caf/send.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct host_config : caf::actor_system_config {
  host_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 1);
    actors::setup(*this);
  }
};

} // namespace

CAF_TEST(a progress callback may shut its engine down) {
  engine_folder folder;
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  bool called = false;
  const auto e = failure_of([&] {
    db.backup_to(folder.path / "copy.db", [&](const backup_progress&) {
      if (!std::exchange(called, true))
        db.shutdown();
      return true;
    });
  });
  CAF_CHECK(called);
  CAF_CHECK(e.code != errc::none);
  CAF_CHECK(!std::filesystem::exists(folder.path / "copy.db"));
  CAF_CHECK_EQUAL(code_of([&] { db.fetch("SELECT 1"); }), "shut_down");
}

CAF_TEST(shutting down does not wait for a backup that stands still) {
  blocking_point latch;
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  std::thread backing_up([&] {
    try {
      f.engine->backups().run_to(f.folder.path / "copy.db", [&](const backup_progress&) {
        latch.wait();
        return true;
      });
    } catch (const error&) {
    }
  });
  CAF_CHECK(latch.await_one());
  f.engine->stop(0s);
  CAF_CHECK_EQUAL(f.engine->abandoned_workers(), (std::vector<std::string>{"backup"}));
  CAF_CHECK(!std::filesystem::exists(f.folder.path / "test.db.lock"));
  latch.open();
  backing_up.join();
  CAF_CHECK(!std::filesystem::exists(f.folder.path / "copy.db"));
}

CAF_TEST(the last handle may go on the only thread of the scheduler) {
  engine_folder folder;
  {
    host_config cfg;
    caf::actor_system sys(cfg);
    caf::logger::set_current_actor_system(nullptr);
    auto engine = actors::spawn_engine(sys, folder.url());
    std::atomic<bool> dropped{false};
    const auto owner =
        sys.spawn([&dropped, keep = std::move(engine)](caf::event_based_actor* self) {
          return caf::behavior{[self, &dropped, keep = engine_actor(keep)](int) mutable {
            keep = nullptr;
            self->become([](float) {}); // at its end the handler and its copies are destroyed
            self->quit();
            dropped = true;
          }};
        });
    caf::anon_send(owner, 1);
    CAF_CHECK(eventually([&] { return dropped.load(); }));
  } // the system ends after all its actors and the engine
  CAF_CHECK_EQUAL(code_of([&] { db_engine again(folder.url()); }), "none");
}

CAF_TEST(a system waits for the engine that an exit message ends) {
  engine_folder folder;
  for (int i = 0; i < 20; ++i) {
    {
      host_config cfg;
      caf::actor_system sys(cfg);
      caf::logger::set_current_actor_system(nullptr);
      auto engine = actors::spawn_engine(sys, folder.url());
      caf::anon_send_exit(engine, caf::exit_reason::user_shutdown);
      engine = nullptr;
    }
    CAF_CHECK_EQUAL(code_of([&] { db_engine again(folder.url()); }), "none");
  }
}
