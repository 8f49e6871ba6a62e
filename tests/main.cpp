// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The main program of every test executable: CAF's test framework, plus skipped tests that are counted as such.
#define CAF_TEST_NO_MAIN

#include "skip.hpp"

#include <caf/test/unit_test_impl.hpp>

#include <cstdio>

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
  // A failure is never hidden behind a skipped test.
  return result == 0 && skipped > 0 ? dbengine::test::skip_exit_code : result;
}
