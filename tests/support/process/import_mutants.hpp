// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Damaged CSV and JSON lines, and CSV read a second time, in the simplest way.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace dbengine::test {

/// Not text: any bytes.
using bytes = std::string;
using random_source = std::mt19937;

/// DBENGINE_SEED repeats a run; otherwise a new one each time.
unsigned mutation_seed();
/// From 0 up to, but not, `n`.
std::size_t below(random_source& r, std::size_t n);

/// What is damaged: files with all that the formats allow.
const std::vector<bytes>& csv_seeds();
const std::vector<bytes>& json_seeds();
/// The text with up to six damages: bytes that mean something to a parser, pieces lost, doubled or
/// of another seed.
bytes mutant(bytes text, const std::vector<bytes>& seeds, random_source& r);

struct plain_record {
  /// From 1, of its first byte.
  std::uint64_t line = 1;
  std::size_t fields = 1;
  /// An empty field without quotes is nothing.
  std::vector<std::optional<bytes>> values{std::nullopt};
  std::vector<bool> quoted{false};
  bool blank = true;
  bool broken = false;
};

/// The records as they should be read: over the whole text, byte by byte.
std::vector<plain_record> plain_records(bytes text);

} // namespace dbengine::test
