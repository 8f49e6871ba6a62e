// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Databases that are valid but unusual.
#include "support/engine/backup_fixture.hpp"

#include "backup/backup_stream.hpp"

#include <zstd.h>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

// The properties that a copy must share with its source, other than the rows.
std::vector<std::string> look_of(sqlite3* db) {
  std::vector<std::string> result;
  for (const std::string sql :
       {"PRAGMA page_size", "PRAGMA auto_vacuum", "PRAGMA encoding", "PRAGMA application_id",
        "PRAGMA user_version",
        "SELECT group_concat(type || name || coalesce(sql, ''), char(10)) FROM "
        "(SELECT * FROM sqlite_schema ORDER BY rowid)"})
    result.push_back(dbengine::sqlite::column_of(db, sql, sql).at(0));
  return result;
}

// Compresses `bytes`, padded with zeros to `times` their size: a decompression bomb.
std::string packed(const std::string& bytes, int times) {
  std::string text = bytes;
  text.append(bytes.size() * static_cast<std::size_t>(times - 1), '\0');
  std::string result(ZSTD_compressBound(text.size()), '\0');
  result.resize(ZSTD_compress(result.data(), result.size(), text.data(), text.size(), 1));
  return result;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

CAF_TEST(a copy has the pages the encoding and the marks of its source) {
  const char* const settings[] = {
      "PRAGMA page_size = 512",       "PRAGMA page_size = 65536",
      "PRAGMA auto_vacuum = full",    "PRAGMA auto_vacuum = incremental; PRAGMA page_size = 1024",
      "PRAGMA encoding = 'UTF-16le'", "PRAGMA encoding = 'UTF-16be'; PRAGMA page_size = 8192",
  };
  for (const bool compress : {false, true})
    for (const bool wal : {false, true})
      for (const std::string first : settings) {
        CAF_MESSAGE(first << (wal ? " wal" : " rollback") << (compress ? " compressed" : ""));
        const temporary_folder folder;
        const auto source = folder.path / "source.db";
        const auto db = open_plain(source);
        dbengine::sqlite::run_sql(
            db.get(),
            first + ";PRAGMA journal_mode = " + (wal ? "wal" : "delete") +
                ";PRAGMA application_id = 77; PRAGMA user_version = 99;"
                "CREATE TABLE t (a TEXT, b); CREATE INDEX i ON t (a);"
                "INSERT INTO t VALUES ('äöü', zeroblob(100000)), ('x', 1);"
                "DELETE FROM t WHERE a = 'äöü'; INSERT INTO t VALUES ('ß', 2)",
            "fill");
        const auto made =
            dbengine::backup::backup_job::start(
                {.database = source.string(), .directory = folder.path / "b", .compress = compress})
                ->run();
        CAF_CHECK(verify_backup(made.path).ok);
        const auto target = folder.path / "back.db";
        restore_backup(made.path, target);
        const auto copy = open_plain(target);
        CAF_CHECK_EQUAL(look_of(copy.get()), look_of(db.get()));
        CAF_CHECK_EQUAL(sqlite::column_of(copy.get(), "SELECT a || b FROM t ORDER BY rowid", "q"),
                        sqlite::column_of(db.get(), "SELECT a || b FROM t ORDER BY rowid", "q"));
        CAF_CHECK_EQUAL(made.pages,
                        static_cast<std::uint64_t>(number(copy.get(), "PRAGMA page_count")));
      }
}

CAF_TEST(every kind of table is backed up) {
  const temporary_folder folder;
  const auto source = folder.path / "source.db";
  const auto db = open_plain(source);
  dbengine::sqlite::run_sql(
      db.get(),
      "CREATE VIRTUAL TABLE full5 USING fts5(x); INSERT INTO full5 VALUES ('hello world');"
      "CREATE VIRTUAL TABLE box USING rtree(id, a, b); INSERT INTO box VALUES (1, 2, 3);"
      "CREATE TABLE made (a, b AS (a * 2) STORED, c AS (a + 1)); INSERT INTO made (a) VALUES (4);"
      "CREATE TABLE bare (a PRIMARY KEY, b) WITHOUT ROWID; INSERT INTO bare VALUES (1, 2);"
      "CREATE TABLE typed (a INTEGER) STRICT; INSERT INTO typed VALUES (5);"
      "CREATE TABLE \"a \"\"quoted\"\"\n name\" (x); CREATE INDEX part ON made (abs(a)) WHERE a > 1;"
      "CREATE VIEW v AS SELECT * FROM made; CREATE TEMP TABLE passing (x);"
      "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counted VALUES (9);"
      "CREATE TRIGGER tr AFTER INSERT ON made BEGIN INSERT INTO bare VALUES (new.a, 1); END; ANALYZE;"
      "PRAGMA writable_schema = on; INSERT INTO sqlite_schema VALUES "
      "('table', 'foreign', 'foreign', 0, 'CREATE VIRTUAL TABLE \"foreign\" USING no_such_module(a)')",
      "fill");
  const auto made = dbengine::backup::backup_job::start(
                        {.database = source.string(), .directory = folder.path / "b"})
                        ->run();
  CAF_CHECK(verify_backup(made.path).ok);
  const auto target = folder.path / "back.db";
  restore_backup(made.path, target);
  const auto copy = open_plain(target);
  CAF_CHECK_EQUAL(look_of(copy.get()), look_of(db.get()));
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT count(*) FROM full5 WHERE full5 MATCH 'world'"), 1);
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT count(*) FROM box WHERE a < 3 AND b > 2"), 1);
  dbengine::sqlite::run_sql(copy.get(), "INSERT INTO made (a) VALUES (6)", "the trigger works");
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT b FROM bare WHERE a = 6"), 1);
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT sum(b) + sum(c) FROM v"), 8 + 5 + 12 + 7);
  CAF_CHECK_EQUAL(number(copy.get(), "SELECT seq FROM sqlite_sequence"), 9);
}

CAF_TEST(what unpacks to more than its database is no backup and takes no room) {
  backup_fixture f(200);
  auto s = f.settings();
  s.compress = true;
  const auto made = f.make(s);
  const auto plain = content(f.make().path);
  const auto refused = [&](const std::filesystem::path& path, const std::string& why) {
    const auto report = verify_backup(path);
    CAF_CHECK(!report.ok);
    CAF_REQUIRE(!report.problems.empty());
    CAF_CHECK_EQUAL(report.problems.front().substr(0, why.size()), why);
    const auto target = f.folder.path / "bomb.db";
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(path, target); }), errc::backup_failed);
    CAF_CHECK(!std::filesystem::exists(target));
  };
  // Some 50 MB from a few kilobytes. Refused by the size in the header, whether SQLite would trust
  // that or not, and by the size in the manifest. Zeros are refused because they are not a
  // database.
  const auto bomb = f.folder.path / "bomb.zst";
  const std::string told = "the compressed backup unpacks to more than the " +
                           std::to_string(plain.size()) + " bytes of its database";
  write_file(bomb, packed(plain, 1000));
  CAF_CHECK(std::filesystem::file_size(bomb) < 200'000);
  refused(bomb, told);
  auto silent = plain;
  silent[92] = static_cast<char>(silent[92] ^ 0x55);
  write_file(bomb, packed(silent, 1000));
  std::filesystem::copy(made.path.string() + ".json", bomb.string() + ".json");
  refused(bomb, told);
  std::filesystem::remove(bomb.string() + ".json");
  // The same without a manifest; then a header that claims zero pages.
  refused(bomb, told);
  auto empty = silent;
  empty.replace(28, 4, 4, '\0');
  write_file(bomb, packed(empty, 1000));
  refused(bomb, "the compressed backup unpacks to more than the 0 bytes of its database");
  write_file(bomb, packed(std::string(plain.size(), '\0'), 1000));
  refused(bomb, "the compressed backup holds no database");
  // Change counters that differ are no reason to refuse.
  write_file(bomb, packed(silent, 1));
  CAF_CHECK(verify_backup(bomb).ok);
}

CAF_TEST(unpacking stops at the size of the database and when its callback refuses) {
  backup_fixture f(200);
  const auto plain = content(f.make().path);
  const auto bomb = f.folder.path / "bomb.zst";
  write_file(bomb, packed(plain, 1000));
  const auto fd = dbengine::os::directory::open(f.folder.path, false).open_file("bomb.zst");
  const auto out = dbengine::backup::open_temporary_file();
  CAF_CHECK_EQUAL(
      code_of([&] { backup::stream(backup::stream_kind::unpack, fd.get(), out.get()); }),
      errc::corrupt);
  CAF_CHECK(os::file_size(out.get()) <= plain.size());
  // The callback runs while the output grows.
  int asked = 0;
  auto large = plain;
  large[92] = static_cast<char>(large[92] ^ 0x55); // SQLite does not trust the size in the header
  large.replace(28, 4, "\x00\x01\x00\x00", 4);
  write_file(bomb, packed(large, 1000));
  const auto again = dbengine::os::directory::open(f.folder.path, false).open_file("bomb.zst");
  CAF_CHECK_EQUAL(code_of([&] {
                    backup::stream(backup::stream_kind::unpack, again.get(), -1,
                                   [&](std::uint64_t) { return ++asked < 3; });
                  }),
                  errc::cancelled);
}

CAF_TEST(a compressed backup that is cut anywhere is damaged) {
  backup_fixture f(200);
  auto s = f.settings();
  s.compress = true;
  const auto made = f.make(s);
  std::filesystem::remove(made.path.string() + ".json"); // the file alone must suffice
  for (std::uint64_t size = 0; size < made.size_bytes; size += made.size_bytes / 20) {
    const auto cut = f.folder.path / "cut.zst";
    write_file(cut, content(made.path).substr(0, size));
    CAF_CHECK(!verify_backup(cut).ok);
    CAF_CHECK_EQUAL(code_of([&] { restore_backup(cut, f.folder.path / "new.db"); }),
                    errc::backup_failed);
  }
  CAF_CHECK(verify_backup(made.path).ok);
  CAF_CHECK(!std::filesystem::exists(f.folder.path / "new.db"));
}

CAF_TEST(foreign keys that SQLite cannot check are no reason to refuse a backup) {
  backup_fixture f(10);
  // Legal with foreign_keys=off: the parent column is not unique, and `foreign_key_check` fails.
  dbengine::sqlite::run_sql(f.db.get(),
                            "CREATE TABLE parent (a); CREATE TABLE child (b REFERENCES parent (a));"
                            "INSERT INTO child VALUES (1)",
                            "set up");
  const auto made = f.make();
  const auto report = verify_backup(made.path);
  CAF_CHECK(report.ok);
  const auto target = f.folder.path / "back.db";
  restore_backup(made.path, target);
  CAF_CHECK_EQUAL(number(open_plain(target).get(), "SELECT count(*) FROM child"), 1);
  // The same without a manifest.
  std::filesystem::remove(made.path.string() + ".json");
  CAF_CHECK(verify_backup(made.path).ok);
}
