// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures a backup beside a writer at full speed, SQLite's own backup of the idle file in the same
// run, and the cost of the backup for that writer. One thread updates rows all over the table, and
// one inserts.
//
//   bench-backup [rows [pages_per_step [pause_ms [rounds]]]]
//
// A copy ends when its bytes are on the disk: SQLite's own with the sync of its commit, the
// engine's with its fsync after counting the snapshot's rows. The later steps of the engine's
// backup (verification, SHA-256, manifest) are included in the total.
// Prints one JSON object; exits with 1 if a target is missed. Compare only figures of the same run.
#include "backup/backup_job.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <nlohmann/json.hpp>
#include <sqlite3.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace dbengine;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr double least_speed = 0.8;
constexpr double least_writer = 0.8;

double since(clock_type::time_point t) {
  return std::chrono::duration<double>(clock_type::now() - t).count();
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

double sqlite_backup(const std::string& from, const std::string& to) {
  const auto begin = clock_type::now();
  {
    const auto source =
        dbengine::sqlite::open_database(from, SQLITE_OPEN_READONLY, nullptr, "open");
    const auto target = dbengine::sqlite::open_database(
        to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr, "open");
    sqlite3_backup* b = sqlite3_backup_init(target.get(), "main", source.get(), "main");
    if (sqlite3_backup_step(b, -1) != SQLITE_DONE || sqlite3_backup_finish(b) != SQLITE_OK)
      dbengine::sqlite::throw_sqlite(sqlite3_errcode(target.get()), target.get(), "backup");
  }
  const double seconds = since(begin);
  std::filesystem::remove(to);
  return seconds;
}

struct timing {
  double copied = 0;
  double total = 0;
};

timing job_backup(dbengine::backup::backup_settings s) {
  timing t;
  const auto begin = clock_type::now();
  s.at = [&](std::string_view point) {
    if (point == "hash")
      t.copied = since(begin);
  };
  const auto job = dbengine::backup::backup_job::start(std::move(s));
  const auto made = job->run();
  t.total = since(begin);
  std::filesystem::remove(made.path);
  return t;
}

} // namespace

int main(int argc, char** argv) {
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 1'000'000;
  const int pages = argc > 2 ? std::atoi(argv[2]) : defaults::backup_pages_per_step;
  const auto pause =
      argc > 3 ? std::chrono::milliseconds(std::atol(argv[3])) : defaults::backup_pause;
  const int rounds = argc > 4 ? std::atoi(argv[4]) : 5;
  auto folder = (std::filesystem::temp_directory_path() / "bench-backup-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return 2;
  const auto path = folder + "/live.db";
  bool reached = false;
  {
    const db_engine db("sqlite:///" + path);
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    db.execute("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ?) "
               "INSERT INTO t SELECT x, printf('%0100d', x) FROM c",
               rows);
    db.checkpoint();
    std::atomic<std::uint64_t> commits{0};
    const dbengine::backup::backup_settings settings{.database = path,
                                                     .directory = folder + "/backups",
                                                     .pages_per_step = pages,
                                                     .pause = pause,
                                                     .commits = [&] { return commits.load(); }};
    std::atomic<bool> stop{false};
    std::int64_t next = 0;
    const auto update = [&] {
      for (; !stop; ++next) {
        db.execute("UPDATE t SET v = ? WHERE id = ?", "x" + std::to_string(next),
                   next * 7919 % rows + 1);
        commits.fetch_add(1, std::memory_order_relaxed);
      }
    };
    const auto insert = [&] {
      for (; !stop; ++next) {
        db.execute("INSERT INTO t (v) VALUES (?)", "x" + std::to_string(next));
        commits.fetch_add(1, std::memory_order_relaxed);
      }
    };
    const auto rate = [&](auto&& f) {
      const auto before = commits.load();
      const auto begin = clock_type::now();
      f();
      return static_cast<double>(commits.load() - before) / since(begin);
    };
    // Longer than the interval between checkpoints.
    const auto alone = [&] { return rate([] { std::this_thread::sleep_for(800ms); }); };
    struct {
      const char* name;
      std::function<void()> write;
      std::vector<double> copied = {}, total = {}, quiet = {}, busy = {}, speed = {}, whole = {},
                          keeps = {};
    } writers[] = {{.name = "updates", .write = update}, {.name = "inserts", .write = insert}};
    // Alternating, so that a change of the machine's speed affects both.
    std::vector<double> own, idle, idle_total;
    for (int i = 0; i < rounds; ++i)
      for (auto& w : writers) {
        own.push_back(sqlite_backup(path, folder + "/own"));
        const auto undisturbed = job_backup(settings);
        idle.push_back(undisturbed.copied);
        idle_total.push_back(undisturbed.total);
        stop = false;
        std::thread writer(w.write);
        rate([] { std::this_thread::sleep_for(300ms); });
        const double before = alone();
        timing t;
        w.busy.push_back(rate([&] { t = job_backup(settings); }));
        const double after = alone();
        stop = true;
        writer.join();
        db.checkpoint();
        w.copied.push_back(t.copied);
        w.total.push_back(t.total);
        w.quiet.push_back((before + after) / 2);
        w.speed.push_back(own.back() / t.copied);
        w.whole.push_back(own.back() / t.total);
        w.keeps.push_back(w.busy.back() / w.quiet.back());
      }
    reached = true;
    auto beside = nlohmann::ordered_json::array();
    for (const auto& w : writers) {
      reached = reached && median(w.speed) >= least_speed && median(w.keeps) >= least_writer;
      beside.push_back({{"writer", w.name},
                        {"copy_s", median(w.copied)},
                        {"total_s", median(w.total)},
                        {"writer_alone_per_s", median(w.quiet)},
                        {"writer_during_backup_per_s", median(w.busy)},
                        {"copy_speed_of_sqlite", median(w.speed)},
                        {"copy_speed_of_sqlite_rounds", w.speed},
                        {"whole_speed_of_sqlite", median(w.whole)},
                        {"whole_speed_of_sqlite_rounds", w.whole},
                        {"writer_keeps", median(w.keeps)},
                        {"writer_keeps_rounds", w.keeps}});
    }
    const nlohmann::ordered_json result = {
        {"rows", rows},
        {"bytes", std::filesystem::file_size(path)},
        {"rounds", rounds},
        {"pages_per_step", pages},
        {"pause_ms", pause.count()},
        {"sqlite_idle_copy_s", median(own)},
        {"engine_idle_copy_s", median(idle)},
        {"engine_idle_total_s", median(idle_total)},
        {"idle_copy_speed_of_sqlite", median(own) / median(idle)},
        {"idle_whole_speed_of_sqlite", median(own) / median(idle_total)},
        {"under_a_writer", beside},
        {"targets", {{"copy_speed_of_sqlite", least_speed}, {"writer_keeps", least_writer}}},
        {"reached", reached},
    };
    std::puts(result.dump(2).c_str());
  }
  std::filesystem::remove_all(folder);
  return reached ? 0 : 1;
}
