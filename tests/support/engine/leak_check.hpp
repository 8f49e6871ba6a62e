// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Figures that must stay flat while an engine works, sampled during a run and judged at its end.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::test {

struct footprint {
  std::uint64_t rss = 0, threads = 0, wal = 0, file = 0;
  /// Descriptors of the database, its WAL and its index: proportional to the connections, whose
  /// number varies below a bound.
  std::uint64_t database_descriptors = 0;
  /// All other descriptors.
  std::uint64_t descriptors = 0;
};

/// The current figures of this process and of a database.
footprint look(const std::filesystem::path& database);

/// Describes what grew after the first quarter of the samples, which is warm-up; empty if nothing
/// grew. `most_connections` bounds the connections that the database may have open at once. A leak
/// grows without end: threads and descriptors have grown if the minimum of each of six windows
/// exceeds the minimum of the window before. A single step up is no leak.
std::string grown(const std::vector<footprint>& all, std::uint64_t most_connections);

} // namespace dbengine::test
