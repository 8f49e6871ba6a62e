// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The main program of every test executable: CAF's test framework, plus skipped tests that are
// counted as such.
#define CAF_TEST_NO_MAIN

#include "support/skip.hpp"

#include <caf/test/unit_test_impl.hpp>

#include <algorithm>
#include <cstdio>
#include <string_view>

namespace {

int skipped = 0;

} // namespace

void dbengine::test::note_skip(const std::string& reason) {
  ++skipped;
  auto* current = caf::test::engine::current_test();
  std::printf("SKIPPED: %s: %s\n", current != nullptr ? current->name().c_str() : "?",
              reason.c_str());
  std::fflush(stdout);
}

int main(int argc, char** argv) {
  const int result = caf::test::main(argc, argv);
  // The framework calls it a success where no suite or test has the name that was asked for.
  const bool chosen = std::any_of(argv + 1, argv + argc, [](std::string_view word) {
    return word.starts_with("-s") || word.starts_with("-t") || word.starts_with("--suites") ||
           word.starts_with("--tests");
  });
  if (result == 0 && chosen && caf::test::engine::current_test() == nullptr) {
    std::fputs("no suite or test has that name: -a lists the suites, -A SUITE its tests\n", stderr);
    return 2;
  }
  // A failure is never hidden behind a skipped test.
  return result == 0 && skipped > 0 ? dbengine::test::skip_exit_code : result;
}
