// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The completion scripts of shells that are not everywhere, as those shells read them. A suite of its own: where a shell
// is missing, it counts as skipped.

#include "command_line.hpp"

#include "test.hpp"

using namespace dbengine::test;

CAF_TEST(the script for zsh is one) {
  if (!has_program("zsh"))
    DBENGINE_SKIP("no zsh here");
  const auto r = run({"-c", "zsh -n /dev/stdin"},
                     {.input = run({"completion", "zsh"}).out, .program = "/bin/bash"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
}

CAF_TEST(the script for fish is one) {
  if (!has_program("fish"))
    DBENGINE_SKIP("no fish here");
  const auto r = run({"-c", "fish --no-execute /dev/stdin"},
                     {.input = run({"completion", "fish"}).out, .program = "/bin/bash"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
}
