// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Workers die at every fault point while 16 clients use the engine. Afterwards each request has had exactly one answer, every
// write answered as done is there once, every one answered as not done is not there, and the engine serves on.
//
//   16 clients (facade, typed handle)     killer                       engine
//   every kind of request ------------->                              works
//                                         strikes at a point --------> a worker throws, exits or stalls
//   waits, gets an error, or notices                                   restarts it, runs again what did not run
//   nothing ---------------------------->                              serves on
//   compare ledger and file

#include "engine.hpp"
#include "engine_load.hpp"
#include "fault.hpp"
#include "killer.hpp"
#include "local_backend.hpp"
#include "memory_folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::actors;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// Every kill is waited for this long, and each restart.
constexpr auto bound = 60s;

// Where the writer's actor dies, whoever was on its connection.
const std::string writer_points[] = {
    "writer.before_begin",     "writer.snapshot_renewed", "writer.after_begin",
    "writer.before_statement", "writer.after_statement",  "writer.before_commit",
    "writer.after_commit",     "writer.before_answer",    "writer.after_answer"};
const std::string reader_points[] = {"reader.before_statement", "reader.after_statement"};
const std::string other_points[] = {"writer.checkpoint", "pool.sweep",    "stats.asked",
                                    "scheduler.asked",   "backup.begins", "backup.step"};
// Seldom passed by one of 16 clients: their reads have leases, and their writes come in groups.
const std::string rare_points[] = {"inline.before_statement", "inline.after_statement",
                                   "read_on_writer.before_statement"};
// On a caller's thread: a connection is lost, and the pool's actor where the kill is an exit.
const std::string lease_point = "lease.before_statement";
// "writer.settle" has a disk that fails before it: actors.failed_commits.

// Quick, and no circuit opens: that is another suite's matter, here an engine bears any number of deaths.
constexpr restart_policy restless{.intensity = 1'000'000, .backoff_min = 1ms, .backoff_max = 2ms};

struct round_result {
  bool struck = false;
  bool served_on = false;
  std::uint64_t kills = 0;
  std::uint64_t requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t wrong = 0;
  std::string first_wrong;
  findings found;

  bool right() const { return struck && served_on && wrong == 0 && found.right(); }
};

template <class F>
bool comes(F&& condition, std::chrono::milliseconds within = bound) {
  const auto give_up = std::chrono::steady_clock::now() + within;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

// One engine, 16 clients, these kills.
round_result run_round(const std::filesystem::path& folder, int round,
                       const std::vector<killer::plan>& plans, unsigned seed,
                       std::chrono::milliseconds timeout = 30s) {
  round_result r;
  const auto file = folder / ("round" + std::to_string(round) + ".db");
  bool stalls = false;
  load_settings s{.timeout = timeout, .seed = seed};
  for (const auto& p : plans) {
    stalls = stalls || p.how == death::stalls;
    s.backups = s.backups || p.point.starts_with("backup.") || p.point.starts_with("scheduler.");
  }
  if (stalls) {
    s.timeout = 150ms;
    s.foreseen.insert(errc::timeout);
    s.may_be_unknown = true;
  }
  {
    actors::local_backend engine("sqlite:///" + file.string(),
                                 {.num_workers = 2,
                                  .max_leases = 4,
                                  .backup_dir = folder / "backups",
                                  .backup_cleanup_keep_count = 1,
                                  .backup_pages_per_step = 8,
                                  .cache_size = 1 << 20},
                                 {.restarts = restless});
    const auto& house = engine.engine();
    request_view(engine, {}).execute_script(ledger_schema);
    killer k(house);
    engine_load load(engine, engine_router::make(house), house->system(), s, 1);
    for (const auto& p : plans)
      k.arm(p);
    if (stalls) {
      // One after the other is not needed: what stalls keeps the others from striking, so it is let go in time.
      comes([&] { return k.kills() > 0; });
      comes([&] { return load.failures(errc::timeout) > 0; }, 500ms);
      r.timeouts = load.failures(errc::timeout);
      k.release();
    }
    r.struck = k.struck(bound);
    if (!r.struck)
      std::fprintf(stderr, "not reached: %s\n", k.left().c_str());
    k.disarm();
    const auto before = load.done();
    const auto least = load.least_done();
    r.served_on =
        comes([&] { return load.least_done() >= least + 3 && load.done() > before + 48; });
    load.stop();
    r.kills = k.kills();
    r.requests = load.done();
    engine.shutdown();
    r.wrong = load.wrong();
    r.first_wrong = load.first_wrong();
    r.found = compare(file, load.ledgers());
  }
  if (const auto problems = integrity(file); !problems.empty()) {
    ++r.wrong;
    r.first_wrong = "integrity: " + problems;
  }
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    std::filesystem::remove(file.string() + suffix);
  return r;
}

void report(const std::vector<killer::plan>& plans, const round_result& r) {
  std::string text;
  for (const auto& p : plans)
    text += " " + p.point + "/" + to_string(p.how) + "/" + std::to_string(p.after);
  std::fprintf(stderr, "kills:%s\n  struck %d, served on %d, wrong %llu (%s)\n  %s\n", text.c_str(),
               r.struck, r.served_on, static_cast<unsigned long long>(r.wrong),
               r.first_wrong.c_str(), r.found.text().c_str());
}

} // namespace

CAF_TEST(a kill at every point under load leaves every answer true) {
  const memory_folder folder;
  int round = 0;
  const auto strike_at = [&](const std::string& point, std::uint64_t after,
                             std::vector<killer::plan> first = {}) {
    for (const auto how : {death::throws, death::exits, death::stalls}) {
      auto plans = first;
      plans.push_back({point, how, after});
      const auto r = run_round(folder.path, round++, plans, 7);
      CAF_CHECK(r.right());
      if (!r.right())
        report(plans, r);
    }
  };
  for (const auto& point : writer_points)
    strike_at(point, 5);
  for (const auto& point : reader_points)
    strike_at(point, 5);
  strike_at(lease_point, 5);
  for (const auto& point : other_points)
    strike_at(point, 0);
  for (const auto& point : rare_points)
    strike_at(point, 0);
  // To see a worker open again, it must die first. Readers open for leases, too.
  strike_at("writer.open", 0, {{"writer.before_statement", death::throws, 3}});
  strike_at("reader.open", 0, {{"reader.before_statement", death::throws, 3}});
}

CAF_TEST(two thousand random kills leave every answer true) {
  const auto wanted = static_cast<std::uint64_t>(number_from("DBENGINE_WORKER_KILLS", 2000));
  const auto seed = static_cast<unsigned>(
      number_from("DBENGINE_SEED", static_cast<long>(std::random_device{}() & 0x7fff'ffff)));
  std::fprintf(stderr, "DBENGINE_SEED=%u\n", seed);
  const memory_folder folder;
  std::minstd_rand random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random()) / 16 % n; };
  const auto one_of = [&below](const auto& names) -> const std::string& {
    return names[below(static_cast<unsigned>(std::size(names)))];
  };
  std::uint64_t kills = 0; // of workers; leases come on top
  std::uint64_t leases = 0;
  std::uint64_t requests = 0;
  int round = 0;
  findings sum;
  while (kills < wanted) {
    std::vector<killer::plan> plans;
    const auto how = [&] { return below(3) == 0 ? death::exits : death::throws; };
    for (int i = 0; i < 69; ++i)
      plans.push_back({one_of(writer_points), how(), below(20)});
    for (int i = 0; i < 20; ++i)
      plans.push_back({one_of(reader_points), how(), below(10)});
    for (int i = 0; i < 10; ++i)
      plans.push_back({one_of(other_points), how(), 0});
    plans.push_back({one_of(rare_points), how(), 0});
    const auto workers = plans.size();
    for (int i = 0; i < 10; ++i)
      plans.push_back({lease_point, death::throws, below(20)});
    const auto r = run_round(folder.path, round, plans, seed + static_cast<unsigned>(round));
    ++round;
    kills += r.struck ? workers : 0;
    leases += r.kills - (r.struck ? workers : 0);
    requests += r.requests;
    sum.done += r.found.done;
    sum.not_done += r.found.not_done;
    CAF_CHECK(r.right());
    if (!r.right()) {
      report(plans, r);
      break;
    }
  }
  CAF_CHECK(kills >= wanted);
  std::fprintf(stderr,
               "%llu kills of workers and %llu of leases in %d engines, %llu requests, "
               "writes %llu done, %llu not done\n",
               static_cast<unsigned long long>(kills), static_cast<unsigned long long>(leases),
               round, static_cast<unsigned long long>(requests),
               static_cast<unsigned long long>(sum.done),
               static_cast<unsigned long long>(sum.not_done));
}

CAF_TEST(an engine with a flaw is found out) {
  const memory_folder folder;
  // Each flaw with the point that shows it.
  const std::pair<const char*, const char*> flaws[] = {
      {"answers before the commit", "writer.before_commit"},
      {"forgets the commit record", "writer.after_commit"},
      {"drops an answer", "writer.before_begin"}};
  int round = 0;
  for (const auto& [flaw, point] : flaws) {
    fault::set_flaw(flaw);
    bool found = false;
    for (int i = 0; i < 20 && !found; ++i)
      found = !run_round(folder.path, round++, {{point, death::throws, 5}}, 7, 2s).right();
    fault::set_flaw({});
    CAF_CHECK(found);
    if (!found)
      std::fprintf(stderr, "not found out: an engine that %s\n", flaw);
  }
}

#else

CAF_TEST(workers can be killed in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
