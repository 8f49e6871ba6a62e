// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that export, import and export again give the same: for random tables, and for a shop like
// the sample databases for learning SQL, which also goes through dump and script.

#include "data/import/import.hpp"

#include "data/dump/dump.hpp"
#include "output/output_file.hpp"
#include "output/row_writer.hpp"

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"

#include <cmath>
#include <cstdlib>
#include <random>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

using random_source = std::mt19937_64;

unsigned seed() {
  if (const char* given = std::getenv("DBENGINE_SEED"))
    return static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  return std::random_device{}();
}

std::size_t below(random_source& r, std::size_t n) {
  return std::uniform_int_distribution<std::size_t>(0, n - 1)(r);
}

std::string random_text(random_source& r) {
  using namespace std::string_literals;
  static const std::vector<std::string> pieces{
      "a",    "\"",    ",",     "\n",  "\r",   "\r\n",         " ",    "'", "x'00'", "7",  "0",
      "-",    ".",     "e5",    "Inf", "NULL", "\xef\xbb\xbf", "日本", "🎉", "\\",    "\t", "\0"s,
      "\xff", "$blob", "1e999", "+1",  "null", "{\"a\"",       "}",    "#", "x'",    "é"};
  std::string text;
  for (std::size_t n = below(r, 5); n > 0; --n)
    text += pieces[below(r, pieces.size())];
  return text;
}

value random_value(random_source& r) {
  switch (below(r, 8)) {
  case 0: return {};
  case 1: return value(static_cast<std::int64_t>(r()));
  case 2: return value(static_cast<std::int64_t>(below(r, 20)) - 10);
  case 3: {
    // Any bits that are a number.
    double x = 0;
    do {
      const std::uint64_t bits = r();
      std::memcpy(&x, &bits, sizeof x);
    } while (std::isnan(x));
    return value(x);
  }
  case 4: return value(static_cast<double>(below(r, 1000)) / 8 - 50);
  case 5: {
    std::string bytes(below(r, 6), '\0');
    for (auto& c : bytes)
      c = static_cast<char>(below(r, 256));
    return value(std::as_bytes(std::span<const char>(bytes)));
  }
  case 6: return value(r() % 2 == 0 ? HUGE_VAL : -HUGE_VAL);
  default: return value(random_text(r));
  }
}

// The rows of a table with their types and every byte.
std::string picture(const db_engine& db, const std::string& table) {
  std::string text;
  const rows all = db.fetch("SELECT * FROM " + app::quoted_name(table) + " ORDER BY rowid");
  for (const auto& row : all) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const auto f = row[i];
      text += std::to_string(static_cast<int>(f.type())) + ":";
      if (f.type() == value_type::integer)
        text += std::to_string(f.as<std::int64_t>());
      else if (f.type() == value_type::real)
        text += app::real_text(f.as<double>()) + (std::signbit(f.as<double>()) ? "-" : "");
      else if (!f.is_null())
        text += std::to_string(f.bytes().size()) + ":" + std::string(f.bytes());
      text += "|";
    }
    text += "\n";
  }
  return text;
}

std::string exported(const db_engine& db, const std::string& table, const std::string& format,
                     const std::filesystem::path& file) {
  app::output_file out(file);
  const auto writer = app::make_export_writer(format, out.stream());
  const rows all = db.fetch("SELECT * FROM " + app::quoted_name(table) + " ORDER BY rowid");
  writer->begin(all.columns());
  for (const auto& r : all)
    writer->add(r);
  writer->end();
  out.commit();
  return content_of(file);
}

void import(const db_engine& db, const std::string& text, const std::string& format) {
  app::memory_chunks input(text);
  app::import_result result;
  app::import_rows(
      db.with_timeout(std::chrono::hours(1)), text, true, input,
      {.table = "t",
       .format = format == "csv"    ? app::import_format::csv
                 : format == "json" ? app::import_format::json
                                    : app::import_format::jsonl},
      [&](std::uint64_t line, const std::string& why) {
        CAF_ERROR("line " << line << ": " << why);
      },
      result);
}

std::string column_name(random_source& r, std::size_t i) {
  static const std::vector<std::string> odd{"a b",       "quo\"te", "com,ma", "日本",
                                            "line\nend", "'",       " x"};
  return (below(r, 3) == 0 ? odd[below(r, odd.size())] : "c") + std::to_string(i);
}

} // namespace

CAF_TEST(random tables survive CSV and JSON) {
  const unsigned s = seed();
  CAF_MESSAGE("DBENGINE_SEED=" << s);
  random_source r(s);
  const engine_folder folder;
  std::size_t compared = 0;
  for (int round = 0; round < 150; ++round) {
    const db_engine from("sqlite://"), to("sqlite://");
    std::string names, marks;
    for (std::size_t i = 0, n = 1 + below(r, 5); i < n; ++i) {
      names += (i == 0 ? "" : ", ") + app::quoted_name(column_name(r, i));
      marks += i == 0 ? "?" : ", ?";
    }
    // Without types, so that every value is kept as it is.
    from.execute("CREATE TABLE t (" + names + ")");
    std::vector<params> sets(below(r, 12));
    const auto width = static_cast<std::size_t>(std::count(marks.begin(), marks.end(), '?'));
    for (auto& set : sets)
      for (std::size_t i = 0; i < width; ++i)
        set.add(random_value(r));
    from.execute_many("INSERT INTO t VALUES (" + marks + ")", sets);
    for (const std::string format : {"csv", "json", "jsonl"}) {
      to.execute("DROP TABLE IF EXISTS t");
      to.execute("CREATE TABLE t (" + names + ")");
      const auto text = exported(from, "t", format, folder.path / "a");
      import(to, text, format);
      const bool same = picture(from, "t") == picture(to, "t") &&
                        text == exported(to, "t", format, folder.path / "b");
      if (!same)
        CAF_FAIL("DBENGINE_SEED=" << s << ", round " << round << ", " << format << ":\n"
                                  << picture(from, "t") << "became\n"
                                  << picture(to, "t") << "by\n"
                                  << text);
      compared += sets.size();
    }
  }
  CAF_CHECK(compared > 500);
}

CAF_TEST(JSON lines make a table that changes no value) {
  const unsigned s = seed();
  CAF_MESSAGE("DBENGINE_SEED=" << s);
  random_source r(s);
  const engine_folder folder;
  std::size_t compared = 0;
  for (int round = 0; round < 100; ++round) {
    const db_engine from("sqlite://"), to("sqlite://");
    from.execute("CREATE TABLE t (a, b)");
    std::vector<params> sets(1 + below(r, 8));
    for (auto& set : sets)
      set.add(random_value(r)), set.add(value(static_cast<std::int64_t>(below(r, 9))));
    from.execute_many("INSERT INTO t VALUES (?, ?)", sets);
    import(to, exported(from, "t", "jsonl", folder.path / "a"), "jsonl");
    if (picture(from, "t") != picture(to, "t"))
      CAF_FAIL("DBENGINE_SEED=" << s << ", round " << round << ":\n"
                                << picture(from, "t") << "became\n"
                                << picture(to, "t"));
    compared += sets.size();
  }
  CAF_CHECK(compared > 200);
}

namespace {

// A shop with the features of such databases: keys of every kind, views, triggers, indexes on
// expressions, generated columns, strict and rowid-less tables, full text, an R-tree, blobs, names
// with spaces.
std::string shop() {
  std::string sql = R"sql(
CREATE TABLE "Artist" ("ArtistId" INTEGER NOT NULL PRIMARY KEY, "Name" NVARCHAR(120));
CREATE TABLE "Album" ("AlbumId" INTEGER PRIMARY KEY AUTOINCREMENT, "Title" NVARCHAR(160) NOT NULL,
  "ArtistId" INTEGER NOT NULL REFERENCES "Artist" ("ArtistId") ON DELETE CASCADE);
CREATE TABLE "Order Details" ("OrderID" INT, "ProductID" INT, "UnitPrice" NUMERIC(10,2) DEFAULT 0,
  "Quantity" SMALLINT CHECK ("Quantity" > 0), "Total" REAL AS ("UnitPrice" * "Quantity") STORED,
  PRIMARY KEY ("OrderID", "ProductID")) WITHOUT ROWID;
CREATE TABLE film (film_id INTEGER PRIMARY KEY, title TEXT NOT NULL, length INTEGER, cover BLOB,
  last_update TEXT) STRICT;
CREATE INDEX idx_title ON film (title COLLATE NOCASE) WHERE length > 60;
CREATE INDEX idx_expr ON "Album" (upper("Title"));
CREATE VIEW "Top Albums" AS SELECT a."Name", count(*) AS n FROM "Artist" a JOIN "Album" USING ("ArtistId")
  GROUP BY 1 HAVING n > 1;
CREATE TABLE log (at TEXT, what TEXT);
CREATE TRIGGER film_ai AFTER INSERT ON film BEGIN
  INSERT INTO log VALUES (NEW.last_update, 'made; ' || NEW.title); END;
CREATE VIRTUAL TABLE notes USING fts5(title, body);
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);
PRAGMA user_version = 42;
)sql";
  for (int i = 1; i <= 40; ++i) {
    const auto n = std::to_string(i);
    sql += "INSERT INTO \"Artist\" VALUES (" + n + ", 'Artist ''" + n + "'' é🎉');\n";
  }
  for (int i = 1; i <= 40; ++i) {
    const auto n = std::to_string(i);
    sql += "INSERT INTO \"Album\" (\"Title\", \"ArtistId\") VALUES ('Line" + n +
           "\nbreak; -- no comment', " + std::to_string(1 + i % 7) + ");\n";
    sql += "INSERT INTO \"Order Details\" VALUES (" + n + ", " + std::to_string(i * 3) + ", " +
           std::to_string(i) + ".25, " + std::to_string(i % 5 + 1) + ");\n";
    sql += "INSERT INTO film VALUES (" + n + ", 'Film " + n + "', " +
           (i % 3 == 0 ? "NULL" : std::to_string(i * 4)) + ", " +
           (i % 2 == 0 ? "x'00ff0a" + std::string(1, static_cast<char>('0' + i % 10)) + "0'"
                       : "NULL") +
           ", '2026-01-02 03:04:05');\n";
  }
  sql += "INSERT INTO notes VALUES ('first', 'the quick brown fox'), ('second', 'a lazy dog');\n"
         "INSERT INTO boxes VALUES (1, 0.5, 1.5), (2, -3, 8);\n"
         "DELETE FROM \"Album\" WHERE \"AlbumId\" = 40;\n";
  return sql;
}

// The whole content of a database, read by SQLite's own program.
std::string content(const std::filesystem::path& db) {
  const std::string sql =
      "PRAGMA user_version; SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2;"
      "SELECT quote(ArtistId), quote(Name) FROM Artist; SELECT quote(AlbumId), quote(Title), ArtistId FROM Album;"
      "SELECT *, typeof(UnitPrice) FROM \"Order Details\"; SELECT film_id, quote(title), quote(length), quote(cover), "
      "last_update FROM film; SELECT * FROM log; SELECT * FROM \"Top Albums\"; SELECT rowid, * FROM notes;"
      "SELECT title FROM notes WHERE notes MATCH 'fox'; SELECT * FROM boxes; SELECT * FROM sqlite_sequence;"
      "PRAGMA integrity_check; PRAGMA foreign_key_check;";
  const auto r = run({db.string(), sql}, {.program = "/usr/bin/sqlite3"});
  CAF_CHECK_EQUAL(r.err, "");
  return r.out;
}

} // namespace

CAF_TEST(a shop goes through script and dump and back) {
  if (!has_program("sqlite3"))
    DBENGINE_SKIP("no sqlite3 here");
  const engine_folder folder;
  write_text(folder.path / "shop.sql", shop());
  const auto in = [&](const std::string& line, const std::string& input = {}) {
    const auto r = run_line(line, {.input = input, .folder = folder.path});
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line + " " + (r.code == 0 ? "" : r.err),
                    "0 " + line + " ");
    return r.out;
  };
  in("script shop.db shop.sql");
  const auto dumped = in("dump shop.db");
  in("script copy.db -", dumped);
  CAF_CHECK_EQUAL(in("dump copy.db"), dumped);
  CAF_CHECK_EQUAL(content(folder.path / "copy.db"), content(folder.path / "shop.db"));
  // SQLite's program reads our dump, and this program reads SQLite's. Exception: for virtual
  // tables, SQLite's dump writes into the schema, which no client may.
  run({(folder.path / "theirs.db").string()}, {.input = dumped, .program = "/usr/bin/sqlite3"});
  CAF_CHECK_EQUAL(content(folder.path / "theirs.db"), content(folder.path / "shop.db"));
  const auto theirs = [&](const char* file) {
    return run({(folder.path / file).string(), ".dump"}, {.program = "/usr/bin/sqlite3"}).out;
  };
  const auto refused =
      run({"script", "refused.db", "-"}, {.input = theirs("shop.db"), .folder = folder.path});
  CAF_CHECK_EQUAL(refused.code, 1);
  CAF_CHECK(refused.err.find("sqlite_master may not be modified") != std::string::npos ||
            refused.err.find("sqlite_schema may not be modified") != std::string::npos);
  in("script plain.db -", dumped + "DROP TABLE notes; DROP TABLE boxes; PRAGMA user_version = 0;");
  in("script ours.db -", theirs("plain.db"));
  CAF_CHECK_EQUAL(in("dump ours.db"), in("dump plain.db"));
  CAF_CHECK_EQUAL(in("query shop.db 'SELECT count(*) AS n FROM log' -o csv"), "n\n40\n");
  CAF_CHECK_EQUAL(in("check copy.db"), "ok\n");
}

CAF_TEST(full text indexes of every kind are dumped as what they are) {
  const engine_folder folder;
  const auto in = [&](const std::vector<std::string>& words, const std::string& input = {}) {
    const auto r = run(words, {.input = input, .folder = folder.path});
    CAF_CHECK_EQUAL(std::to_string(r.code) + (r.code == 0 ? "" : r.err), "0");
    return r;
  };
  in({"script", "a.db", "-"}, R"sql(
CREATE TABLE doc (id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO doc VALUES (1, 'fts5 (content=''x'') is a text'), (5, 'a quick fox');
CREATE VIRTUAL TABLE outside USING FTS5(body, CONTENT = "doc", content_rowid='id');
INSERT INTO outside (outside) VALUES ('rebuild');
CREATE VIRTUAL TABLE empty USING fts5(body, content='');
INSERT INTO empty (rowid, body) VALUES (3, 'gone');
CREATE VIRTUAL TABLE "using fts5(x, content='')" USING /* fts5 */ Fts4("content", tokenize=simple);
INSERT INTO "using fts5(x, content='')" (docid, content) VALUES (7, 'kept');
CREATE VIRTUAL TABLE words USING fts5vocab(outside, 'row');
CREATE VIRTUAL TABLE boxes USING RTree(id, x0, x1);
INSERT INTO boxes VALUES (4, 1, 2);
CREATE TABLE log (rtree_fts5 TEXT);
INSERT INTO log VALUES ('plain');
)sql");
  const auto dumped = in({"dump", "a.db"});
  CAF_CHECK(dumped.err.find("table empty is an index that keeps no text") != std::string::npos);
  in({"script", "b.db", "-"}, dumped.out);
  CAF_CHECK_EQUAL(in({"dump", "b.db"}).out, dumped.out);
  const auto value = [&](const std::string& sql) {
    return in({"query", "b.db", sql, "-o", "csv"}).out;
  };
  CAF_CHECK_EQUAL(value("SELECT rowid AS r FROM outside WHERE outside MATCH 'fox'"), "r\n5\n");
  CAF_CHECK_EQUAL(
      value("SELECT docid AS r FROM \"using fts5(x, content='')\" WHERE content MATCH 'kept'"),
      "r\n7\n");
  CAF_CHECK_EQUAL(value("SELECT count(*) AS n FROM words WHERE term = 'fox'"), "n\n1\n");
  CAF_CHECK_EQUAL(value("SELECT count(*) AS n FROM empty"), "n\n0\n");
  CAF_CHECK_EQUAL(value("SELECT id FROM boxes"), "id\n4\n");
}

CAF_TEST(tables of the shop go through files by the commands) {
  const engine_folder folder;
  const auto in = [&](const std::vector<std::string>& words, const std::string& input = {}) {
    const auto r = run(words, {.input = input, .folder = folder.path});
    CAF_CHECK_EQUAL(std::to_string(r.code) + (r.code == 0 ? "" : r.err), "0");
    return r.out;
  };
  in({"script", "shop.db", "-"}, shop());
  for (const std::string table : {"Artist", "Album", "film", "log", "Top Albums"})
    for (const std::string format : {"csv", "json", "jsonl"}) {
      const auto file = "out." + format;
      in({"export", "shop.db", "-t", table, file});
      in({"import", "copy_" + format + ".db", file, "-t", table});
      CAF_CHECK_EQUAL(
          in({"export", "copy_" + format + ".db", "-t", table, "-", "--format", format}),
          content_of(folder.path / file));
    }
  // Generated columns are not exported, because they could not be imported.
  in({"export", "shop.db", "-t", "Order Details", "details.csv"});
  in({"query", "shop.db", "CREATE TABLE before AS SELECT * FROM \"Order Details\""});
  in({"query", "shop.db", "DELETE FROM \"Order Details\""});
  in({"import", "shop.db", "details.csv", "-t", "Order Details"});
  CAF_CHECK_EQUAL(in({"query", "shop.db", "SELECT * FROM before", "-o", "csv"}),
                  in({"query", "shop.db", "SELECT * FROM \"Order Details\"", "-o", "csv"}));
  // Into the same table again, by its own types, and from SQL with a parameter.
  in({"export", "shop.db", "SELECT * FROM film WHERE film_id > :n", "some.csv", "-p", "n:=30"});
  in({"query", "shop.db", "DELETE FROM film WHERE film_id > 30"});
  in({"import", "shop.db", "some.csv", "-t", "film"});
  CAF_CHECK_EQUAL(in({"export", "shop.db", "SELECT * FROM film WHERE film_id > 30", "-"}),
                  content_of(folder.path / "some.csv"));
}
