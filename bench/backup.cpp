// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How fast a backup is beside SQLite's own, and what it costs a writer at full speed.
//
//   bench-backup [rows [pages_per_step [pause_us]]]
//
// Prints one JSON object. Figures of one run only belong together.
#include "backup_job.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sqlite3.h>
#include <string>
#include <thread>
#include <unistd.h>

using namespace dbengine;

namespace {

using clock_type = std::chrono::steady_clock;

double since(clock_type::time_point t) {
  return std::chrono::duration<double>(clock_type::now() - t).count();
}

detail::database_handle open_plain(const std::string& path) {
  return detail::open_database(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr, "open");
}

double sqlite_backup(const std::string& from, const std::string& to) {
  const auto begin = clock_type::now();
  const auto source = open_plain(from);
  const auto target = open_plain(to);
  sqlite3_backup* b = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (sqlite3_backup_step(b, -1) != SQLITE_DONE || sqlite3_backup_finish(b) != SQLITE_OK)
    detail::throw_sqlite(sqlite3_errcode(target.get()), target.get(), "backup");
  return since(begin);
}

struct timing {
  double copied = 0;
  double total = 0;
};

timing job_backup(detail::backup_settings s, std::chrono::microseconds pause) {
  timing t;
  const auto begin = clock_type::now();
  s.at = [&](std::string_view point) {
    if (point == "verify")
      t.copied = since(begin);
  };
  const auto job = detail::backup_job::start(std::move(s));
  while (job->step())
    if (pause.count() > 0 && job->pause().count() > 0)
      std::this_thread::sleep_for(pause);
  t.total = since(begin);
  return t;
}

} // namespace

int main(int argc, char** argv) {
  const std::string rows = argc > 1 ? argv[1] : "1000000";
  const int pages = argc > 2 ? std::atoi(argv[2]) : defaults::backup_pages_per_step;
  const std::chrono::microseconds pause = argc > 3
                                              ? std::chrono::microseconds(std::atol(argv[3]))
                                              : std::chrono::microseconds(defaults::backup_pause);
  auto folder = (std::filesystem::temp_directory_path() / "bench-backup-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return 1;
  const auto path = folder + "/live.db";
  auto db = open_plain(path);
  detail::run_sql(
      db.get(),
      "PRAGMA journal_mode = wal; PRAGMA synchronous = normal; CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);"
      "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT " +
          rows +
          ") INSERT INTO t SELECT x, printf('%0100d', x) FROM c; PRAGMA wal_checkpoint(truncate)",
      "fill");
  const detail::backup_settings settings{
      .database = path, .directory = folder + "/backups", .pages_per_step = pages};
  // Alternating, so that a machine that changes its speed is fair to both.
  double own = 0, copied = 0, total = 0, unpaused = 0;
  for (int i = 0; i < 3; ++i) {
    own += sqlite_backup(path, folder + "/own" + std::to_string(i)) / 3;
    const auto t = job_backup(settings, pause);
    copied += t.copied / 3;
    total += t.total / 3;
    unpaused += job_backup(settings, {}).copied / 3;
  }
  std::atomic<std::uint64_t> commits{0};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t i = 0; !stop; ++i) {
      detail::run_sql(db.get(),
                      "UPDATE t SET v = 'x' || " + std::to_string(i) +
                          " WHERE id = " + std::to_string(i * 7919 % 100'000 + 1),
                      "write");
      commits.fetch_add(1, std::memory_order_relaxed);
    }
  });
  const auto rate = [&](auto&& f) {
    const auto before = commits.load();
    const auto begin = clock_type::now();
    f();
    return static_cast<double>(commits.load() - before) / since(begin);
  };
  const auto alone = [&] {
    return rate([] { std::this_thread::sleep_for(std::chrono::seconds(2)); });
  };
  alone();
  timing under;
  const double before = alone();
  const double during = rate([&] { under = job_backup(settings, pause); });
  const double after = alone();
  stop = true;
  writer.join();
  const double quiet = (before + after) / 2;
  const nlohmann::ordered_json result = {
      {"rows", std::stoll(rows)},
      {"bytes", std::filesystem::file_size(path)},
      {"pages_per_step", pages},
      {"pause_us", pause.count()},
      {"sqlite_backup_s", own},
      {"job_copy_s", copied},
      {"job_copy_without_pauses_s", unpaused},
      {"job_total_s", total},
      {"copy_speed_of_sqlite", own / copied},
      {"copy_speed_of_sqlite_without_pauses", own / unpaused},
      {"writer_alone_per_s", quiet},
      {"writer_during_backup_per_s", during},
      {"writer_keeps", during / quiet},
      {"job_under_writer_copy_s", under.copied},
      {"job_under_writer_total_s", under.total},
  };
  std::puts(result.dump(2).c_str());
  db.reset();
  std::filesystem::remove_all(folder);
}
