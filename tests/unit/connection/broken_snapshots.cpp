// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite gets no memory for one or more allocations, then for all again. Whichever failed, the
// remaining connections work.

#include "base/fault.hpp"
#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <sqlite3.h>

#include <atomic>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

sqlite3_mem_methods real;
std::atomic<long> until_failure{-1}; // counts down while it is 0 or more
std::atomic<long> failures_left{0};
thread_local bool only_here = false;
std::atomic<bool> everywhere{false};

bool refuses() {
  if (!only_here && !everywhere)
    return false;
  auto n = until_failure.load();
  while (n > 0 && !until_failure.compare_exchange_weak(n, n - 1)) {
  }
  return n == 0 && failures_left.fetch_sub(1) > 0;
}

void* allocate(int n) {
  return refuses() ? nullptr : real.xMalloc(n);
}

void* reallocate(void* p, int n) {
  return refuses() ? nullptr : real.xRealloc(p, n);
}

// SQLite accepts other memory functions only while it is not in use, so each test of this suite
// calls this before it opens anything.
bool install() {
  static const bool done = [] {
    auto own = real;
    if (sqlite3_shutdown() != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
      return false;
    own = real;
    own.xMalloc = &allocate;
    own.xRealloc = &reallocate;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &own) == SQLITE_OK &&
           sqlite3_initialize() == SQLITE_OK;
  }();
  return done;
}

/// For its lifetime, `failures` allocations fail from the n-th on, in this thread or in all
/// threads. `used_up`: the n-th allocation was reached.
class starved {
public:
  starved(long n, long failures, bool here_only) {
    failures_left = failures;
    until_failure = n;
    only_here = here_only;
    everywhere = !here_only;
  }
  ~starved() {
    only_here = false;
    everywhere = false;
    until_failure = -1;
  }
  starved(const starved&) = delete;
  starved& operator=(const starved&) = delete;
  bool used_up() const { return until_failure == 0; }
};

struct tally {
  int tried = 0;
  int failed = 0;
  int refused = 0; ///< because the last transaction is still open
  int broken = 0;  ///< reads that fail although memory is available again
};

/// Fails each allocation of a read whose connection must end a snapshot, and checks the reads after
/// it.
tally starve_reads() {
  CAF_REQUIRE(install());
  const engine_folder folder;
  tally t;
  for (const long failures : {1L, 2L, 3L, 1'000'000L}) {
    bool reached = true;
    // The end of the old snapshot is among the first few allocations.
    for (long n = 0; reached && n < 24; ++n) {
      db_engine db(folder.url(std::to_string(failures) + "-" + std::to_string(n)),
                   {.num_workers = 1, .max_leases = 1, .backup_enabled = false});
      db.execute("CREATE TABLE t (x)");
      db.fetch("SELECT count(*) FROM t");                  // its snapshot stays open
      db.with_id("a").execute("INSERT INTO t VALUES (1)"); // and is outdated now
      {
        const starved memory(n, failures, true);
        const auto e = failure_of([&] { db.fetch("SELECT count(*) FROM t"); });
        t.failed += e.code != errc::none;
        t.refused += e.message.find("within a transaction") != e.message.npos;
        reached = memory.used_up();
      }
      bool works = true;
      for (int i = 0; i < 3; ++i)
        works = works &&
                code_of([&] {
                  CAF_REQUIRE_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
                  auto c = db.cursor("SELECT x FROM t");
                  CAF_REQUIRE_EQUAL(c.next().size(), 1u);
                }) == "none";
      t.broken += !works;
      ++t.tried;
    }
  }
  return t;
}

} // namespace

CAF_TEST(a lease that could not end its snapshot is replaced) {
  const auto all = starve_reads();
  CAF_MESSAGE(all.tried << " allocations failed, " << all.failed << " reads with them");
  CAF_CHECK(all.failed > 0);
  CAF_CHECK_EQUAL(all.refused, 0);
  CAF_CHECK_EQUAL(all.broken, 0);
  base::fault::set_mutant("keeps open transactions");
  const auto mutated = starve_reads();
  base::fault::set_mutant("");
  CAF_MESSAGE(mutated.refused << " reads met a transaction that was kept open");
  CAF_CHECK(mutated.refused > 0);
}

CAF_TEST(reader actors and the writer that could not end a transaction are replaced) {
  CAF_REQUIRE(install());
  const engine_folder folder;
  int tried = 0;
  int unknown = 0;
  for (const long failures : {1L, 2L, 6L}) {
    bool reached = true;
    for (long n = 0; reached; ++n) {
      db_engine db(folder.url("w" + std::to_string(failures) + "-" + std::to_string(n)),
                   {.num_workers = 1, .max_leases = 1, .backup_enabled = false});
      db.execute("CREATE TABLE t (x)");
      const auto only_lease = db.cursor("SELECT 1"); // so that reads use the reader actor
      db.fetch("SELECT count(*) FROM t");
      auto outcome = outcome::rolled_back;
      bool done = false;
      {
        const starved memory(n, failures, false);
        static_cast<void>(failure_of([&] { db.fetch("SELECT count(*) FROM t"); }));
        const auto write = failure_of([&] {
          db.execute_transaction({operation::execute("INSERT INTO t VALUES (1)"),
                                  operation::execute("INSERT INTO t VALUES (2)")});
        });
        done = write.code == errc::none;
        outcome = write.outcome;
        reached = memory.used_up();
      }
      unknown += outcome == outcome::unknown;
      const auto after = failure_of([&] {
        const auto rows = db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1);
        CAF_CHECK(rows == (done ? 2 : 0) || (outcome == outcome::unknown && rows == 2));
        db.execute("INSERT INTO t VALUES (3)");
        CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), rows + 1);
      });
      if (after.code != errc::none)
        CAF_ERROR("allocation " << n << " of " << failures << ": " << after.message);
      ++tried;
    }
  }
  CAF_MESSAGE(tried << " allocations failed, " << unknown << " outcomes were unknown");
}
