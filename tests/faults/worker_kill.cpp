// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of workers that die at random fault points, again and again, while 16 clients use the
// engine. Afterwards each request has had exactly one answer. Every write answered as done is there
// once, no write answered as not done is there, and the engine continues to serve.
//
//   16 clients (facade, handle)   killer                 engine
//   every kind of request ---->                          works
//                                 kills at a point ----> a worker throws, exits or stalls
//   waits, gets an error, or                             restarts it, runs again what did
//   notices nothing ---------->                          not run, and continues to serve
//   compare answers and file
//
// `faults.kill_points` tests each point separately.

#include "base/fault.hpp"
#include "support/faults/kill_round.hpp"
#include "support/faults/memory_folder.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

const std::string reader_points[] = {"reader.before_statement", "reader.after_statement"};
const std::string other_points[] = {"writer.checkpoint", "pool.sweep",    "stats.asked",
                                    "scheduler.asked",   "backup.begins", "backup.step"};
// Seldom reached by one of 16 clients: their reads have leases, and their writes come in groups.
const std::string rare_points[] = {"inline.before_statement", "inline.after_statement",
                                   "read_on_writer.before_statement"};
// On a caller's thread: a connection is lost, and if the kill is an exit, the pool's actor, too.
const std::string lease_point = "lease.before_statement";

} // namespace

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
  std::uint64_t kills = 0; // of workers; those of leases are extra
  std::uint64_t leases = 0;
  std::uint64_t requests = 0;
  unsigned round = 0;
  findings sum;
  while (kills < wanted) {
    kill_round next{.plans = {}, .seed = seed + round++};
    auto& plans = next.plans;
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
    const auto r = run(next, folder.path);
    kills += r.struck ? workers : 0;
    leases += r.kills - (r.struck ? workers : 0);
    requests += r.requests;
    sum.done += r.found.done;
    sum.not_done += r.found.not_done;
    CAF_CHECK(r.right());
    if (!r.right()) {
      report(next, r);
      break;
    }
  }
  CAF_CHECK(kills >= wanted);
  std::fprintf(stderr,
               "%llu kills of workers and %llu of leases in %u engines, %llu requests, "
               "writes %llu done, %llu not done\n",
               static_cast<unsigned long long>(kills), static_cast<unsigned long long>(leases),
               round, static_cast<unsigned long long>(requests),
               static_cast<unsigned long long>(sum.done),
               static_cast<unsigned long long>(sum.not_done));
}

CAF_TEST(an engine with a mutant is found out) {
  const memory_folder folder;
  // Each mutant with the point that exposes it.
  const std::pair<const char*, const char*> mutants[] = {
      {"answers before the commit", "writer.before_commit"},
      {"forgets the commit record", "writer.after_commit"},
      {"drops an answer", "writer.before_begin"}};
  for (const auto& [mutant, point] : mutants) {
    base::fault::set_mutant(mutant);
    bool found = false;
    for (int i = 0; i < 20 && !found; ++i)
      found = !run({.plans = {{point, death::throws, 5}}, .seed = 7, .timeout = 2s}, folder.path)
                   .right();
    base::fault::set_mutant({});
    CAF_CHECK(found);
    if (!found)
      std::fprintf(stderr, "not found out: an engine that %s\n", mutant);
  }
}

#else

CAF_TEST(workers can be killed in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
