// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Measures, in one run, a backup beside a writer at full speed, SQLite's own backup of the idle
// file, and the cost of the backup for that writer. One kind of writer updates rows all over the
// table, the other inserts.
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

struct arguments {
  std::int64_t rows = 1'000'000;
  int pages = defaults::backup_pages_per_step;
  std::chrono::milliseconds pause = defaults::backup_pause;
  int rounds = 5;
};

arguments parse(int argc, char** argv) {
  arguments a;
  if (argc > 1)
    a.rows = std::atoll(argv[1]);
  if (argc > 2)
    a.pages = std::atoi(argv[2]);
  if (argc > 3)
    a.pause = std::chrono::milliseconds(std::atol(argv[3]));
  if (argc > 4)
    a.rounds = std::atoi(argv[4]);
  return a;
}

/// The measured database and the writer that changes it.
/// Thread safety: the writer runs on one thread at a time; `rate` and `commits` from any thread.
class live_database {
public:
  live_database(const std::string& path, std::int64_t rows)
      : rows_(rows), db_("sqlite:///" + path) {
    db_.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");
    db_.execute("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ?) "
                "INSERT INTO t SELECT x, printf('%0100d', x) FROM c",
                rows);
    db_.checkpoint();
  }

  void checkpoint() { db_.checkpoint(); }

  /// Updates rows all over the table until `stop` is set.
  void update(const std::atomic<bool>& stop) {
    for (; !stop; ++next_) {
      db_.execute("UPDATE t SET v = ? WHERE id = ?", "x" + std::to_string(next_),
                  next_ * 7919 % rows_ + 1);
      commits_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  /// Inserts rows until `stop` is set.
  void insert(const std::atomic<bool>& stop) {
    for (; !stop; ++next_) {
      db_.execute("INSERT INTO t (v) VALUES (?)", "x" + std::to_string(next_));
      commits_.fetch_add(1, std::memory_order_relaxed);
    }
  }

  std::uint64_t commits() const { return commits_.load(); }

  /// Commits per second while `f` runs.
  template <class F>
  double rate(F&& f) const {
    const auto before = commits();
    const auto begin = clock_type::now();
    f();
    return static_cast<double>(commits() - before) / since(begin);
  }

private:
  std::int64_t rows_;
  db_engine db_;
  std::int64_t next_ = 0;
  std::atomic<std::uint64_t> commits_{0};
};

/// The figures of backups beside one kind of writer, one value per round.
struct writer_figures {
  const char* name;
  void (live_database::*write)(const std::atomic<bool>&);
  std::vector<double> copied = {}, total = {}, quiet = {}, busy = {}, speed = {}, whole = {},
                      keeps = {};
};

/// The figures of backups of the idle database, one value per round.
struct idle_figures {
  std::vector<double> sqlite = {}, copied = {}, total = {};
};

void measure_round(live_database& live, const dbengine::backup::backup_settings& settings,
                   const std::string& copy, idle_figures& idle, writer_figures& w) {
  idle.sqlite.push_back(sqlite_backup(settings.database, copy));
  const auto undisturbed = job_backup(settings);
  idle.copied.push_back(undisturbed.copied);
  idle.total.push_back(undisturbed.total);
  // Longer than the interval between checkpoints.
  const auto alone = [&] { return live.rate([] { std::this_thread::sleep_for(800ms); }); };
  std::atomic<bool> stop{false};
  std::thread writer([&] { (live.*w.write)(stop); });
  std::this_thread::sleep_for(300ms);
  const double before = alone();
  timing t;
  w.busy.push_back(live.rate([&] { t = job_backup(settings); }));
  const double after = alone();
  stop = true;
  writer.join();
  live.checkpoint();
  w.copied.push_back(t.copied);
  w.total.push_back(t.total);
  w.quiet.push_back((before + after) / 2);
  w.speed.push_back(idle.sqlite.back() / t.copied);
  w.whole.push_back(idle.sqlite.back() / t.total);
  w.keeps.push_back(w.busy.back() / w.quiet.back());
}

bool is_reached(const writer_figures& w) {
  return median(w.speed) >= least_speed && median(w.keeps) >= least_writer;
}

nlohmann::ordered_json to_json(const writer_figures& w) {
  return {{"writer", w.name},
          {"copy_s", median(w.copied)},
          {"total_s", median(w.total)},
          {"writer_alone_per_s", median(w.quiet)},
          {"writer_during_backup_per_s", median(w.busy)},
          {"copy_speed_of_sqlite", median(w.speed)},
          {"copy_speed_of_sqlite_rounds", w.speed},
          {"whole_speed_of_sqlite", median(w.whole)},
          {"whole_speed_of_sqlite_rounds", w.whole},
          {"writer_keeps", median(w.keeps)},
          {"writer_keeps_rounds", w.keeps}};
}

/// Measures in `folder` and prints the result. Returns whether the targets are met.
bool run(const arguments& a, const std::string& folder) {
  const auto path = folder + "/live.db";
  live_database live(path, a.rows);
  const dbengine::backup::backup_settings settings{.database = path,
                                                   .directory = folder + "/backups",
                                                   .pages_per_step = a.pages,
                                                   .pause = a.pause,
                                                   .commits = [&] { return live.commits(); }};
  writer_figures writers[] = {{.name = "updates", .write = &live_database::update},
                              {.name = "inserts", .write = &live_database::insert}};
  idle_figures idle;
  // Alternating, so that a change of the machine's speed affects both.
  for (int i = 0; i < a.rounds; ++i)
    for (auto& w : writers)
      measure_round(live, settings, folder + "/own", idle, w);
  bool reached = true;
  auto beside = nlohmann::ordered_json::array();
  for (const auto& w : writers) {
    reached = reached && is_reached(w);
    beside.push_back(to_json(w));
  }
  const nlohmann::ordered_json result = {
      {"rows", a.rows},
      {"bytes", std::filesystem::file_size(path)},
      {"rounds", a.rounds},
      {"pages_per_step", a.pages},
      {"pause_ms", a.pause.count()},
      {"sqlite_idle_copy_s", median(idle.sqlite)},
      {"engine_idle_copy_s", median(idle.copied)},
      {"engine_idle_total_s", median(idle.total)},
      {"idle_copy_speed_of_sqlite", median(idle.sqlite) / median(idle.copied)},
      {"idle_whole_speed_of_sqlite", median(idle.sqlite) / median(idle.total)},
      {"under_a_writer", beside},
      {"targets", {{"copy_speed_of_sqlite", least_speed}, {"writer_keeps", least_writer}}},
      {"reached", reached},
  };
  std::puts(result.dump(2).c_str());
  return reached;
}

} // namespace

int main(int argc, char** argv) {
  auto folder = (std::filesystem::temp_directory_path() / "bench-backup-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr)
    return 2;
  const bool reached = run(parse(argc, argv), folder);
  std::filesystem::remove_all(folder);
  return reached ? 0 : 1;
}
