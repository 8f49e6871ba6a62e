// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Opens an engine, fetches once and closes the engine, for a test that counts system calls.
//   open_once FILE BACKUPS | open_once (without arguments: the cost of the process alone)

#include <dbengine/db_engine.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3)
    return 0;
  try {
    dbengine::options o;
    o.backup_dir = argv[2];
    dbengine::db_engine db(argv[1], std::move(o));
    return db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1) == 1 ? 0 : 1;
  } catch (const dbengine::error& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 2;
  }
}
