// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A soak test: load, failing workers, backups and checkpoints, with samples of the figures that
// must stay flat.
//
//   soak [--seconds N] [--interval S] [--folder DIR] [--seed N]
//        [--leak memory|descriptors|connections]
//
// Prints a line of JSON per interval and one with the verdict. Exit code 0: every answer was
// correct, and memory, threads, descriptors and the WAL stayed flat; otherwise 1. `--leak` leaks 1
// MiB, a descriptor or a connection to the file each interval: the negative control.
#include "support/engine/answer_box.hpp"
#include "support/engine/facade_internals.hpp"
#include "support/engine/leak_check.hpp"
#include "support/engine/write_log.hpp"
#include "support/faults/killer.hpp"
#include "support/faults/memory_folder.hpp"
#include "support/programs/soaker.hpp"

#include "sqlite/plain_database.hpp"

#include <dbengine/actors/messages.hpp>

#include <algorithm>
#include <atomic>
#include <barrier>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <malloc.h>
#include <optional>
#include <random>
#include <sqlite3.h>
#include <thread>

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
using steady = std::chrono::steady_clock;

namespace {

#ifdef DBENGINE_FAULTS
// Kills each worker less often than its circuit tolerates.
void arm_kills(killer& k, std::minstd_rand& random) {
  static const char* const writer_points[] = {"writer.before_begin",     "writer.before_statement",
                                              "writer.before_commit",    "writer.after_commit",
                                              "writer.before_answer",    "writer.after_answer",
                                              "inline.before_statement", "inline.after_statement"};
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random()) / 16 % n; };
  const auto how = [&] { return below(3) == 0 ? death::exits : death::throws; };
  k.disarm();
  k.arm({writer_points[below(8)], how(), below(100)});
  k.arm({below(2) == 0 ? "reader.before_statement" : "reader.after_statement", how(), below(100)});
  for (int i = 0; i < 5; ++i)
    k.arm({"lease.before_statement", death::throws, below(1000)});
}
#endif

// Opens all leased connections first. Connections are opened when threads happen to read at the
// same time, and have page caches; opened later, they would look like a leak.
void open_all_leases(db_engine& db) {
  std::barrier all_open(static_cast<std::ptrdiff_t>(leases));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < leases; ++i)
    threads.emplace_back([&] {
      db.read([&](snapshot& view) {
        view.fetch("SELECT (SELECT sum(n) FROM ring), (SELECT sum(length(v)) FROM churn)");
        all_open.arrive_and_wait();
      });
    });
  for (auto& t : threads)
    t.join();
}

struct soak_settings {
  double seconds = 20;
  double interval = 0;
  fs::path folder;
  unsigned seed = std::random_device{}() & 0x7fff'ffff;
  std::string leak;
};

std::optional<soak_settings> settings_of(int argc, char** argv) {
  soak_settings s;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (i + 1 < argc && a == "--leak")
      s.leak = argv[++i];
    else if (i + 1 < argc && a == "--seconds")
      s.seconds = std::atof(argv[++i]);
    else if (i + 1 < argc && a == "--interval")
      s.interval = std::atof(argv[++i]);
    else if (i + 1 < argc && a == "--folder")
      s.folder = argv[++i];
    else if (i + 1 < argc && a == "--seed")
      s.seed = static_cast<unsigned>(std::atol(argv[++i]));
    else
      return {};
  }
  if (s.interval <= 0)
    s.interval = std::max(0.25, s.seconds / 60);
  return s;
}

/// The load, the events and the samples of one run over one file.
/// Thread safety: one thread; clients run on separate threads.
class soak_run {
public:
  soak_run(soak_settings s, fs::path folder)
      : settings_(std::move(s)), folder_(std::move(folder)), random_(settings_.seed) {}

  void run() {
    {
      db_engine db("sqlite:///" + file().string(), {.num_workers = 2,
                                                    .max_leases = leases,
                                                    .backup_dir = folder_ / "backups",
                                                    .backup_cleanup_keep_count = 3,
                                                    .cache_size = std::size_t{4} << 20});
      fill(db);
      open_all_leases(db);
      const auto handle = handle_of(db);
      for (int i = 0; i < clients; ++i)
        soakers_.push_back(
            std::make_unique<soaker>(db, handle, i, settings_.seed + static_cast<unsigned>(i)));
      std::vector<std::thread> threads;
      for (const auto& s : soakers_)
        threads.emplace_back([raw = s.get()] { raw->run(); });
      watch(db);
      stop.store(true);
      for (auto& t : threads)
        t.join();
      for (const auto& s : soakers_)
        s->close();
    }
    compare();
  }

  /// Prints the last line. Returns whether the run passed.
  bool print_verdict() const {
    // The leases, the writer, two readers and their spares, a backup and its check. The workers
    // count twice, because a successor opens its connections before those of the failed worker are
    // closed.
    const auto growth = grown(samples_, leases + 2 * (1 + 2 + 2 + 2));
    const bool good = growth.empty() && wrong.load() == 0 && backups_ > 0;
    std::printf("{\"verdict\":\"%s\",\"grown\":\"%s\",\"wrong\":%llu,\"unknown\":%llu,"
                "\"requests\":%llu,\"failures\":%llu,\"kills\":%llu,\"restarts\":%llu,"
                "\"backups\":%llu}\n",
                good ? "good" : "bad", growth.c_str(), as_printed(wrong), as_printed(unknown),
                as_printed(requests), as_printed(failures), as_printed(kills_),
                as_printed(restarts_), as_printed(backups_));
    return good;
  }

private:
  static unsigned long long as_printed(std::uint64_t n) { return n; }
  fs::path file() const { return folder_ / "soak.db"; }

  static void fill(db_engine& db) {
    db.execute("CREATE TABLE ring (k INTEGER PRIMARY KEY, n INTEGER NOT NULL)");
    db.execute("CREATE TABLE churn (id INTEGER PRIMARY KEY, v BLOB)");
    db.execute("INSERT INTO ring WITH RECURSIVE c(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM c "
               "LIMIT ?) SELECT x, 0 FROM c",
               clients * rows_per_client);
    db.execute("INSERT INTO churn (v) WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 "
               "FROM c LIMIT 2000) SELECT randomblob(500) FROM c");
  }

  /// Returns true if the event is due, and schedules the next one.
  bool every(double& next, double period) {
    if (steady::now() < after(next))
      return false;
    next += period;
    return true;
  }
  steady::time_point after(double s) const {
    return begin_ + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(s));
  }

  /// Kills, backs up, checkpoints and takes samples until the end of the run.
  void watch(db_engine& db) {
#ifdef DBENGINE_FAULTS
    killer k(engine_system_of(db));
#endif
    begin_ = steady::now();
    double next_sample = settings_.interval;
    double next_kill = 1;
    double next_backup = 2;
    double next_checkpoint = 1.5;
    for (double now = 0; now < settings_.seconds;) {
      std::this_thread::sleep_until(after(
          std::min({next_sample, next_kill, next_backup, next_checkpoint, settings_.seconds})));
      now = std::chrono::duration<double>(steady::now() - begin_).count();
      try {
#ifdef DBENGINE_FAULTS
        if (every(next_kill, 13))
          arm_kills(k, random_);
        kills_ = k.kills();
#endif
        if (every(next_backup, 10))
          back_up(db);
        if (every(next_checkpoint, 5))
          db.checkpoint(checkpoint_mode::truncate);
      } catch (const error& e) {
        ++failures;
        if (e.code() != errc::unavailable && e.code() != errc::poison && ++wrong < 5)
          std::fprintf(stderr, "maintenance: %s\n", e.what());
      }
      if (every(next_sample, settings_.interval))
        take_sample(db, now);
    }
  }

  void back_up(db_engine& db) {
    backups_ += db.request_backup();
    if (const auto made = db.get_backup_info().backup_files;
        made.empty() || !verify_backup(made.front().path).ok)
      ++wrong;
  }

  /// The negative control: leaks what `--leak` names.
  void leak() {
    if (settings_.leak == "memory")
      lost_.push_back(std::memset(::operator new(1 << 20), 1, 1 << 20));
    else if (settings_.leak == "descriptors")
      (void)::open("/dev/null", O_RDONLY | O_CLOEXEC);
    else if (settings_.leak == "connections") // descriptors as of an unclosed connection
      for (const auto* suffix : {"", "-wal"})
        (void)::open((file().string() + suffix).c_str(), O_RDONLY | O_CLOEXEC);
  }

  void take_sample(db_engine& db, double now) {
    leak();
    const auto s = look(file());
    samples_.push_back(s);
    restarts_ = db.get_stats().restarts;
    std::printf("{\"at\":%.1f,\"rss_kib\":%llu,\"descriptors\":%llu,\"threads\":%llu,"
                "\"wal_kib\":%llu,\"file_kib\":%llu,\"requests\":%llu,\"failures\":%llu,"
                "\"kills\":%llu,\"restarts\":%llu,\"backups\":%llu,\"wrong\":%llu}\n",
                now, as_printed(s.rss / 1024), as_printed(s.descriptors), as_printed(s.threads),
                as_printed(s.wal / 1024), as_printed(s.file / 1024), as_printed(requests),
                as_printed(failures), as_printed(kills_), as_printed(restarts_),
                as_printed(backups_), as_printed(wrong));
    std::fflush(stdout);
  }

  void compare() {
    const auto db =
        dbengine::sqlite::open_database(file().string(), SQLITE_OPEN_READWRITE, nullptr, "open");
    for (const auto& s : soakers_)
      s->compare_with(db.get());
    if (const auto problems = integrity(file()); !problems.empty()) {
      ++wrong;
      std::fprintf(stderr, "integrity: %s\n", problems.c_str());
    }
  }

  const soak_settings settings_;
  const fs::path folder_;
  std::minstd_rand random_;
  steady::time_point begin_;
  std::vector<std::unique_ptr<soaker>> soakers_;
  std::vector<footprint> samples_;
  std::vector<void*> lost_;
  std::uint64_t backups_ = 0;
  std::uint64_t kills_ = 0;
  std::uint64_t restarts_ = 0;
};

} // namespace

int main(int argc, char** argv) {
  const auto s = settings_of(argc, argv);
  if (!s) {
    std::fprintf(stderr, "soak [--seconds N] [--interval S] [--folder DIR] [--seed N] "
                         "[--leak memory|descriptors|connections]\n");
    return 2;
  }
  std::printf("{\"seed\":%u,\"seconds\":%g,\"interval\":%g}\n", s->seed, s->seconds, s->interval);
  // One arena: growth is then memory in use, not free memory that glibc keeps for each thread.
  mallopt(M_ARENA_MAX, 1);
  const memory_folder own;
  soak_run run(*s, s->folder.empty() ? own.path : s->folder);
  try {
    run.run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "soak: %s\n", e.what());
    return 1;
  }
  return run.print_verdict() ? 0 : 1;
}
