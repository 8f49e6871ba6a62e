// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One engine under the load of 16 clients whose workers are killed at fault points, on a disk that
// may fail, and the answers to the clients compared with its file. Where the build has no fault
// points there is none of it.
// Thread safety: one round at a time, by the test's thread.

#pragma once

#include "support/engine/ledger.hpp"
#include "support/faults/killer.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dbengine::test {

/// What every group passes, in its order.
inline const std::string writer_points[] = {
    "writer.before_begin",     "writer.snapshot_renewed", "writer.after_begin",
    "writer.before_statement", "writer.after_statement",  "writer.before_commit",
    "writer.after_commit",     "writer.before_answer",    "writer.after_answer"};

/// Writes and syncs of the WAL fail now and then, so that COMMITs do.
struct failing_disk {
  /// Good calls between two failures, up to twice as many. From 10 on a single failure can always
  /// be resolved.
  int every = 20;
  /// Calls that fail in a row, at most: one fails the COMMIT, the next the checkpoint that resolves
  /// it, the next the commit that would do it instead.
  int in_a_row = 1;
  /// A reader keeps the WAL from being emptied, so that a failed commit is resolved by another
  /// commit.
  bool pinned = false;
  /// At the end the disk is gone, and does not return before the engine is closed.
  bool broken_at_the_end = false;
};

struct kill_round {
  std::vector<killer::plan> plans = {};
  unsigned seed = 1;
  /// Of a request.
  std::chrono::milliseconds timeout{30'000};
  std::optional<failing_disk> disk = {};
};

struct round_result {
  bool struck = false;
  bool served_on = false;
  std::uint64_t kills = 0;
  std::uint64_t restarts = 0;
  std::uint64_t requests = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t failed_calls = 0; ///< to the disk
  std::uint64_t fences = 0;       ///< failed commits that could not be resolved at once
  std::uint64_t wrong = 0;
  std::string first_wrong;
  /// In the file that the engine has closed.
  findings found;
  /// In the file as a crash before that would have left it, if the disk was broken at the end.
  findings crashed;

  bool right() const {
    return struck && served_on && wrong == 0 && found.right() && crashed.right();
  }
};

/// Copies a database and its WAL, as they would be found if this process died now, beside it. No
/// checkpoint may be in flight.
std::filesystem::path crash_image(const std::filesystem::path& database);

/// Runs it on a new file in `folder` and removes that. Throws `error` if the engine cannot be
/// opened or the file be read.
round_result run(const kill_round& round, const std::filesystem::path& folder);
/// On stderr: what was wrong.
void report(const kill_round& round, const round_result& r);

/// The points that kills have struck in this process.
const std::set<std::string>& points_struck();
/// The points in the sources of the libraries. Throws `std::runtime_error` if one's name cannot
/// be told.
std::set<std::string> points_in_sources();

} // namespace dbengine::test
