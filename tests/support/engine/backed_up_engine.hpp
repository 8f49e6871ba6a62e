// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine with a folder for its backups and some rows to back up.
// Thread safety: the test's thread.
// Ownership: the fixture removes the folder; engines that it opened must end before.

#pragma once

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <chrono>
#include <filesystem>
#include <utility>

namespace dbengine::test {

struct backed_up_engine {
  engine_folder folder;
  std::filesystem::path backups = folder.path / "backups";

  options settings() const { return {.backup_dir = backups}; }
  options periodic(std::chrono::milliseconds interval) const {
    auto o = settings();
    o.backup_enabled = true;
    o.backup_interval = interval;
    return o;
  }
  /// Opens the engine and inserts three more rows each time.
  db_engine open(options o) const {
    db_engine db(folder.url(), std::move(o));
    db.execute_script("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, v TEXT);"
                      "INSERT INTO t (v) VALUES ('a'), ('b'), ('c')");
    return db;
  }
};

} // namespace dbengine::test
