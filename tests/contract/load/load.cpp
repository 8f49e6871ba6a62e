// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Load test of many threads on one engine: every answer is right, every row is counted, and no
// thread, file or row is left behind.
//
//   each of 8 threads                          the engine
//   write its row i  ------------------------> grouped with the other threads' rows
//   read row i back (read your writes) <------ a snapshot after the commit
//   every 10th: change and read it; every 50th: a failing write; every 100th: a transaction

#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"
#include "support/wire/over_the_wire.hpp"

#include <dbengine/db_engine.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

constexpr int thread_count = 8;
constexpr std::uint64_t calls_per_thread = 10'000;

std::size_t entries(const char* folder) {
  std::error_code gone;
  std::size_t n = 0;
  for (fs::directory_iterator i(folder, gone), end; !gone && i != end; i.increment(gone))
    ++n;
  return n;
}

// The kernel removes an ended thread's entry shortly after the join, so the test polls for it
// instead of sleeping.
bool falls_to(const char* folder, std::size_t wanted) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (entries(folder) > wanted) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::yield();
  }
  return true;
}

struct tally {
  std::int64_t inserted = 0;
  std::int64_t sum = 0;
  std::uint64_t calls = 0;
  std::uint64_t refused = 0;
  std::uint64_t wrong = 0;
};

// One thread's share: it writes and reads rows that no other thread writes.
void work(db_engine& db, int thread, std::uint64_t calls, tally& t) {
  for (std::int64_t i = 0; t.calls < calls; ++i) {
    const std::int64_t id = thread * 1'000'000 + i;
    std::int64_t value = id % 977;
    t.wrong += db.execute("INSERT INTO t (id, n) VALUES (?, ?)", id, value).changes != 1;
    t.wrong += db.fetch_value<std::int64_t>("SELECT n FROM t WHERE id = ?", id) != value;
    t.calls += 2;
    ++t.inserted;
    if (i % 10 == 0) {
      ++value;
      t.wrong += db.execute("UPDATE t SET n = n + 1 WHERE id = :id", {{"id", id}}).changes != 1;
      t.wrong += db.fetch("SELECT n FROM t WHERE id = ?", id)[0]["n"].as<std::int64_t>() != value;
      t.calls += 2;
    }
    if (i % 50 == 0) {
      const auto e = failure_of([&] { db.execute("INSERT INTO t (id, n) VALUES (?, 0)", id); });
      t.wrong += e.code != errc::constraint;
      ++t.refused;
      ++t.calls;
    }
    if (i % 100 == 0) {
      auto r =
          db.execute_transaction({operation::execute("UPDATE t SET n = n + 5 WHERE id = ?", id),
                                  operation::fetch("SELECT n FROM t WHERE id = ?", id)});
      value += 5;
      t.wrong += r.at(1).rows()[0][0].as<std::int64_t>() != value;
      ++t.calls;
    }
    t.sum += value;
  }
}

// Runs all threads on this engine, local or remote, and checks the sums.
void work_all(db_engine& db, std::uint64_t calls, std::vector<tally>& tallies) {
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
  std::atomic<int> thrown = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i)
    threads.emplace_back([&, i] {
      try {
        work(db, i, calls, tallies[static_cast<std::size_t>(i)]);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "thread %d: %s\n", i, e.what());
        ++thrown;
      }
    });
  for (auto& t : threads)
    t.join();
  CAF_CHECK_EQUAL(thrown.load(), 0);
  tally all;
  for (const auto& t : tallies) {
    CAF_CHECK_EQUAL(t.wrong, 0u);
    CAF_CHECK(t.calls >= calls);
    all.inserted += t.inserted;
    all.sum += t.sum;
    all.calls += t.calls;
    all.refused += t.refused;
  }
  auto total = db.fetch("SELECT count(*), sum(n), count(DISTINCT id / 1000000) FROM t");
  CAF_CHECK_EQUAL(total[0][0].as<std::int64_t>(), all.inserted);
  CAF_CHECK_EQUAL(total[0][1].as<std::int64_t>(), all.sum);
  CAF_CHECK_EQUAL(total[0][2].as<int>(), thread_count);
  const auto s = db.get_stats();
  CAF_CHECK_EQUAL(s.requests, all.calls + 2); // the CREATE TABLE and the query of the sums
  CAF_CHECK_EQUAL(s.errors, all.refused);
  CAF_CHECK_EQUAL(s.queue_size, 0u);
  CAF_CHECK(eventually([&] { return db.health().ok; }));
  CAF_CHECK(db.integrity_check().empty());
}

template <class Open>
void run_load(std::uint64_t calls, Open open) {
  engine_folder folder;
  // Resources that a library allocates once for the life of the process exist before the count.
  open(folder.url("first.db"), [](db_engine& db) { db.execute("CREATE TABLE t (x)"); });
  const auto threads_before = entries("/proc/self/task");
  const auto files_before = entries("/proc/self/fd");
  std::vector<tally> tallies(thread_count);
  open(folder.url(), [&](db_engine& db) {
    CAF_CHECK(entries("/proc/self/fd") > files_before); // control: an open engine's files count
    work_all(db, calls, tallies);
  });
  CAF_CHECK(falls_to("/proc/self/task", threads_before));
  CAF_CHECK(falls_to("/proc/self/fd", files_before));
  // A new engine finds every row whose write was answered.
  db_engine again(folder.url());
  std::int64_t inserted = 0;
  for (const auto& t : tallies)
    inserted += t.inserted;
  CAF_CHECK(again.fetch_value<std::int64_t>("SELECT count(*) FROM t") == inserted);
}

} // namespace

CAF_TEST(eight threads get right answers and leave nothing behind) {
  run_load(calls_per_thread, [](const std::string& url, const auto& use) {
    db_engine db(url, {.num_workers = 2});
    use(db);
  });
}

// A quarter of the calls, because each crosses the wire twice.
CAF_TEST(eight threads over the wire get right answers and leave nothing behind) {
  run_load(calls_per_thread / 4, [](const std::string& url, const auto& use) {
    over_the_wire wire(url, {.num_workers = 2});
    use(wire.facade());
  });
}
