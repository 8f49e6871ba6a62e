// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Random statements of the kind that sqllogictest runs: whatever SQLite answers to them is right.

#pragma once

#include <random>
#include <string>
#include <vector>

namespace dbengine::test {

/// A schema, rows of every type, and then changes and queries over them; none refers to the time or
/// to chance.
std::vector<std::string> random_script(std::mt19937& random, int statements);

} // namespace dbengine::test
