// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a backup that a read-only engine has open is neither replaced nor removed.

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

CAF_TEST(a backup that an engine reads is left alone) {
  engine_folder folder;
  const auto old_one = folder.path / "backup_20240101_000000.sqlite";
  const auto new_one = folder.path / "backup_20240102_000000.sqlite";
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  db.execute("INSERT INTO t VALUES (1)");
  db.backup_to(old_one);
  db.execute("INSERT INTO t VALUES (2)");
  db.backup_to(new_one);
  {
    db_engine reads("sqlite:///" + old_one.string(), {.read_only = true});
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(new_one, old_one, true); }), "locked");
    CAF_CHECK(reads.fetch_value<int>("SELECT count(*) FROM t") == 1);
    // Two engines read it; the end of one does not release the other's lock.
    { const db_engine also("sqlite:///" + old_one.string(), {.read_only = true}); }
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(new_one, old_one, true); }), "locked");
    CAF_CHECK(reads.fetch_value<int>("SELECT count(*) FROM t") == 1);
  }
  restore_backup(new_one, old_one, true); // control: no engine reads it
  db_engine reads("sqlite:///" + old_one.string(), {.read_only = true});
  CAF_CHECK(reads.fetch_value<int>("SELECT count(*) FROM t") == 2);
}
