// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The build as tests see it, and the shortest example of a suite.
#include <filesystem>

#include "support/test.hpp"

CAF_TEST(a suite is named after its file) {
  CAF_CHECK_EQUAL(std::string(CAF_XSTR(CAF_SUITE)), "unit.build_tree");
}

CAF_TEST(the folder of the programs exists) {
  CAF_CHECK(std::filesystem::is_directory(DBENGINE_BIN_DIR));
}
