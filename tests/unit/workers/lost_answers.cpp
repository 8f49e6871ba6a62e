// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request about backups is answered although one allocation fails, whichever it is. One thread
// runs the scheduler, the worker and the thread of the folder's list in turns, so that each
// allocation is reached.
//
//   sender (stub)               scheduler, worker         memory
//   request ------------------->                          the n-th allocation fails
//                               works
//   one answer <--------------- answers

#include "workers/backup_scheduler.hpp"

#include "support/engine/engine_fixture.hpp"
#include "support/faults/failing_allocations.hpp"
#include "support/stub_actor.hpp"
#include "workers/backup_worker.hpp"
#include "workers/report_worker.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/send.hpp>

#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace workers = dbengine::actors::workers;

namespace {

struct config : caf::actor_system_config {
  config() { actors::setup(*this); }
};

struct fixture : test_coordinator_fixture<config> {
  fixture() {
    core = std::make_shared<dbengine::engine::engine>(
        folder.url(), options{.backup_dir = folder.path / "backups"});
    core->start({});
    service = std::make_shared<dbengine::engine::backup_service>(core, false);
  }

  /// Sends a request to a new scheduler and fails the n-th allocation. False if there are fewer.
  template <class Request>
  bool ask(long n, Request r) {
    auto scheduler = sys.spawn(
        workers::backup_scheduler, service, false, workers::start_backup_worker([this] {
          return sys.spawn(workers::backup_worker, service, listeners);
        }),
        std::function<workers::report_actor()>([this] {
          return sys.spawn(workers::report_worker, workers::report_sources{.backups = service});
        }),
        workers::child_life());
    sched.run();
    stub_actor sender(sys);
    const auto to = caf::actor_cast<caf::strong_actor_ptr>(scheduler);
    const auto m = caf::make_message(std::move(r));
    to->enqueue(caf::actor_cast<caf::strong_actor_ptr>(sender.handle()), caf::make_message_id(1), m,
                nullptr);
    begin_failing(n);
    sched.run();
    end_failing();
    sched.run();
    CAF_CHECK_EQUAL(sender.count(), 1u);
    caf::anon_send_exit(scheduler, caf::exit_reason::kill);
    scheduler = nullptr;
    sched.run();
    return failing_reached() && sender.count() == 1;
  }
  /// The same for each allocation of the request.
  template <class Request>
  void ask_all(const Request& r) {
    long n = 1;
    while (ask(n, r))
      ++n;
    CAF_MESSAGE(std::to_string(n) + " runs");
    CAF_CHECK(n > 10);
  }

  engine_folder folder;
  std::shared_ptr<dbengine::engine::engine> core;
  std::shared_ptr<dbengine::engine::backup_service> service;
  std::shared_ptr<workers::progress_listeners> listeners =
      std::make_shared<workers::progress_listeners>();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lost_answers_tests, fixture)

CAF_TEST(a question about backups is answered whatever allocation fails) {
  ask_all(backup_info_request{});
}

CAF_TEST(a verification is answered whatever allocation fails) {
  ask_all(verify_request{.path = folder.path / "none", .options = {}});
}

CAF_TEST(a removal of backups is answered whatever allocation fails) {
  ask_all(prune_request{.policy = {}, .dry_run = true, .options = {}});
}

CAF_TEST_FIXTURE_SCOPE_END()
