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

#include "engine_load.hpp"
#include "fault.hpp"
#include "killer.hpp"
#include "memory_folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// Every kill is waited for this long, and each restart.
constexpr auto bound = 60s;

const char* const points[] = {"writer.before_begin",
                              "writer.after_begin",
                              "writer.before_statement",
                              "writer.after_statement",
                              "writer.before_commit",
                              "writer.after_commit",
                              "writer.before_answer",
                              "writer.after_answer",
                              "writer.checkpoint",
                              "reader.before_statement",
                              "reader.after_statement",
                              "lease.before_statement",
                              "inline.before_statement",
                              "inline.after_statement",
                              "backup.step",
                              "writer.open",
                              "reader.open",
                              "stats.asked",
                              "writer.snapshot_renewed"};

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
    s.backups = s.backups || p.point.starts_with("backup.");
  }
  if (stalls) {
    s.timeout = 150ms;
    s.foreseen.insert(errc::timeout);
    s.may_be_unknown = true;
  }
  {
    db_engine db("sqlite:///" + file.string(), {.num_workers = 2,
                                                .max_leases = 4,
                                                .backup_dir = folder / "backups",
                                                .backup_cleanup_keep_count = 1,
                                                .backup_pages_per_step = 8,
                                                .cache_size = 1 << 20});
    db.execute_script(ledger_schema);
    killer k(house_of(db));
    engine_load load(db, handle_of(db), house_of(db)->system(), s, 1);
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
    db.shutdown();
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
  for (const auto how : {death::throws, death::exits, death::stalls})
    for (const std::string point : points) {
      // To see a worker open again, it must die first. Readers open for leases, too.
      std::vector<killer::plan> plans;
      if (point == "writer.open")
        plans.push_back({"writer.before_statement", death::throws, 3});
      if (point == "reader.open")
        plans.push_back({"reader.before_statement", death::throws, 3});
      plans.push_back({point, how, point.ends_with(".open") || point == "backup.step" ? 0u : 5u});
      const auto r = run_round(folder.path, round++, plans, 7);
      CAF_CHECK(r.right());
      if (!r.right())
        report(plans, r);
    }
}

CAF_TEST(two thousand random kills leave every answer true) {
  const auto wanted = static_cast<std::uint64_t>(number_from("DBENGINE_WORKER_KILLS", 2000));
  const auto seed = static_cast<unsigned>(
      number_from("DBENGINE_SEED", static_cast<long>(std::random_device{}() & 0x7fff'ffff)));
  std::fprintf(stderr, "DBENGINE_SEED=%u\n", seed);
  const memory_folder folder;
  std::minstd_rand random(seed);
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random()) / 16 % n; };
  std::uint64_t kills = 0;
  std::uint64_t requests = 0;
  int round = 0;
  findings sum;
  while (kills < wanted) {
    // What one engine bears without opening a circuit: five failures a worker and minute.
    std::vector<killer::plan> plans;
    const auto how = [&] { return below(3) == 0 ? death::exits : death::throws; };
    for (int i = 0; i < 4; ++i) {
      const std::string point = points[below(9)];
      plans.push_back({point, how(), below(point == "writer.checkpoint" ? 2 : 40)});
    }
    for (int i = 0; i < 4; ++i)
      plans.push_back({points[9 + below(2)], how(), below(20)});
    for (int i = 0; i < 8; ++i)
      plans.push_back({"lease.before_statement", death::throws, below(40)});
    // Rare among 16 clients, whose writes come in groups.
    if (round % 6 == 0)
      plans.push_back({points[12 + below(2)], how(), below(2)});
    const auto r = run_round(folder.path, round, plans, seed + static_cast<unsigned>(round));
    ++round;
    kills += r.kills;
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
  std::fprintf(stderr, "%llu kills in %d engines, %llu requests, writes %llu done, %llu not done\n",
               static_cast<unsigned long long>(kills), round,
               static_cast<unsigned long long>(requests), static_cast<unsigned long long>(sum.done),
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
