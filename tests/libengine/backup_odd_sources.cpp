// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Databases that are valid, but not as one would make them.
#include "backup_fixture.hpp"

#include "test.hpp"

using namespace dbengine;
using namespace dbengine::test;

CAF_TEST(foreign keys that SQLite cannot check are no reason to refuse a backup) {
  backup_fixture f(10);
  // Legal with foreign_keys=off: the parent column is not unique, and `foreign_key_check` raises an error.
  detail::run_sql(f.db.get(),
                  "CREATE TABLE parent (a); CREATE TABLE child (b REFERENCES parent (a));"
                  "INSERT INTO child VALUES (1)",
                  "set up");
  const auto made = f.make();
  const auto report = verify_backup(made.path);
  CAF_CHECK(report.ok);
  const auto target = f.folder.path / "back.db";
  restore_backup(made.path, target);
  CAF_CHECK_EQUAL(number(open_plain(target).get(), "SELECT count(*) FROM child"), 1);
  // Without a manifest, too.
  std::filesystem::remove(made.path.string() + ".json");
  CAF_CHECK(verify_backup(made.path).ok);
}
