// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The timer of periodic backups, on a simulated clock.
//
//   time      scheduler                       a caller's own backup
//   0         one is due: starts a worker     runs
//   1 s       still due: starts one again     runs

#include "workers/backup_scheduler.hpp"

#include "support/engine/engine_fixture.hpp"
#include "support/faults/fault_script.hpp"
#include "workers/backup_worker.hpp"

#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/send.hpp>

#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::actors;
using namespace std::chrono_literals;

namespace {

struct config : caf::actor_system_config {
  config() { setup(*this); }
};

using fixture = test_coordinator_fixture<config>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(backup_scheduler_tests, fixture)

CAF_TEST(a backup that is due while another one runs is tried once a second) {
  test::engine_folder folder;
  { db_engine(folder.url()).execute("CREATE TABLE t (x)"); }
  auto core = std::make_shared<dbengine::engine::engine>(
      folder.url(), options{.backup_enabled = true, .backup_dir = folder.path / "backups"});
  core->start({});
  const auto service = std::make_shared<dbengine::engine::backup_service>(core);
  test::blocking_point latch;
  std::thread other([&] {
    service->run_to(folder.path / "copy.db", [&](const backup_progress&) {
      latch.wait();
      return true;
    });
  });
  CAF_CHECK(latch.await_one());
  const auto listeners = std::make_shared<dbengine::actors::workers::progress_listeners>();
  int started = 0;
  auto boss =
      sys.spawn(dbengine::actors::workers::backup_scheduler, service, true,
                dbengine::actors::workers::start_backup_worker([&] {
                  ++started;
                  return sys.spawn(dbengine::actors::workers::backup_worker, service, listeners);
                }),
                std::function<dbengine::actors::workers::report_actor()>(),
                dbengine::actors::workers::child_life());
  for (int ms = 0; ms < 3'500; ++ms) {
    sched.run();
    sched.advance_time(1ms);
  }
  CAF_CHECK(started >= 3);
  CAF_CHECK(started <= 4);
  latch.open();
  other.join();
  caf::anon_send_exit(boss, caf::exit_reason::kill);
  boss = nullptr;
  sched.run();
}

CAF_TEST_FIXTURE_SCOPE_END()
