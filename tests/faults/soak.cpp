// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Runs the soak program for some seconds; longer runs are started by hand (tests/README.md).

#include "support/faults/memory_folder.hpp"
#include "support/process/paths.hpp"

#include <cstdlib>
#include <sys/wait.h>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

int run(const std::string& arguments) {
  const int status = std::system((shell_word(built("soak")) + " " + arguments + " >&2").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

CAF_TEST(load and kills and backups leave memory and descriptors flat) {
  CAF_CHECK_EQUAL(run("--seconds " + std::to_string(number_from("DBENGINE_SOAK_SECONDS", 20))), 0);
}

CAF_TEST(a leak of one descriptor a second is found out) {
  CAF_CHECK_EQUAL(run("--seconds 12 --interval 1 --leak descriptors"), 1);
}

CAF_TEST(a leak of memory is found out) {
  CAF_CHECK_EQUAL(run("--seconds 6 --leak memory"), 1);
}

CAF_TEST(a leak of connections is found out) {
  CAF_CHECK_EQUAL(run("--seconds 6 --leak connections"), 1);
}
