// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/async_reads.hpp"
#include "bench_command/cases.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace dbengine::app::bench {

namespace {

constexpr std::size_t table_rows = 10'000;
constexpr std::array<std::size_t, 4> thread_counts = {1, 2, 4, 8};

// Distributes indexes over the table without a random generator per thread.
std::int64_t scattered(std::size_t i) {
  return 1 + static_cast<std::int64_t>(i * 7'919 % table_rows);
}

} // namespace

void run_select(workplace& w) {
  const auto db = w.open();
  w.fill(db, table_rows);
  const auto n = w.settings().operations;
  const auto ask = [&](const char* label, std::size_t count,
                       const std::function<void(std::size_t)>& query) {
    query(0);
    w.record(measure(1, count, query), label, "queries");
  };
  const auto scans = std::max<std::size_t>(10, n / 10);
  ask("by id", n,
      [&](std::size_t i) { db.fetch("SELECT * FROM items WHERE id = ?", scattered(i)); });
  ask("simple, LIMIT 100", n, [&](std::size_t) { db.fetch("SELECT * FROM items LIMIT 100"); });
  ask("filtered, no index", scans, [&](std::size_t i) {
    db.fetch("SELECT * FROM items WHERE price = ?", static_cast<double>(i % 250));
  });
  ask("by index", n, [&](std::size_t i) {
    db.fetch("SELECT * FROM items WHERE category = ?", static_cast<std::int64_t>(i % 100));
  });
  ask("aggregate", scans, [&](std::size_t) { db.fetch("SELECT count(*), avg(price) FROM items"); });
  ask("complex, sorted", scans, [&](std::size_t i) {
    db.fetch("SELECT name, price FROM items WHERE category BETWEEN ? AND ? AND price > 10 "
             "ORDER BY price DESC, name LIMIT 50",
             static_cast<std::int64_t>(i % 50), static_cast<std::int64_t>(i % 50 + 20));
  });
}

void run_concurrent(workplace& w) {
  for (const auto threads : thread_counts) {
    const auto db = w.open();
    w.fill(db, table_rows);
    const auto before = db.get_stats();
    auto f = measure(threads, w.settings().operations, [&](std::size_t i) {
      if (i / threads % 5 == 0)
        db.execute(insert_item, "concurrent", static_cast<std::int64_t>(i % 100), 1.5);
      else
        db.fetch("SELECT * FROM items WHERE id = ?", scattered(i));
    });
    const auto after = db.get_stats();
    f.more = {
        {"threads", static_cast<double>(threads)},
        {"commits", static_cast<double>(after.commits - before.commits)},
        {"grouped_writes", static_cast<double>(after.grouped_requests - before.grouped_requests)}};
    w.record(std::move(f),
             "4 reads an insert, " + std::to_string(threads) +
                 (threads == 1 ? " thread" : " threads"),
             "operations");
  }
  for (const auto threads : thread_counts) {
    const auto db = w.open();
    auto f = measure(threads, w.settings().operations, [&](std::size_t i) {
      db.execute(insert_item, "concurrent", static_cast<std::int64_t>(i % 100), 1.5);
    });
    f.more = {{"threads", static_cast<double>(threads)}, {"writes_only", 1}};
    w.record(std::move(f),
             "inserts only, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"),
             "rows");
  }
}

void run_scaling(workplace& w) {
  // Enough reads that the start-up of the threads is negligible.
  const auto reads = std::max<std::size_t>(50'000, w.settings().operations);
  constexpr const char* by_id = "SELECT * FROM items WHERE id = ?";
  {
    const auto db = w.open();
    w.fill(db, table_rows);
    for (const auto threads : thread_counts) {
      auto f = measure(threads, reads, [&](std::size_t i) { db.fetch(by_id, scattered(i)); });
      f.more = {{"threads", static_cast<double>(threads)}};
      w.record(std::move(f),
               std::to_string(threads) +
                   (threads == 1 ? " thread, on leases" : " threads, on leases"),
               "reads");
    }
  }
  // Threads of the facade read on leases. The reader actors (workers) serve CAF and remote callers.
  constexpr std::size_t outstanding = 100;
  auto db = w.open();
  w.fill(db, table_rows);
  const auto file = w.last_file();
  db.shutdown();
  for (const int workers : std::set<int>{1, 2, 4, w.settings().workers}) {
    auto f = measure_async_reads(file, workers, reads, outstanding, by_id,
                                 [](std::size_t i) { return params::of(scattered(i)); });
    f.more = {{"workers", static_cast<double>(workers)},
              {"outstanding", static_cast<double>(outstanding)}};
    w.record(std::move(f),
             std::to_string(workers) +
                 (workers == 1 ? " worker, 100 in flight" : " workers, 100 in flight"),
             "reads");
  }
}

} // namespace dbengine::app::bench
