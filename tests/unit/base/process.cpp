// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/process/child.hpp"

#include <dbengine/process.hpp>

#include <sqlite3.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

// In child processes: the setting is process-wide, and other tests of this process use SQLite.
CAF_TEST(memory statistics are switched off before the first use of SQLite and not after) {
  const auto memory_of_a_connection = [] {
    sqlite3* db = nullptr;
    sqlite3_open(":memory:", &db);
    const auto used = sqlite3_memory_used();
    sqlite3_close(db);
    return used;
  };
  CAF_CHECK_EQUAL(in_child([&] {
                    sqlite3_shutdown();
                    if (!disable_memory_statistics())
                      return 1;
                    return memory_of_a_connection() == 0 ? 0 : 2;
                  }),
                  0);
  CAF_CHECK_EQUAL(in_child([&] {
                    if (memory_of_a_connection() == 0)
                      return 1;
                    return disable_memory_statistics() ? 2 : 0;
                  }),
                  0);
}
