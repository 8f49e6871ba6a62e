// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of every fault point: a worker throws, exits and stalls there while 16 clients use the
// engine. Each request has exactly one correct answer, and the engine continues to serve. The list
// of points is compared with the sources, so none is left out.

#include "base/fault.hpp"
#include "support/faults/kill_round.hpp"
#include "support/faults/memory_folder.hpp"

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct at {
  std::string point;
  // The number of passes before the kill.
  std::uint64_t after = 0;
  // Kills that must happen before a worker reaches the point.
  std::vector<killer::plan> first = {};
  std::optional<failing_disk> disk = {};
};

const std::vector<at>& all_points() {
  const killer::plan writer_dies{"writer.before_statement", death::throws, 3};
  const killer::plan reader_dies{"reader.before_statement", death::throws, 3};
  static const std::vector<at> all = {
      {"writer.before_begin", 5},
      {"writer.snapshot_renewed", 5},
      {"writer.after_begin", 5},
      {"writer.before_statement", 5},
      {"writer.after_statement", 5},
      {"writer.before_commit", 5},
      {"writer.after_commit", 5},
      {"writer.before_answer", 5},
      {"writer.after_answer", 5},
      {"writer.checkpoint"},
      {"reader.before_statement", 5},
      {"reader.after_statement", 5},
      {"lease.before_statement", 5},
      {"pool.sweep"},
      {"stats.asked"},
      {"scheduler.asked"},
      {"backup.begins"},
      {"backup.step"},
      // Seldom reached by one of 16 clients: their reads have leases, and their writes come in
      // groups.
      {"inline.before_statement"},
      {"inline.after_statement"},
      {"read_on_writer.before_statement"},
      // A worker must die first to start and open again. Readers open for leases, too.
      {"writer.open", 0, {writer_dies}},
      {"reader.open", 0, {reader_dies}},
      {"threads.found", 0, {writer_dies}},
      {"threads.found", 0, {reader_dies}},
      // Two failures in a row fail the commit and the checkpoint that would resolve it.
      {"writer.settle", 0, {}, failing_disk{.in_a_row = 2}},
      {"writer.settle", 1, {}, failing_disk{.pinned = true}},
  };
  return all;
}

std::string list_of(const std::set<std::string>& names) {
  std::string text;
  for (const auto& n : names)
    text += (text.empty() ? "" : ", ") + n;
  return text;
}

} // namespace

CAF_TEST(a kill at every point under load leaves every answer true) {
  const memory_folder folder;
  for (const auto& p : all_points())
    for (const auto how : {death::throws, death::exits, death::stalls}) {
      kill_round round{.plans = p.first, .seed = 7, .disk = p.disk};
      round.plans.push_back({p.point, how, p.after});
      const auto r = run(round, folder.path);
      CAF_CHECK(r.right());
      if (!r.right())
        report(round, r);
    }
  // Both directions: no point of the sources is left out, and each point listed exists.
  CAF_CHECK_EQUAL(list_of(points_struck()), list_of(points_in_sources()));
}

#else

CAF_TEST(workers can be killed in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
