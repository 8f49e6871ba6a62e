// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Which workers an engine restarts together, and where its owner sees the restart: statistics,
// health and log.

#include "support/engine/engine_system_fixture.hpp"

#include "support/faults/fault_script.hpp"

#include <caf/send.hpp>

#include <spdlog/sinks/ringbuffer_sink.h>
#include <spdlog/spdlog.h>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;

namespace {

// The engine's log, as a host with its own logger receives it.
class listening {
public:
  listening() {
    sink_->set_pattern("%l: %v");
    spdlog::drop("dbengine");
    spdlog::register_logger(std::make_shared<spdlog::logger>("dbengine", sink_));
  }
  ~listening() { spdlog::drop("dbengine"); }
  listening(const listening&) = delete;
  listening& operator=(const listening&) = delete;

  bool heard(const std::string& line) {
    return eventually([&] {
      for (const auto& l : sink_->last_formatted())
        if (l.starts_with(line))
          return true;
      return false;
    });
  }

private:
  std::shared_ptr<spdlog::sinks::ringbuffer_sink_mt> sink_ =
      std::make_shared<spdlog::sinks::ringbuffer_sink_mt>(1'000);
};

} // namespace

CAF_TEST(the backup scheduler is restarted with the writer and no other worker is) {
  const engine_folder backups;
  options o;
  o.num_workers = 2;
  o.backup_enabled = true;
  o.backup_interval = 1s;
  o.backup_dir = backups.path / "backups";
  engine_system_fixture f(o, quick_restarts());
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_REQUIRE(eventually([&] { return f.engine->backups().info().total_backups > 0; }));
  auto& handles = f.engine->handles();
  const auto writer = handles.read().writer;
  const auto scheduler = handles.read().backup_scheduler;
  const auto reader = handles.read().readers[0];
  const auto pool = handles.read().reader_pool;
  {
    const fault_script script("writer.before_statement", 1, fail_worker);
    CAF_CHECK(f.done("INSERT INTO t VALUES (1)")); // runs on the next writer
  }
  CAF_CHECK(eventually([&] { return handles.read().backup_scheduler != scheduler; }));
  CAF_CHECK(handles.read().writer != writer);
  CAF_CHECK(handles.read().readers[0] == reader);
  CAF_CHECK(handles.read().reader_pool == pool);
  // It was restarted with the writer and has not failed itself.
  CAF_CHECK_EQUAL(f.worker("backup scheduler").restarts, 0u);
  CAF_CHECK_EQUAL(f.worker("writer").restarts, 1u);
  // The schedule is unchanged and continues.
  const auto made = f.engine->backups().info().total_backups;
  CAF_CHECK(made > 0);
  CAF_CHECK(eventually([&] { return f.engine->backups().info().total_backups > made; }));
}

CAF_TEST(a scheduler that fails ends no other worker and answers) {
  const engine_folder backups;
  options o;
  o.backup_dir = backups.path / "backups";
  engine_system_fixture f(o, quick_restarts());
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  auto& handles = f.engine->handles();
  const auto writer = handles.read().writer;
  const auto scheduler = handles.read().backup_scheduler;
  caf::scoped_actor self{*f.system};
  const auto ask = [&] {
    error_info why;
    self->request(handles.read().backup_scheduler, 60s, backup_request{})
        .receive([](bool) {}, [&](const caf::error& e) { why = actors::to_info(e); });
    return to_string(why.code);
  };
  {
    const fault_script script("scheduler.asked", 1, fail_worker);
    CAF_CHECK_EQUAL(ask(), to_string(errc::unavailable));
  }
  CAF_CHECK(eventually([&] { return handles.read().backup_scheduler != scheduler; }));
  CAF_CHECK(handles.read().writer == writer);
  CAF_CHECK_EQUAL(f.worker("backup scheduler").restarts, 1u);
  CAF_CHECK_EQUAL(ask(), to_string(errc::none));
}

CAF_TEST(a restart stands in statistics health and log) {
  listening log;
  engine_system_fixture f({}, quick_restarts());
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_CHECK_EQUAL(f.stats().restarts, 0u);
  {
    const fault_script script("writer.before_statement", 1, fail_worker);
    CAF_CHECK(f.done("INSERT INTO t VALUES (1)"));
  }
  CAF_CHECK(log.heard("warning: writer failed and is restarted: internal: on purpose"));
  CAF_CHECK_EQUAL(f.stats().restarts, 1u);
  CAF_CHECK_EQUAL(f.worker("writer").restarts, 1u);
  CAF_CHECK_EQUAL(f.worker("writer").last_failure, "internal: on purpose");
  CAF_CHECK(f.worker("writer").circuit == circuit_state::closed);
}

CAF_TEST(a worker that is ended from outside is reported as such) {
  listening log;
  engine_system_fixture f({}, quick_restarts());
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  caf::anon_send_exit(f.engine->handles().read().writer, caf::exit_reason::kill);
  CAF_CHECK(log.heard("warning: writer failed and is restarted: unavailable: ended by an exit "
                      "message: kill"));
  CAF_CHECK(f.done("INSERT INTO t VALUES (1)"));
}

CAF_TEST(a circuit that opens and closes stands in statistics health and log) {
  listening log;
  dbengine::actors::system::spawn_settings s;
  s.restarts = {.intensity = 1, .period = 60s, .backoff_min = 1ms, .backoff_max = 20ms};
  engine_system_fixture f({.num_workers = 1}, s);
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  std::atomic<bool> broken = true;
  const fault_script script("writer.open", 1'000'000, [&] {
    if (broken)
      fail_worker();
  });
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  f.core().writer().fail({.code = errc::internal, .message = "on purpose"});
  CAF_CHECK(log.heard("error: writer failed 2 times in 60000 ms, the circuit is open: internal"));
  CAF_CHECK(log.heard("info: writer is tried again, the circuit is half-open"));
  CAF_CHECK(log.heard("warning: writer failed again, the circuit stays open: internal"));
  CAF_CHECK(f.worker("writer").circuit != circuit_state::closed);
  CAF_CHECK(f.stats().circuit != circuit_state::closed);
  broken = false;
  CAF_CHECK(log.heard("info: writer is back, the circuit is closed"));
  CAF_CHECK(eventually([&] { return f.worker("writer").circuit == circuit_state::closed; }));
  CAF_CHECK(f.stats().circuit == circuit_state::closed);
}

#else

CAF_TEST(restarts are seen) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}

#endif
