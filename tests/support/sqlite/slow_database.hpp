// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A small database that takes long to be looked through, for whatever is to be met in its middle.

#pragma once

#include <filesystem>

namespace dbengine::test {

/// Makes the file with a table `t` of one column `n`. To verify it takes about 0.1 ms a row: each
/// key of its index is computed again then. Making it does not: it was filled with an expression of
/// the same values.
void make_slow_database(const std::filesystem::path& file, int rows);

} // namespace dbengine::test
