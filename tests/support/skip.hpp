// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Support for tests that cannot run here: they report it and are counted as skipped.
// Thread safety: the test's thread only.

#pragma once

#include <string>

namespace dbengine::test {

/// The exit code that reports to ctest that something was skipped and nothing failed.
constexpr int skip_exit_code = 77;

/// Counts the running test as skipped and prints the reason. Use DBENGINE_SKIP, which also leaves
/// the test.
void note_skip(const std::string& reason);

} // namespace dbengine::test

/// Leaves a CAF_TEST as skipped, with a reason: a missing privilege, an absent program. The whole
/// suite then counts as skipped, unless a check in it failed.
#define DBENGINE_SKIP(reason)                                                                      \
  do {                                                                                             \
    ::dbengine::test::note_skip(reason);                                                           \
    return;                                                                                        \
  } while (false)
