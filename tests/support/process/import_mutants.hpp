// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Generates damaged CSV and JSON lines, and reads CSV independently in the simplest way.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace dbengine::test {

/// Any bytes, not text.
using bytes = std::string;
using random_source = std::mt19937;

/// The seed: DBENGINE_SEED to repeat a run, otherwise a new one each time.
unsigned mutation_seed();
/// A number from 0 to `n` - 1.
std::size_t below(random_source& r, std::size_t n);

/// The undamaged files: together they use everything that the formats allow.
const std::vector<bytes>& csv_seeds();
const std::vector<bytes>& json_seeds();
/// The text with up to six damages: characters with a meaning for a parser, and pieces that are
/// lost, doubled or from another seed.
bytes mutant(bytes text, const std::vector<bytes>& seeds, random_source& r);

struct plain_record {
  /// The line of its first byte, from 1.
  std::uint64_t line = 1;
  std::size_t fields = 1;
  /// An unquoted empty field is nullopt.
  std::vector<std::optional<bytes>> values{std::nullopt};
  std::vector<bool> quoted{false};
  bool blank = true;
  bool broken = false;
};

/// The records as they must be read, from the whole text, byte by byte.
std::vector<plain_record> plain_records(bytes text);

} // namespace dbengine::test
