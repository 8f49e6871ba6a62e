// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Values, errors and restoring a file: what dbengine::core offers by itself, without the actors.

#include <dbengine/backup.hpp>
#include <dbengine/rows.hpp>
#include <dbengine/value.hpp>

#include <cstdio>
#include <fstream>

int main() {
  if (dbengine::value(1.5).type() != dbengine::value_type::real)
    return 1;
  std::ofstream("no.sqlite") << "this is no database, and this is long enough to be looked at";
  try {
    dbengine::restore_backup("no.sqlite", "target.db");
    return 2;
  } catch (const dbengine::error& e) {
    std::printf("%s\n", e.what());
    return std::ifstream("target.db") ? 3 : 0;
  }
}
