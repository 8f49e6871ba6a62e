// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Opens an engine, fetches once and closes it, for a test that counts what that asks of the system.
//   open_once FILE BACKUPS | open_once (nothing of it: what the process costs by itself)

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
