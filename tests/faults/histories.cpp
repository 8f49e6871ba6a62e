// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests the guarantees given to many clients that write to registers and append lists and read
// them. They use all three ways to one engine (facade, handle, wire), with ids, cancellations,
// deadlines and deaths of workers. Their answers are checked against the order in the database:
// strictly serialisable writes, snapshot reads, read-your-writes, exactly once
// (support/engine/history.hpp).
//
//   4 clients each by facade, handle, wire   stopper, killer      engine
//   write, read, record the answers -----------------------------> groups, leases, readers
//                                            cancel, kill -------> stops, restarts
//   closed: replay the log, compare
//
// DBENGINE_HISTORY_OPERATIONS: the total number of operations; DBENGINE_SEED: the first round's
// seed.

#include "base/fault.hpp"
#include "support/engine/history.hpp"
#include "support/faults/memory_folder.hpp"

#include <cstdio>
#include <random>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// Each kind of trouble alone, then all together.
history_settings round_of(unsigned number, unsigned seed) {
  history_settings s{.seed = seed + number};
  s.cancels = number % 5 == 1 || number % 5 == 4;
  s.kills = number % 5 == 2 || number % 5 == 4;
  s.stops = number % 5 == 3;
  s.deadlines = number % 5 == 3 || number % 5 == 4;
  return s;
}

} // namespace

CAF_TEST(two hundred thousand operations have one true history) {
  const auto wanted =
      static_cast<std::uint64_t>(number_from("DBENGINE_HISTORY_OPERATIONS", 200'000));
  const auto seed = static_cast<unsigned>(
      number_from("DBENGINE_SEED", static_cast<long>(std::random_device{}() & 0x7fff'ffff)));
  std::fprintf(stderr, "DBENGINE_SEED=%u\n", seed);
  const memory_folder folder;
  const auto begin = std::chrono::steady_clock::now();
  history_result sum;
  unsigned rounds = 0;
  while (sum.operations < wanted && sum.wrong == 0) {
    auto s = round_of(rounds++, seed);
    s.operations = std::min<std::uint64_t>(wanted / 5 + 1, 50'000);
    const auto r = run_history(s, folder.path);
    std::fprintf(stderr, "round %u: %s\n", rounds, r.text().c_str()); // a long run may be killed
    sum.add(r);
  }
  CAF_CHECK_EQUAL(sum.wrong, 0u);
  CAF_CHECK(sum.operations >= wanted);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::fprintf(stderr, "%u rounds in %.1f s: %s\n", rounds, took.count(), sum.text().c_str());
}

CAF_TEST(an engine with a mutant has no true history) {
  const memory_folder folder;
  struct control {
    const char* mutant;
    history_settings settings;
  };
  history_settings calm{.seed = 1, .operations = 4'000};
  history_settings stops = calm;
  stops.stops = true;
  history_settings kills = calm;
  kills.kills = true;
  for (const auto& [mutant, settings] :
       {control{"reads an old snapshot", calm}, control{"forgets an id", calm},
        control{"stops what has ended", stops}, control{"answers before the commit", kills}}) {
    history_result r;
    int rounds = 0;
    for (; rounds < 20 && r.wrong == 0; ++rounds) {
      auto s = settings;
      s.seed += static_cast<unsigned>(rounds);
      base::fault::set_mutant(mutant);
      r = run_history(s, folder.path);
      base::fault::set_mutant({});
    }
    CAF_CHECK(r.wrong != 0);
    std::fprintf(stderr, "%s: found after %d rounds: %s\n", mutant, rounds, r.text().c_str());
  }
}

#else

CAF_TEST(histories are made in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
