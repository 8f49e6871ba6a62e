// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that checks cover the whole database: those of an engine, of a backup and of a verified
// file.
//
// DBENGINE_PROPERTY_COUNT is the number of changes made to each of nine databases (25),
// DBENGINE_PROPERTY_SEED repeats a run.
#include "support/engine/backup_fixture.hpp"
#include "support/faults/memory_folder.hpp"
#include "support/process/child.hpp"

#include <dbengine/db_engine.hpp>

#include <random>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::uint32_t get32(const std::string& bytes, std::size_t at) {
  std::uint32_t n = 0;
  for (std::size_t i = 0; i < 4; ++i)
    n = n << 8 | static_cast<unsigned char>(bytes[at + i]);
  return n;
}

void put32(std::string& bytes, std::size_t at, std::uint32_t n) {
  for (std::size_t i = 0; i < 4; ++i)
    bytes[at + i] = static_cast<char>(n >> (24 - 8 * i));
}

std::vector<std::string> checked_by_engine(const std::filesystem::path& path, bool quick) {
  try {
    const db_engine db(path.string(), {.read_only = true});
    return db.integrity_check(quick);
  } catch (const error& e) {
    if (e.code() != errc::corrupt && e.code() != errc::not_a_database)
      throw;
    return {e.message()};
  }
}

bool verified(const std::filesystem::path& path) {
  return verify_backup(path).ok;
}

bool backed_up(const std::filesystem::path& path) {
  const temporary_folder folder;
  try {
    dbengine::backup::backup_job::start({.database = path.string(), .directory = folder.path})
        ->run();
    return true;
  } catch (const error& e) {
    if (e.code() != errc::corrupt && e.code() != errc::backup_failed &&
        e.code() != errc::not_a_database)
      throw;
    return false;
  }
}

// SQLite's check of a copy without the schema entries that have no b-tree, because SQLite checks
// such a copy completely.
bool sound_without_views(const std::filesystem::path& path) {
  const temporary_folder folder;
  const auto copy = folder.path / "copy.db";
  std::filesystem::copy_file(path, copy);
  try {
    const auto db = open_plain(copy);
    dbengine::sqlite::run_sql(
        db.get(),
        "PRAGMA cache_spill = off; BEGIN; PRAGMA writable_schema = on;"
        "DELETE FROM sqlite_schema WHERE rootpage = 0; PRAGMA writable_schema = reset",
        "drop");
    return dbengine::sqlite::column_of(db.get(), "PRAGMA integrity_check(1)", "check").at(0) ==
           "ok";
  } catch (const error&) {
    return false;
  }
}

// Alternating tables and views, the newest a view, with free pages.
void make_database(const std::filesystem::path& path, int auto_vacuum, int tables) {
  const auto db = open_plain(path);
  dbengine::sqlite::run_sql(db.get(), "PRAGMA auto_vacuum = " + std::to_string(auto_vacuum),
                            "make");
  for (int i = 0; i < tables; ++i) {
    const auto n = std::to_string(i);
    dbengine::sqlite::run_sql(
        db.get(),
        "CREATE TABLE t" + n + " (id INTEGER PRIMARY KEY, v); CREATE INDEX i" + n + " ON t" + n +
            " (v);" + "CREATE VIEW v" + n + " AS SELECT * FROM t" + n +
            (i % 3 == 0 ? "; CREATE TABLE w" + n + " (a PRIMARY KEY) WITHOUT ROWID" : ""),
        "make");
  }
  dbengine::sqlite::run_sql(
      db.get(),
      "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 120)"
      "INSERT INTO t0 SELECT x, printf('%0400d', x) FROM c;"
      "DELETE FROM t0 WHERE id > 30; CREATE VIRTUAL TABLE bare USING dbstat;"
      "CREATE VIEW z AS SELECT 1",
      "fill");
}

// Makes one change as a bad disk or a faulty program would; about half of the changes are in the
// free list.
void mutate(std::string& bytes, std::mt19937& random) {
  constexpr std::size_t page = 4096;
  const auto below = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  const auto pages = static_cast<std::uint32_t>(bytes.size() / page);
  const auto any_page = [&] { return static_cast<std::uint32_t>(1 + below(pages)); };
  const std::size_t trunk = std::size_t{get32(bytes, 32)} * page;
  switch (trunk == 0 ? 4 + below(2) : below(6)) {
  case 0: // marks a page in use as free
    if (const auto n = get32(bytes, trunk - page + 4); n > 0)
      put32(bytes, trunk - page + 8 + 4 * below(n), any_page());
    break;
  case 1: put32(bytes, 36, get32(bytes, 36) + static_cast<std::uint32_t>(below(3))); break;
  case 2: put32(bytes, trunk - page, any_page()); break;
  case 3: put32(bytes, trunk - page + 4, get32(bytes, trunk - page + 4) - 1); break;
  case 4: bytes[below(bytes.size())] = static_cast<char>(below(256)); break;
  default: put32(bytes, below(bytes.size() / 4) * 4, any_page());
  }
}

} // namespace

CAF_TEST(what a whole check finds every check of ours finds) {
  const temporary_folder folder;
  const auto path = folder.path / "a.db";
  const auto seed = number_from("DBENGINE_PROPERTY_SEED", 20261130);
  const auto count = number_from("DBENGINE_PROPERTY_COUNT", 25);
  std::mt19937 random(static_cast<unsigned>(seed));
  int damaged = 0, passed_by_sqlite = 0;
  for (const int auto_vacuum : {0, 1, 2})
    for (const int tables : {1, 4, 40}) {
      const auto whole = folder.path / "whole.db";
      std::filesystem::remove(whole);
      make_database(whole, auto_vacuum, tables);
      const auto bytes = content(whole);
      CAF_CHECK(sound_without_views(whole));
      CAF_CHECK(checked_by_engine(whole, false).empty() && checked_by_engine(whole, true).empty());
      CAF_CHECK(verified(whole) && backed_up(whole));
      for (long i = 0; i < count; ++i) {
        auto changed = bytes;
        mutate(changed, random);
        write_file(path, changed);
        if (sound_without_views(path))
          continue;
        ++damaged;
        try {
          passed_by_sqlite +=
              dbengine::sqlite::column_of(open_plain(path).get(), "PRAGMA integrity_check",
                                          "check") == std::vector<std::string>{"ok"};
        } catch (const error&) { // found
        }
        CAF_CHECK(!checked_by_engine(path, false).empty());
        CAF_CHECK(!verified(path));
      }
    }
  CAF_MESSAGE("DBENGINE_PROPERTY_SEED=" << seed << ": " << damaged
                                        << " damaged files, of which SQLite passed "
                                        << passed_by_sqlite);
  // Otherwise the test would check nothing of its subject.
  CAF_CHECK(damaged > 3 * count && passed_by_sqlite > count);
}

CAF_TEST(a page that is free and in use is found whatever the newest object is) {
  const std::string newest[] = {"CREATE VIEW z AS SELECT 1",
                                "CREATE VIRTUAL TABLE z USING fts5(x, content='')",
                                "CREATE VIRTUAL TABLE z USING dbstat", "CREATE TABLE z (a)"};
  for (const auto& sql : newest) {
    const temporary_folder folder;
    const auto path = folder.path / "a.db";
    {
      const auto db = open_plain(path);
      dbengine::sqlite::run_sql(
          db.get(),
          "CREATE TABLE t (id INTEGER PRIMARY KEY, v); CREATE TABLE keep (a);"
          "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 400)"
          "INSERT INTO t SELECT x, printf('%0900d', x) FROM c;"
          "INSERT INTO keep VALUES ('precious'); DELETE FROM t WHERE id > 50;" +
              sql,
          "make");
    }
    const auto root = static_cast<std::uint32_t>(
        number(open_plain(path).get(), "SELECT rootpage FROM sqlite_schema WHERE name = 'keep'"));
    auto bytes = content(path);
    const std::size_t trunk = (std::size_t{get32(bytes, 32)} - 1) * 4096;
    put32(bytes, trunk + 4 + 4 * get32(bytes, trunk + 4), root);
    write_file(path, bytes);
    CAF_MESSAGE(sql);
    CAF_CHECK(!checked_by_engine(path, false).empty());
    CAF_CHECK(!checked_by_engine(path, true).empty());
    CAF_CHECK(!verified(path));
    CAF_CHECK(!backed_up(path));
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(path, folder.path / "new.db"); }),
                    errc::backup_failed);
  }
}

CAF_TEST(a check changes nothing and keeps no snapshot) {
  const temporary_folder folder;
  db_engine db((folder.path / "a.db").string());
  db.execute_script("CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT 1");
  for (int i = 0; i < 3; ++i) {
    CAF_CHECK(db.integrity_check().empty());
    CAF_CHECK_EQUAL(db.fetch("SELECT name FROM sqlite_schema").size(), 2u);
    CAF_CHECK_EQUAL(
        db.fetch("SELECT name FROM pragma_table_list WHERE name GLOB 'dbengine*'").size(), 0u);
    db.execute("INSERT INTO t VALUES (2)");
    CAF_CHECK(db.checkpoint().complete);
  }
  // In memory, too, where the only connection is also the writer.
  db_engine memory("sqlite://");
  memory.execute_script("CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT 1");
  CAF_CHECK(memory.integrity_check().empty());
  CAF_CHECK_EQUAL(memory.fetch_value<int>("SELECT count(*) FROM t"), 1);
}

CAF_TEST(a file that was cut inside its last page is found and not copied) {
  const temporary_folder folder;
  for (const std::string mode : {"delete", "wal"}) {
    const auto path = folder.path / (mode + ".db");
    {
      const auto db = open_plain(path);
      dbengine::sqlite::run_sql(
          db.get(),
          "PRAGMA journal_mode = " + mode +
              "; CREATE TABLE t (v); WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 "
              "FROM c LIMIT 5000) INSERT INTO t SELECT printf('%0110d', x) FROM c",
          "fill");
    }
    const auto size = std::filesystem::file_size(path);
    CAF_CHECK(checked_by_engine(path, false).empty() && backed_up(path) && verified(path));
    for (const std::uintmax_t missing : {1u, 100u, 4095u}) {
      std::filesystem::resize_file(path, size - missing);
      CAF_CHECK(!checked_by_engine(path, false).empty());
      CAF_CHECK(!checked_by_engine(path, true).empty());
      CAF_CHECK(!backed_up(path));
      CAF_CHECK(!verified(path));
    }
  }
}

CAF_TEST(a page that only the log has yet is no page that is missing) {
  const temporary_folder folder;
  const auto path = folder.path / "a.db";
  const int made = in_child([&]() -> int {
    const auto db = open_plain(path);
    dbengine::sqlite::run_sql(
        db.get(),
        "PRAGMA journal_mode = wal; CREATE TABLE t (v); PRAGMA wal_checkpoint(truncate);"
        "PRAGMA wal_autocheckpoint = 0; WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL "
        "SELECT x + 1 FROM c LIMIT 60000) INSERT INTO t SELECT printf('%0300d', x) FROM c",
        "fill");
    ::_exit(0); // the log stays; its index has more than one region
  });
  CAF_REQUIRE_EQUAL(made, 0);
  CAF_REQUIRE(std::filesystem::file_size(path.string() + "-wal") > 4096u * 4200u);
  // The file size that an interrupted checkpoint leaves.
  std::filesystem::resize_file(path, std::filesystem::file_size(path) + 100);
  CAF_CHECK(checked_by_engine(path, true).empty());
  CAF_CHECK(backed_up(path));
}

CAF_TEST(a schema with JSON functions is backed up verified and restored) {
  const temporary_folder folder;
  const auto path = folder.path / "a.db";
  const auto db = open_plain(path);
  dbengine::sqlite::run_sql(
      db.get(),
      "CREATE TABLE t (a, b AS (a ->> '$.x') STORED, c AS (json_extract(a, '$.y')),"
      "  d CHECK (json_valid(d))); CREATE INDEX i ON t (b);"
      "CREATE INDEX k ON t (json_type(a, '$.x')) WHERE a -> '$.z' IS NOT NULL;"
      "INSERT INTO t (a, d) VALUES ('{\"x\": 1, \"y\": \"two\", \"z\": [3]}', '[]');"
      "CREATE VIEW v AS SELECT json_group_array(b) FROM t",
      "make");
  for (const bool compress : {false, true}) {
    const auto made =
        dbengine::backup::backup_job::start(
            {.database = path.string(), .directory = folder.path / "b", .compress = compress})
            ->run();
    CAF_CHECK(verify_backup(made.path).ok);
    std::filesystem::remove(made.path.string() + ".json");
    CAF_CHECK(verify_backup(made.path).ok);
    const auto target = folder.path / (compress ? "back.db" : "again.db");
    restore_backup(made.path, target);
    CAF_CHECK_EQUAL(number(open_plain(target).get(), "SELECT b FROM t WHERE b = 1"), 1);
  }
}

CAF_TEST(a hostile schema runs nothing that reaches outside while it is checked) {
  // None of these functions is innocuous. SQLite does not let a schema name them: the test writes
  // them into the schema by hand, where a check evaluates them. (It leaves out CHECK constraints of
  // a database that it opened for reading.)
  const std::string calls[] = {"load_extension(''/tmp/evil'')",
                               "rtreecheck(''main'', a)",
                               "fts5(a)",
                               "fts3_tokenizer(''simple'')",
                               "fts3_tokenizer(''simple'', a)",
                               "rtreedepth(a)",
                               "optimize(a)"};
  for (const auto& call : calls)
    for (const std::string kind : {"STORED", "VIRTUAL"}) {
      const temporary_folder folder;
      const auto path = folder.path / "a.db";
      dbengine::sqlite::run_sql(
          open_plain(path).get(),
          "CREATE TABLE h (a, b); CREATE INDEX i ON h (b); INSERT INTO h VALUES (1, 2);"
          "PRAGMA writable_schema = on; UPDATE sqlite_schema SET sql = "
          "'CREATE TABLE h (a, b AS (" +
              call + ") " + kind + ")' WHERE name = 'h'",
          "make");
      CAF_MESSAGE(call);
      const auto report = verify_backup(path);
      CAF_REQUIRE(!report.ok && !report.problems.empty());
      const auto& why = report.problems.front();
      CAF_CHECK(why.find("unsafe use of") != why.npos || why.find("non-deterministic") != why.npos);
      CAF_CHECK(!backed_up(path));
    }
}

CAF_TEST(the functions of a host may be named by its schema) {
  const temporary_folder folder;
  const options o{.backup_dir = folder.path / "b",
                  .functions = {{"twice", 1, true, [](std::span<const value_ref> a) {
                                   return value(a[0].integer * 2);
                                 }}}};
  db_engine db((folder.path / "a.db").string(), o);
  db.execute_script(
      "CREATE TABLE t (a, b AS (twice(a)), c AS (a ->> '$')); CREATE INDEX i ON t (b);"
      "INSERT INTO t (a) VALUES (4)");
  CAF_CHECK(db.request_backup());
}
