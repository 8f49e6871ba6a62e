// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Random statements like those of sqllogictest: SQLite's answer is right by definition.

#pragma once

#include <random>
#include <string>
#include <vector>

namespace dbengine::test {

/// A schema, rows of every type, then changes and queries over them. No statement depends on the
/// time or on chance.
std::vector<std::string> random_script(std::mt19937& random, int statements);

} // namespace dbengine::test
