// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A small database that takes long to verify, for tests that act during the verification.

#pragma once

#include <filesystem>

namespace dbengine::test {

/// Creates the file with a table `t` of one column `n`. Verification takes about 0.1 ms a row,
/// because it computes each key of the index again. Creation is fast: the index was filled with a
/// cheap expression of the same values.
void make_slow_database(const std::filesystem::path& file, int rows);

} // namespace dbengine::test
