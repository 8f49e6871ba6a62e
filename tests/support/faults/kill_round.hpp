// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One engine under the load of 16 clients. Its workers are killed at fault points, on a disk that
// may fail; then the clients' answers are compared with the file. Available only if the build has
// fault points.
// Thread safety: one round at a time, by the test's thread.

#pragma once

#include "support/engine/write_log.hpp"
#include "support/faults/killer.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dbengine::test {

/// The fault points that every group passes, in order.
inline const std::string writer_points[] = {
    "writer.before_begin",     "writer.snapshot_renewed", "writer.after_begin",
    "writer.before_statement", "writer.after_statement",  "writer.before_commit",
    "writer.after_commit",     "writer.before_answer",    "writer.after_answer"};

/// Writes and syncs of the WAL fail now and then, and COMMITs with them.
struct failing_disk {
  /// Good calls between two failures: `every` to twice as many. From 10 on, a single failure can
  /// always be resolved.
  int every = 20;
  /// The maximum of calls that fail in a row. One fails the COMMIT, a second the checkpoint that
  /// resolves it, a third the commit that would resolve it instead.
  int in_a_row = 1;
  /// A reader keeps the WAL from being restarted, so that a failed commit is resolved by another
  /// commit.
  bool pinned = false;
  /// At the end the disk fails for good, until the engine is closed.
  bool broken_at_the_end = false;
};

struct kill_round {
  std::vector<killer::plan> plans = {};
  unsigned seed = 1;
  /// The deadline of a request.
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
  std::uint64_t failed_calls = 0; ///< failed calls to the disk
  std::uint64_t fences = 0;       ///< failed commits that could not be resolved at once
  std::uint64_t wrong = 0;
  std::string first_wrong;
  /// Findings in the file after the engine has closed it.
  findings found;
  /// Findings in the file as a crash before the close would have left it, if the disk was broken at
  /// the end.
  findings crashed;

  bool right() const {
    return struck && served_on && wrong == 0 && found.right() && crashed.right();
  }
};

/// Copies a database and its WAL, as they would be found if this process died now, to a file beside
/// it. No checkpoint may be in flight.
std::filesystem::path crash_image(const std::filesystem::path& database);

/// Runs a round on a new file in `folder` and removes the file. Throws `error` if the engine cannot
/// be opened or the file cannot be read.
round_result run(const kill_round& round, const std::filesystem::path& folder);
/// Prints on stderr what was wrong.
void report(const kill_round& round, const round_result& r);

/// The fault points that kills have struck in this process.
const std::set<std::string>& points_struck();
/// The fault points in the sources of the libraries. Throws `std::runtime_error` if a point's name
/// cannot be determined.
std::set<std::string> points_in_sources();

} // namespace dbengine::test
