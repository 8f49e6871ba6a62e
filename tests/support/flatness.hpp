// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What should stay flat while an engine works: looked at now and then, and judged at the end.

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::test {

struct footprint {
  std::uint64_t rss = 0, descriptors = 0, threads = 0, wal = 0, file = 0;
};

/// Of this process and of a database.
footprint look(const std::filesystem::path& database);

/// What grew between the second and the last quarter of the looks, in words; empty: nothing. The first quarter is for
/// warming up.
std::string grown(const std::vector<footprint>& all);

} // namespace dbengine::test
