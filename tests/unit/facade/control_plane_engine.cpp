// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's calls to an engine that ends, is late or fails while they wait: each is answered
// once.
//
//   caller                        worker
//   backup_to ------------------>
//   in its callback <------------ asks for a verdict, waits
//                                 deadline, shutdown: stops, answers
//   callback returns
//   the call ends with the answer

#include "support/engine/backed_up_engine.hpp"
#include "support/engine/facade_internals.hpp"
#include "support/eventually.hpp"
#include "support/faults/fault_script.hpp"

#include <chrono>
#include <new>
#include <string>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

bool backup_runs(const db_engine& db) {
  return db.get_backup_info().running.has_value();
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_plane_tests, backed_up_engine)

CAF_TEST(a deadline that passes in the callback stops the backup) {
  const auto db = open(settings());
  const auto target = folder.path / "mine.db";
  int calls = 0;
  const auto code = code_of([&] {
    db.with_timeout(200ms).backup_to(target, [&](const backup_progress&) {
      ++calls;
      CAF_CHECK(eventually([&] { return !backup_runs(db); })); // the worker does not wait for us
      return true;
    });
  });
  // On a busy machine the deadline may pass before the first step.
  CAF_CHECK_EQUAL(code, "timeout");
  CAF_CHECK(calls <= 1);
  CAF_CHECK(!std::filesystem::exists(target));
  db.backup_to(target);
  CAF_CHECK(verify_backup(target).ok);
}

CAF_TEST(a shutdown waits for no callback and the call is answered) {
  auto db = open(settings());
  const auto target = folder.path / "mine.db";
  blocking_point latch;
  std::string code;
  std::thread caller([&] {
    code = code_of([&] {
      db.backup_to(target, [&](const backup_progress&) {
        latch.wait();
        return true;
      });
    });
  });
  CAF_REQUIRE(latch.await_one());
  db.shutdown();
  CAF_CHECK(engine_system_of(db)->abandoned_workers().empty());
  latch.open();
  caller.join();
  CAF_CHECK_EQUAL(code, "cancelled");
  CAF_CHECK(!std::filesystem::exists(target));
  // After the end: requests are refused, reports are composed on this thread.
  CAF_CHECK_EQUAL(code_of([&] { db.backup_to(target); }), "shut_down");
  CAF_CHECK_EQUAL(code_of([&] { db.get_backup_info(); }), "shut_down");
  CAF_CHECK_EQUAL(code_of([&] { db.health(); }), "none");
  CAF_CHECK_EQUAL(code_of([&] { db.get_stats(); }), "none");
}

CAF_TEST(a second backup at once is refused and the first goes on) {
  const auto db = open(settings());
  blocking_point latch;
  std::string first;
  std::thread caller([&] {
    first = code_of([&] {
      db.backup_to(folder.path / "first.db", [&](const backup_progress&) {
        latch.wait();
        return true;
      });
    });
  });
  CAF_REQUIRE(latch.await_one());
  int calls = 0;
  CAF_CHECK_EQUAL(code_of([&] {
                    db.backup_to(folder.path / "second.db", [&](const backup_progress&) {
                      ++calls;
                      return true;
                    });
                  }),
                  "busy");
  CAF_CHECK_EQUAL(calls, 0);
  latch.open();
  caller.join();
  CAF_CHECK_EQUAL(first, "none");
  CAF_CHECK(verify_backup(folder.path / "first.db").ok);
}

#ifdef DBENGINE_FAULTS

CAF_TEST(a call whose worker fails or has no memory is answered and the next one works) {
  const auto db = open(settings());
  const auto target = folder.path / "mine.db";
  const struct {
    std::string point, if_failed, if_no_memory;
  } rows[] = {{"scheduler.asked", "unavailable", "too_big"}, // the actor ends
              {"backup.begins", "internal", "too_big"},
              {"backup.step", "backup_failed", "backup_failed"}};
  for (const auto& row : rows) {
    for (const bool has_memory : {true, false}) {
      {
        const fault_script script(row.point, 1, [&] {
          if (has_memory)
            fail_worker();
          throw std::bad_alloc();
        });
        const auto code =
            code_of([&] { db.backup_to(target, [](const backup_progress&) { return true; }); });
        CAF_MESSAGE(row.point);
        CAF_CHECK_EQUAL(script.hits(), 1);
        CAF_CHECK_EQUAL(code, has_memory ? row.if_failed : row.if_no_memory);
        CAF_CHECK(!std::filesystem::exists(target));
      }
      CAF_CHECK(eventually([&] { return code_of([&] { db.get_backup_info(); }) == "none"; }));
      CAF_CHECK_EQUAL(code_of([&] { db.backup_to(target); }), "none");
      std::filesystem::remove(target);
      std::filesystem::remove(target.string() + ".json");
    }
  }
}

#endif

CAF_TEST_FIXTURE_SCOPE_END()
