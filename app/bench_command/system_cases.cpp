// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "bench_command/cases.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

namespace dbengine::app::bench {

namespace {

// The size for which the Python library that preceded this engine states its backup time.
constexpr std::size_t seed_rows = 5'000;
constexpr double seed_seconds = 15;
constexpr double seed_rate = 100;

// If a periodic backup is running, this one follows it.
void make_backup(const db_engine& db) {
  while (!db.request_backup())
    std::this_thread::yield();
}

} // namespace

void run_backup(workplace& w) {
  for (const std::size_t rows : {1'000U, 5'000U, 50'000U}) {
    const auto db = w.open();
    w.fill(db, rows);
    auto f = measure(1, 1, [&](std::size_t) { make_backup(db); });
    const auto info = db.get_backup_info();
    if (info.backup_files.empty())
      throw error(errc::backup_failed, "the backup of the test was not made: " + info.last_error);
    const auto& file = info.backup_files.front();
    const auto report = verify_backup(file.path);
    if (!report.ok)
      throw error(errc::backup_failed,
                  "the backup of the test does not verify: " +
                      (report.problems.empty() ? "" : report.problems.front()));
    const auto megabytes = static_cast<double>(file.size_bytes) / 1e6;
    const auto seconds = 1 / f.rate;
    f.more = {{"rows", static_cast<double>(rows)},
              {"seconds", seconds},
              {"megabytes", megabytes},
              {"megabytes_per_second", megabytes * f.rate}};
    f.rate *= static_cast<double>(rows);
    const auto rate = f.rate;
    if (rows == seed_rows) {
      f.more.emplace_back("seed_seconds", seed_seconds);
      f.more.emplace_back("seed_rows_per_second", seed_rate);
    }
    w.record(std::move(f), "backup of " + std::to_string(rows) + " rows, verified", "rows");
    if (rows == seed_rows)
      std::printf(
          "    the Python library: 5,000 rows in < %.0f s, > %.0f rows/s; here %s, %s rows/s: %s\n",
          seed_seconds, seed_rate, duration_text(seconds * 1e6).c_str(), rate_text(rate).c_str(),
          seconds < seed_seconds && rate > seed_rate ? "beaten" : "NOT BEATEN");
  }
  // The cost of a backup for a writer: the same inserts with and without a running backup.
  const auto db = w.open();
  w.fill(db, 50'000);
  const auto insert = [&](std::size_t i) {
    db.execute(insert_item, "beside a backup", static_cast<std::int64_t>(i % 100), 1.5);
  };
  w.record(measure(1, w.settings().operations, insert), "inserts, no backup running", "rows");
  std::atomic<bool> stop{false};
  std::exception_ptr failure;
  std::jthread backups([&] {
    try {
      while (!stop)
        db.request_backup();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  auto f = measure(1, w.settings().operations, insert);
  stop = true;
  backups.join();
  if (failure)
    std::rethrow_exception(failure);
  w.record(std::move(f), "inserts beside a running backup", "rows");
}

void run_memory(workplace& w) {
  constexpr std::size_t phases = 6;
  // Enough operations that a leak is visible beside the growth of caches.
  const auto per_phase = std::max<std::size_t>(20'000, w.settings().operations);
  const auto db = w.open();
  w.fill(db, 10'000);
  const auto start = resident_bytes();
  std::vector<double> megabytes;
  finding all;
  for (std::size_t phase = 0; phase < phases; ++phase) {
    all = measure(2, per_phase, [&](std::size_t i) {
      if (i % 10 == 0)
        db.execute(insert_item, "memory", static_cast<std::int64_t>(i % 100), 1.5);
      else
        db.fetch("SELECT * FROM items WHERE id >= ? LIMIT 100",
                 static_cast<std::int64_t>(i % 9'000));
    });
    megabytes.push_back(static_cast<double>(resident_bytes()) / 1e6);
  }
  // The first half fills caches; growth in the second half counts.
  const auto grown = megabytes.back() - megabytes[phases / 2 - 1];
  const auto operations = static_cast<double>(per_phase * (phases - phases / 2));
  all.more = {{"resident_at_start_mb", static_cast<double>(start) / 1e6},
              {"resident_at_end_mb", megabytes.back()},
              {"growth_second_half_mb", grown},
              {"growth_bytes_per_operation", grown * 1e6 / operations}};
  w.record(std::move(all), "reads of 100 rows and inserts", "operations");
  std::printf(
      "  resident %.1f MB before, %.1f MB after; second half %+.2f MB (%.1f bytes an operation)\n",
      static_cast<double>(start) / 1e6, megabytes.back(), grown, grown * 1e6 / operations);
}

} // namespace dbengine::app::bench
