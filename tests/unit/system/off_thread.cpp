// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// No thread of CAF's scheduler, clock or multiplexer touches a file of the database, whatever its
// actors request.
//
//   actors (scheduler)            engine                    system calls of SQLite, by thread
//   open, next, close, end -----> handle, queue, reader     reader, pool: many
//   fetch, execute, backup ----->                           scheduler: none
//   the last handle is released-> the engine ends
//
// A counter intercepts every system call of SQLite. CAF names its threads: those of detached actors
// are "caf.actor", those of the scheduler and the multiplexer have other names that begin with
// "caf.". The engine's own threads and the test's have names without that prefix.

#include "support/engine/engine_system_fixture.hpp"

#include "facade/local_backend.hpp"
#include "support/engine/engine_load.hpp"
#include "support/faults/killer.hpp"
#include "system/engine_handle.hpp"

#include <dbengine/actors/messages.hpp>
#include <dbengine/db_engine.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/logger.hpp>

#include <array>
#include <mutex>
#include <pthread.h>
#include <sqlite3.h>
#include <string_view>
#include <utility>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::atomic<std::uint64_t> by_scheduler{0};
std::atomic<std::uint64_t> by_others{0};
std::mutex first_mutex;
std::string first; // the first call that a thread of the scheduler made

bool scheduled_thread() {
  char name[16] = {};
  ::pthread_getname_np(::pthread_self(), name, sizeof name);
  const std::string_view n(name);
  return n.starts_with("caf.") && n != "caf.actor";
}

void count(const char* call) {
  if (!scheduled_thread()) {
    ++by_others;
    return;
  }
  ++by_scheduler;
  const std::lock_guard lock(first_mutex);
  if (first.empty())
    first = call;
}

constexpr std::array calls{"open",     "close",  "access",  "stat",    "fstat", "ftruncate",
                           "read",     "pread",  "write",   "pwrite",  "fcntl", "fallocate",
                           "unlink",   "mmap",   "munmap",  "mremap",  "lstat", "openDirectory",
                           "readlink", "fchmod", "pread64", "pwrite64"};
std::array<sqlite3_syscall_ptr, calls.size()> real{};

// Passes the integer and pointer arguments of a system call on unchanged: none of these calls has
// more than six.
template <std::size_t I>
long passed_on(long a, long b, long c, long d, long e, long f) {
  count(calls[I]);
  return reinterpret_cast<long (*)(long, long, long, long, long, long)>(real[I])(a, b, c, d, e, f);
}

/// Counts SQLite's system calls during its lifetime. Must be created and destroyed while no engine
/// is open.
class counted_calls {
public:
  counted_calls() { each(std::make_index_sequence<calls.size()>{}); }
  ~counted_calls() {
    for (std::size_t i = 0; i < calls.size(); ++i)
      if (real[i] != nullptr)
        vfs_->xSetSystemCall(vfs_, calls[i], real[i]);
  }
  counted_calls(const counted_calls&) = delete;
  counted_calls& operator=(const counted_calls&) = delete;

private:
  template <std::size_t... I>
  void each(std::index_sequence<I...>) {
    by_scheduler = 0;
    by_others = 0;
    first.clear();
    ((real[I] = vfs_->xGetSystemCall(vfs_, calls[I]),
      real[I] == nullptr
          ? SQLITE_OK
          : vfs_->xSetSystemCall(vfs_, calls[I],
                                 reinterpret_cast<sqlite3_syscall_ptr>(&passed_on<I>))),
     ...);
  }

  sqlite3_vfs* vfs_ = sqlite3_vfs_find("unix");
};

void check_none() {
  CAF_MESSAGE("SQLite's system calls by threads of the scheduler: "
              << by_scheduler.load() << ", by others: " << by_others.load());
  CAF_CHECK_EQUAL(by_scheduler.load(), 0u);
  const std::lock_guard lock(first_mutex);
  CAF_CHECK_EQUAL(first, "");
  CAF_CHECK(by_others > 0); // the counter works
}

dbengine::actors::system::spawn_settings settings(std::chrono::milliseconds idle) {
  dbengine::actors::system::spawn_settings s;
  s.cursor_idle = idle;
  return s;
}

void fill(engine_system_fixture& f) {
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_REQUIRE(f.done("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                     "20000) INSERT INTO t SELECT i FROM n"));
}

/// Opens a cursor, reads a few rows, and calls `then` with it.
template <class F>
void with_cursor(engine_system_fixture& f, const engine_actor& engine, F then) {
  std::atomic<bool> done{false};
  f.system->spawn([=, &done](caf::event_based_actor* self) {
    self->request(engine, caf::infinite,
                  cursor_open{.sql = "SELECT x FROM t", .parameters = {}, .options = {}})
        .then([=, &done](cursor_id id) {
          self->request(engine, caf::infinite, cursor_next{.id = id, .batch = 10, .timeout = {}})
              .then([=, &done](const rows&) {
                then(self, id);
                done = true;
              });
        });
  });
  CAF_REQUIRE(eventually([&] { return done.load(); }));
}

bool none_open(engine_system_fixture& f) {
  return eventually([&] { return f.engine->cursors()->size() == 0; });
}

/// Whether no snapshot keeps the WAL from being emptied any more.
bool wal_is_free(engine_system_fixture& f) {
  return f.done("INSERT INTO t VALUES (0)") &&
         eventually([&] { return f.core().file().wal_bytes() == 0; }); // by the idle checkpoint
}

} // namespace

CAF_TEST(a cursor that an actor closes is closed by a worker) {
  const counted_calls counted;
  {
    engine_system_fixture f({}, settings(24h)); // the timer plays no part
    fill(f);
    const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
    for (int i = 0; i < 20; ++i)
      with_cursor(f, engine, [engine](caf::event_based_actor* self, cursor_id id) {
        self->send(engine, cursor_close{id});
      });
    CAF_CHECK(none_open(f));
    CAF_CHECK(wal_is_free(f)); // their snapshots are closed
    f.engine->stop(10s);
  }
  check_none();
}

CAF_TEST(the cursors of an actor that ended are closed by a worker) {
  const counted_calls counted;
  {
    engine_system_fixture f({}, settings(24h)); // the timer plays no part
    fill(f);
    const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
    for (int i = 0; i < 20; ++i)
      with_cursor(f, engine, [](caf::event_based_actor* self, cursor_id) { self->quit(); });
    CAF_CHECK(none_open(f));
    CAF_CHECK(wal_is_free(f));
    f.engine->stop(10s);
  }
  check_none();
}

CAF_TEST(idle cursors and leases and snapshots are given up by a worker) {
  const counted_calls counted;
  {
    engine_system_fixture f({}, settings(50ms));
    fill(f);
    const auto engine = dbengine::actors::system::engine_handle::make(f.engine);
    for (int i = 0; i < 4; ++i)
      with_cursor(f, engine, [](caf::event_based_actor*, cursor_id) {});
    auto& leases = f.core().leases();
    auto* lease = leases.take();
    CAF_REQUIRE(lease != nullptr);
    lease->conn->snapshot().refresh();
    leases.give_back(*lease);
    f.core().sweeper().arm();
    CAF_CHECK(none_open(f));
    CAF_CHECK(eventually([&] { return leases.open_count() == 0; })); // unused for 2 s
    CAF_CHECK(wal_is_free(f));
    f.engine->stop(10s);
  }
  check_none();
}

CAF_TEST(an engine whose last handle an actor lets go of ends on a thread of its own) {
  const counted_calls counted;
  {
    const engine_folder folder;
    engine_system_fixture::config cfg;
    caf::actor_system sys(cfg);
    caf::logger::set_current_actor_system(nullptr);
    std::atomic<bool> done{false};
    auto engine = actors::spawn_engine(sys, folder.url());
    sys.spawn([&done, engine = std::move(engine)](caf::event_based_actor* self) {
      self->request(engine, caf::infinite, execute_request{"CREATE TABLE t (x)", {}, {}})
          .then([&done, keep = engine](const write_result&) { done = true; });
    });
    CAF_CHECK(eventually([&] { return done.load(); }));
    sys.await_all_actors_done();   // includes the engine's actors
    db_engine again(folder.url()); // the lock of the file is released
    CAF_CHECK_EQUAL(again.fetch_value<int>("SELECT count(*) FROM t"), 0);
  }
  check_none();
}

CAF_TEST(a file opened on a thread of the scheduler is counted) { // the control
  const counted_calls counted;
  {
    engine_system_fixture f;
    std::atomic<bool> done{false};
    f.system->spawn([&f, &done](caf::event_based_actor*) {
      f.core().file().open_reader();
      done = true;
    });
    CAF_CHECK(eventually([&] { return done.load(); }));
    f.engine->stop(10s);
  }
  CAF_CHECK(by_scheduler > 0);
}

#ifdef DBENGINE_FAULTS

CAF_TEST(a mixed load with backups and restarts touches no file on a thread of the scheduler) {
  const counted_calls counted;
  {
    const engine_folder folder;
    auto s = quick_restarts();
    s.cursor_idle = 50ms;
    dbengine::actors::facade::local_backend engine(folder.url(),
                                                   {.num_workers = 2,
                                                    .backup_enabled = true,
                                                    .backup_interval = 1s,
                                                    .backup_dir = folder.path / "backups"},
                                                   s);
    request_view(engine, {}).execute_script(write_log_schema);
    killer k(engine.engine());
    engine_load load(engine, dbengine::actors::system::engine_handle::make(engine.engine()),
                     engine.engine()->system(), {.backups = true}, 1);
    for (const auto* point :
         {"writer.before_commit", "writer.before_answer", "reader.before_statement", "pool.sweep"})
      for (const auto how : {death::throws, death::exits})
        k.arm({point, how, 3});
    CAF_CHECK(k.struck(60s));
    const auto least = load.least_done();
    CAF_CHECK(eventually([&] { return load.least_done() >= least + 20; }));
    CAF_CHECK(eventually([&] { return engine.statistics().backups > 1; }));
    k.disarm();
    load.stop();
    CAF_CHECK_EQUAL(load.first_wrong(), "");
    CAF_MESSAGE(load.done() << " requests, " << k.kills() << " kills, "
                            << engine.statistics().restarts << " restarts");
    engine.shutdown();
  }
  check_none();
}

#endif
