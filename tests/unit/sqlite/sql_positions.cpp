// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where a statement begins, in cases in which SQLite's tokeniser is easily misread. Arbitrary text
// is tested by tests/fuzz/sql.cpp.

#include "sqlite/sql_text.hpp"

#include "support/test.hpp" // last

using namespace dbengine::sqlite;
using std::string_view;

CAF_TEST(a byte order mark is space wherever it is) {
  CAF_CHECK_EQUAL(next_statement("\xef\xbb\xbfSELECT 1", 0), 3u);
  CAF_CHECK_EQUAL(next_statement("SELECT 1; \xef\xbb\xbf;", 9), string_view::npos);
  CAF_CHECK_EQUAL(next_statement(" \xef\xbb", 0), 1u);
  CAF_CHECK(!may_write("\xef\xbb\xbfSELECT 1"));
  CAF_CHECK(may_write("\xef\xbb\xbfINSERT INTO t VALUES (1)"));
}

CAF_TEST(a comment that is opened by the last two bytes is none) {
  CAF_CHECK_EQUAL(next_statement("/*", 0), 0u);
  CAF_CHECK_EQUAL(next_statement("SELECT 1; /*", 9), 10u);
  CAF_CHECK_EQUAL(next_statement("/* ", 0), string_view::npos);
}
