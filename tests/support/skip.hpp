// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that cannot run here say so and are counted as skipped.
// Thread safety: for the thread of the test only.

#pragma once

#include <string>

namespace dbengine::test {

/// The exit code by which a test program reports to ctest that something in it was skipped and
/// nothing failed.
constexpr int skip_exit_code = 77;

/// Counts the running test as skipped. Prints the reason; use DBENGINE_SKIP, which also leaves the
/// test.
void note_skip(const std::string& reason);

} // namespace dbengine::test

/// Leaves a CAF_TEST as skipped, with a reason: a missing privilege, an absent program. Its suite
/// then counts as skipped as a whole, unless a check in it failed.
#define DBENGINE_SKIP(reason)                                                                      \
  do {                                                                                             \
    ::dbengine::test::note_skip(reason);                                                           \
    return;                                                                                        \
  } while (false)
