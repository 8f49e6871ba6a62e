// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What should stay flat while an engine works: checked now and then, and judged at the end.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::test {

struct footprint {
  std::uint64_t rss = 0, threads = 0, wal = 0, file = 0;
  /// Those of the database, its WAL and its index: as many as there are connections, which come and
  /// go below a bound.
  std::uint64_t database_descriptors = 0;
  /// All others.
  std::uint64_t descriptors = 0;
};

/// Of this process and of a database.
footprint look(const std::filesystem::path& database);

/// What grew after the first quarter of the samples, which is for warming up, in words; empty:
/// nothing. `most_connections` is what the database may have open at once. A leak goes on and on:
/// threads and descriptors have grown where the least of each of six windows is above that of the
/// one before; a step up is none.
std::string grown(const std::vector<footprint>& all, std::uint64_t most_connections);

} // namespace dbengine::test
