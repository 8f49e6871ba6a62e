// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a process that forks, and of one that runs out of threads or descriptors.
//
//   parent                       child
//   a working engine, forks ---> every call: `forked`, at once; its end changes nothing of the
//                                parent's
//
//   opens under a limit          an error with the reason, and no hang
//   limit while it works         what needs no new thread or descriptor continues; all else works
//                                again when the limit is lifted

#include "os/file_lock.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/faults/fault_script.hpp"
#include "support/faults/needs_pipes.hpp"
#include "support/process/child.hpp"

#include <dbengine/actors/messages.hpp>
#include <dbengine/actors/spawn.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/scoped_actor.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// Sets the soft limit only, so that it can be raised again.
void limit(__rlimit_resource what, rlim_t soft) {
  rlimit l{};
  ::getrlimit(what, &l);
  l.rlim_cur = std::min(soft, l.rlim_max);
  ::setrlimit(what, &l);
}

rlim_t open_files() {
  rlim_t n = 0;
  for (int fd = 0; fd < 4096; ++fd)
    n += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return n;
}

std::size_t threads() {
  return static_cast<std::size_t>(
      std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

// True if no thread but this one runs, so that none holds a lock of SQLite.
bool all_sleep() {
  const auto me = std::to_string(::gettid());
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream in(task.path() / "stat");
    std::string line;
    std::getline(in, line);
    const auto name_end = line.rfind(')');
    if (task.path().filename() != me && name_end != std::string::npos &&
        line.compare(name_end, 3, ") S") != 0)
      return false;
  }
  return true;
}

// The limit of processes does not apply to root, so the process becomes a user without other
// processes.
bool become_somebody(const engine_folder& folder) {
  if (::geteuid() != 0)
    return true;
  constexpr uid_t nobody_else = 54'321;
  return ::chown(folder.path.c_str(), nobody_else, nobody_else) == 0 &&
         ::setresuid(nobody_else, nobody_else, nobody_else) == 0;
}

} // namespace

CAF_TEST(a forked child gets an error at once and the parent goes on) {
  engine_folder folder;
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  db.execute("INSERT INTO t VALUES (1)");
  const auto lock = folder.path / "test.db.lock";
  const int failed_at = in_child([&] {
    int n = 0;
    const auto forked = [&](auto&& f) {
      ++n;
      return code_of(f) == "forked" ? 0 : n;
    };
    int bad = 0;
    const auto note = [&](int x) { bad = bad != 0 ? bad : x; };
    note(forked([&] { db.execute("INSERT INTO t VALUES (2)"); }));
    note(forked([&] { db.fetch("SELECT * FROM t"); }));
    note(forked(
        [&] { db.execute_many("INSERT INTO t VALUES (?)", std::vector<params>{params{3}}); }));
    note(forked([&] { db.execute_script("DELETE FROM t"); }));
    note(forked([&] { db.write([](transaction&) {}); }));
    note(forked([&] { db.read([](snapshot&) {}); }));
    note(forked([&] { db.cursor("SELECT 1"); }));
    note(forked([&] { db.vacuum(); }));
    note(forked([&] { db.get_stats(); }));
    note(forked([&] { db.health(); }));
    note(forked([&] { db.database_info(); }));
    note(forked([&] { db.request_backup(); }));
    db.shutdown(); // does nothing, and returns
    { const db_engine ends_here = std::move(db); }
    return bad;
  });
  CAF_CHECK_EQUAL(failed_at, 0);
  CAF_CHECK(std::filesystem::exists(lock)); // still held
  CAF_CHECK_EQUAL(code_of([&] { db_engine second(folder.url()); }), "locked");
  db.execute("INSERT INTO t VALUES (4)");
  CAF_CHECK(db.fetch_value<int>("SELECT sum(x) FROM t") == 5);
  CAF_CHECK(db.integrity_check().empty());
}

CAF_TEST(a forked child that drops its copy of the lock leaves it to its parent) {
  engine_folder folder;
  dbengine::os::file_lock lock(folder.path / "test.db");
  CAF_CHECK_EQUAL(in_child([&] {
                    lock.release();
                    return 0;
                  }),
                  0);
  CAF_CHECK(std::filesystem::exists(folder.path / "test.db.lock"));
  CAF_CHECK_EQUAL(code_of([&] { os::file_lock second(folder.path / "test.db"); }), "locked");
}

CAF_TEST(a forked child that drops a typed handle leaves the engine to its parent) {
  struct config : caf::actor_system_config {
    config() { actors::setup(*this); }
  };
  engine_folder folder;
  config cfg;
  caf::actor_system sys(cfg);
  caf::logger::set_current_actor_system(nullptr);
  auto engine = actors::spawn_engine(sys, folder.url());
  // At the fork, another thread may have held a lock of CAF. So this actor is created here and
  // never ended in the child (the logger's lock). Its requests in the child have no timeout (the
  // clock's lock).
  caf::scoped_actor self(sys);
  const auto run = [&](const std::string& sql) {
    std::string code = "none";
    self->request(engine, caf::infinite, execute_request{sql, {}, {}})
        .receive([](const write_result&) {},
                 [&](const caf::error& e) { code = to_string(actors::to_error(e).code()); });
    return code;
  };
  CAF_CHECK_EQUAL(run("CREATE TABLE t (x)"), "none");
  CAF_CHECK_EQUAL(in_child([&] {
                    bool told = run("INSERT INTO t VALUES (1)") == "forked";
                    const auto forked = [&](const caf::error& e) {
                      told = told && actors::to_error(e).code() == errc::forked;
                    };
                    self->request(engine, caf::infinite, statistics_request{})
                        .receive([&](const statistics&) { told = false; }, forked);
                    self->request(engine, caf::infinite, backup_request{})
                        .receive([&](bool) { told = false; }, forked);
                    engine = nullptr;
                    return told ? 0 : 1;
                  }),
                  0);
  CAF_CHECK(std::filesystem::exists(folder.path / "test.db.lock"));
  CAF_CHECK(std::filesystem::exists(folder.path / "test.db-wal"));
  CAF_CHECK_EQUAL(code_of([&] { db_engine second(folder.url()); }), "locked");
  CAF_CHECK_EQUAL(run("INSERT INTO t VALUES (2)"), "none");
  actors::shutdown(sys, engine);
}

CAF_TEST(a forked child opens an engine of its own) { // control of the test above
  engine_folder folder;
  db_engine db(folder.url());
  // A lock that a thread holds at the fork, such as that of SQLite's allocator, stays held in the
  // child forever.
  int looks = 0;
  CAF_REQUIRE(eventually([&] { return (looks = all_sleep() ? looks + 1 : 0) >= 10; }));
  CAF_CHECK_EQUAL(in_child([&] {
                    db_engine own(folder.url("own.db"));
                    own.execute("CREATE TABLE t (x)");
                    own.execute("INSERT INTO t VALUES (1)");
                    return own.fetch_value<int>("SELECT count(*) FROM t") == 1 ? 0 : 1;
                  }),
                  0);
}

CAF_TEST(an engine that gets no threads says so) {
  engine_folder folder;
  const int code = in_child([&] {
    if (!become_somebody(folder))
      return 77;
    // From a limit of one more thread to enough for all: the error each time, until the engine
    // opens.
    for (rlim_t more = 1; more < 64; ++more) {
      limit(RLIMIT_NPROC, more);
      const auto e = failure_of([&] {
        db_engine db(folder.url());
        db.execute("CREATE TABLE IF NOT EXISTS t (x)");
      });
      if (e.code == errc::none)
        return more > 3 ? 0 : 1;
      if (e.code != errc::cannot_open ||
          e.message.find("threads are needed") == std::string::npos) {
        std::fprintf(stderr, "%s\n", to_string(e).c_str());
        return 2;
      }
    }
    return 3;
  });
  if (code == 77)
    DBENGINE_SKIP("the limit of processes cannot be set here");
  else
    CAF_CHECK_EQUAL(code, 0);
}

CAF_TEST(an engine has all its threads when it is open) {
  engine_folder folder;
  CAF_CHECK_EQUAL(in_child([&] {
                    for (int i = 0; i < 20; ++i) {
                      // An ended thread stays in the list for a moment.
                      if (!eventually([] { return threads() == 1; }))
                        return 2;
                      db_engine db(folder.url());
                      const auto at_once = threads();
                      db.execute("CREATE TABLE IF NOT EXISTS t (x)");
                      db.read([](snapshot& s) { s.fetch("SELECT 1"); });
                      db.vacuum();
                      if (threads() != at_once)
                        return 1;
                    }
                    return 0;
                  }),
                  0);
}

CAF_TEST(an engine without descriptors refuses what needs one and serves all else) {
  if (needs_pipes)
    DBENGINE_SKIP("a sanitizer needs descriptors");
  engine_folder folder;
  CAF_CHECK_EQUAL(in_child([&] {
                    // Opening returns the error each time, until there are enough descriptors.
                    int refused = 0;
                    for (rlim_t n = open_files(); n < 256; ++n) {
                      limit(RLIMIT_NOFILE, n);
                      const auto e = failure_of([&] { db_engine db(folder.url()); });
                      if (e.code == errc::none)
                        break;
                      ++refused;
                      if (e.code != errc::cannot_open) {
                        std::fprintf(stderr, "%s\n", to_string(e).c_str());
                        return 1;
                      }
                    }
                    if (refused == 0)
                      return 2;
                    limit(RLIMIT_NOFILE, 1024);
                    db_engine db(folder.url(), {.request_timeout = std::chrono::seconds(5)});
                    db.execute("CREATE TABLE t (x)");
                    db.execute("INSERT INTO t VALUES (1)");
                    if (db.fetch_value<int>("SELECT count(*) FROM t") != 1)
                      return 3;
                    limit(RLIMIT_NOFILE, 3); // no further descriptor
                    db.execute("INSERT INTO t VALUES (2)");
                    if (db.fetch_value<int>("SELECT count(*) FROM t") != 2)
                      return 4;
                    // A second concurrent reader needs a connection, which needs a descriptor.
                    {
                      auto keeps_the_lease = db.cursor("SELECT x FROM t");
                      if (code_of([&] { db.read([](snapshot&) {}); }) != "cannot_open")
                        return 5;
                    }
                    if (code_of([&] { db.backup_to(folder.path / "copy.db"); }) == "none")
                      return 6;
                    limit(RLIMIT_NOFILE, 1024);
                    auto cursor = db.cursor("SELECT x FROM t");
                    db.read([](snapshot& s) { s.fetch("SELECT 1"); });
                    return db.integrity_check().empty() ? 0 : 7;
                  }),
                  0);
}

CAF_TEST(connecting without descriptors or threads is an error) {
  if (needs_pipes)
    DBENGINE_SKIP("a sanitizer needs descriptors");
  // No process listens there: if the client has all it needs, it gets that error.
  const auto connects = [] {
    return failure_of([] { static_cast<void>(db_engine::connect("127.0.0.1:1")); });
  };
  const auto told = [&](__rlimit_resource what, rlim_t from) {
    int refused = 0;
    for (rlim_t n = from; n < from + 64; ++n) {
      limit(what, n);
      const auto e = connects();
      if (e.code == errc::unreachable && e.message.find("refused") != std::string::npos)
        return refused > 0 ? 0 : 1;
      if (e.code != errc::cannot_open && e.code != errc::unreachable) {
        std::fprintf(stderr, "%s\n", to_string(e).c_str());
        return 2;
      }
      ++refused;
    }
    return 3;
  };
  CAF_CHECK_EQUAL(in_child([&] { return told(RLIMIT_NOFILE, open_files()); }), 0);
  engine_folder folder;
  const int code = in_child([&] { return become_somebody(folder) ? told(RLIMIT_NPROC, 1) : 77; });
  if (code == 77)
    DBENGINE_SKIP("the limit of processes cannot be set here");
  else
    CAF_CHECK_EQUAL(code, 0);
}

#ifdef DBENGINE_FAULTS
CAF_TEST(a worker that cannot be restarted for want of a thread is restarted with one) {
  engine_folder folder;
  const int code = in_child([&] {
    if (!become_somebody(folder))
      return 77;
    db_engine db(folder.url());
    db.execute("CREATE TABLE t (x)");
    limit(RLIMIT_NPROC, 1);
    {
      const fault_script script("writer.before_commit", 1, fail_worker);
      // The group fails the writer. No successor can be started, so the request waits until its
      // deadline.
      const auto e = failure_of([&] {
        db.with({.timeout = std::chrono::milliseconds(200)})
            .execute_many("INSERT INTO t VALUES (?)", std::vector<params>{params{1}, params{2}});
      });
      if (e.code != errc::timeout && e.code != errc::unavailable)
        return 1;
      if (e.outcome == outcome::unknown)
        return 2;
    }
    if (db.fetch_value<int>("SELECT count(*) FROM t") != 0)
      return 3;
    if (db.health().ok)
      return 4;
    limit(RLIMIT_NPROC, 4096);
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(50);
    while (code_of([&] { db.execute("INSERT INTO t VALUES (3)"); }) != "none")
      if (std::chrono::steady_clock::now() > give_up)
        return 5;
    return db.fetch_value<int>("SELECT sum(x) FROM t") == 3 ? 0 : 6;
  });
  if (code == 77)
    DBENGINE_SKIP("the limit of processes cannot be set here");
  else
    CAF_CHECK_EQUAL(code, 0);
}

CAF_TEST(a thread that is lost between the question and the spawn is not waited for) {
  engine_folder folder;
  const int code = in_child([&] {
    if (!become_somebody(folder))
      return 77;
    for (int lost = 1; lost <= 3; ++lost) { // the writer's, a reader's, ...
      int asked = 0;
      const fault_script script("threads.found", lost, [&] {
        if (++asked == lost)
          limit(RLIMIT_NPROC, 1);
      });
      const auto e =
          failure_of([&] { db_engine db(folder.url()); }); // a failed opening joins its threads
      limit(RLIMIT_NPROC, 4096);
      if (e.code != errc::cannot_open ||
          e.message.find("no thread is available for a worker") == std::string::npos) {
        std::fprintf(stderr, "%s\n", to_string(e).c_str());
        return lost;
      }
    }
    db_engine db(folder.url());
    db.execute("CREATE TABLE t (x)");
    return threads() > 4 ? 0 : 9;
  });
  if (code == 77)
    DBENGINE_SKIP("the limit of processes cannot be set here");
  else
    CAF_CHECK_EQUAL(code, 0);
}
#else
CAF_TEST(fault points are compiled in) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}
#endif
