// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Health and deadlines while a file or a folder does not respond, with one scheduler thread.
//
//   another program     CAF client                       engine
//   BEGIN EXCLUSIVE
//                       database_info -----------------> a reader waits for the lock
//                       health, statistics ------------> answered
//                       fetch, 200 ms -----------------> answered: timeout
//   COMMIT              <------------------------------- the information
//
// An event in this program's own `open` delays the backup folder.

#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/manual_reset_event.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/actors/messages.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstring>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

std::atomic<manual_reset_event*> slow_folder{nullptr};
std::atomic<int> at_folder{0};

} // namespace

// Acts like a folder on an unresponsive disk: opening blocks.
extern "C" int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) {
    va_list more;
    va_start(more, flags);
    mode = va_arg(more, mode_t);
    va_end(more);
  }
  if (auto* g = slow_folder.load(); g != nullptr && std::strstr(path, "slow backups") != nullptr) {
    ++at_folder;
    g->as_function().call({});
  }
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

namespace {

struct one_thread {
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", 1);
      actors::setup(*this);
    }
  };
  one_thread() : sys(cfg) { caf::logger::set_current_actor_system(nullptr); }

  template <class Result, class Request>
  errc code_of(const engine_actor& to, Request r) {
    caf::scoped_actor self(sys);
    errc code = errc::none;
    self->request(to, caf::infinite, std::move(r))
        .receive([](const Result&) {},
                 [&](const caf::error& e) { code = actors::to_error(e).code(); });
    return code;
  }
  /// Sends the request and returns; `answered` becomes true with the answer.
  template <class Result, class Request>
  void ask(const engine_actor& to, Request r, std::atomic<bool>& answered) {
    sys.spawn([to, r, &answered](caf::event_based_actor* self) {
      self->request(to, caf::infinite, r)
          .then([&answered](const Result&) { answered = true; },
                [&answered](const caf::error&) { answered = true; });
    });
  }

  config cfg;
  caf::actor_system sys;
};

// Sets the event on every exit from the test, so that no thread waits forever.
struct opened_at_the_end {
  manual_reset_event& latch;
  ~opened_at_the_end() {
    latch.set();
    slow_folder = nullptr;
  }
};

} // namespace

CAF_TEST(health and deadlines do not wait for a locked file) {
  const engine_folder folder;
  const auto file = folder.path / "rollback.db";
  plain_sqlite other(file.string());
  other.script("CREATE TABLE t (x); INSERT INTO t VALUES (1)");
  one_thread caf;
  auto engine = actors::spawn_engine(
      caf.sys, file.string(),
      {.num_workers = 2, .busy_timeout = 300s, .request_timeout = 300s, .read_only = true});
  other.script(
      "PRAGMA busy_timeout = 30000; BEGIN EXCLUSIVE"); // the engine may be checking the file
  std::atomic<bool> told{false};
  caf.ask<database_info>(engine, database_info_request{}, told);
  CAF_CHECK_EQUAL(to_string(caf.code_of<health_report>(engine, health_request{})), "none");
  CAF_CHECK_EQUAL(to_string(caf.code_of<statistics>(engine, statistics_request{})), "none");
  CAF_CHECK_EQUAL(to_string(caf.code_of<rows>(
                      engine, fetch_request{"SELECT x FROM t", {}, {.timeout = 200ms}})),
                  "timeout");
  CAF_CHECK(!told); // the lock is still held
  other.script("COMMIT");
  CAF_CHECK(eventually([&] { return told.load(); }));
  actors::shutdown(caf.sys, engine);
}

CAF_TEST(database_info is answered at its deadline where the file stays locked) {
  const engine_folder folder;
  const auto file = folder.path / "rollback.db";
  plain_sqlite other(file.string());
  other.script("CREATE TABLE t (x)");
  one_thread caf;
  auto engine = actors::spawn_engine(
      caf.sys, file.string(), {.busy_timeout = 300s, .request_timeout = 300ms, .read_only = true});
  other.script(
      "PRAGMA busy_timeout = 30000; BEGIN EXCLUSIVE"); // the engine may be checking the file
  CAF_CHECK_EQUAL(to_string(caf.code_of<database_info>(engine, database_info_request{})),
                  "timeout");
  other.script("COMMIT");
  CAF_CHECK_EQUAL(to_string(caf.code_of<database_info>(engine, database_info_request{})), "none");
  actors::shutdown(caf.sys, engine);
}

CAF_TEST(a slow folder of backups delays only callers that ask for backups) {
  const engine_folder folder;
  manual_reset_event latch;
  const opened_at_the_end end{latch};
  slow_folder = &latch;
  one_thread caf;
  // The start with periodic backups, and every request except those for backups.
  auto engine = actors::spawn_engine(
      caf.sys, folder.url(),
      {.backup_enabled = true, .backup_dir = folder.path / "slow backups", .shutdown_timeout = 1s});
  CAF_CHECK(eventually([] { return at_folder.load() > 0; }));
  std::atomic<bool> told{false};
  caf.ask<backup_info>(engine, backup_info_request{}, told);
  CAF_CHECK_EQUAL(
      to_string(caf.code_of<write_result>(engine, execute_request{"CREATE TABLE t (x)", {}, {}})),
      "none");
  CAF_CHECK_EQUAL(to_string(caf.code_of<health_report>(engine, health_request{})), "none");
  CAF_CHECK_EQUAL(to_string(caf.code_of<statistics>(engine, statistics_request{})), "none");
  CAF_CHECK(actors::health_of(engine).ok);
  CAF_CHECK(!told);
  latch.set();
  CAF_CHECK(eventually([&] { return told.load(); }));
  actors::shutdown(caf.sys, engine);
}

CAF_TEST(the facade opens and reports its health beside a slow folder) {
  const engine_folder folder;
  manual_reset_event latch;
  const opened_at_the_end end{latch};
  slow_folder = &latch;
  db_engine db(folder.url(), {.backup_enabled = true, .backup_dir = folder.path / "slow backups"});
  CAF_CHECK(db.health().ok);
  CAF_CHECK_EQUAL(db.get_stats().backups, 0u);
  latch.set();
  CAF_CHECK(eventually([&] { return db.get_stats().backups == 1; }));
}
