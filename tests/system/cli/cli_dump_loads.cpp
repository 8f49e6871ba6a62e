// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that every dump loads, in this program and in SQLite's own, and makes a database that is
// equal by value and type. Covered are comments at the end of a schema, full-text indexes over
// views, tables that cannot be read here, statistics, and as many columns as SQLite allows.

#include "data/dump/dump_text.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/wire/remote_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;

  run_result run_in(const std::vector<std::string>& words, const std::string& input = {}) const {
    return run(words, {.input = input, .folder = folder.path});
  }
  run_result sqlite(std::vector<std::string> words, const std::string& input = {}) const {
    words.insert(words.begin(), "-bail");
    return run(words, {.input = input, .folder = folder.path, .program = "/usr/bin/sqlite3"});
  }
  /// `sorted` sorts the lines, so that the order of rows does not matter.
  std::string asked(const std::string& db, const std::string& sql, bool sorted = false) const {
    const auto r = sqlite({"-quote", db, sql});
    CAF_CHECK_EQUAL(r.err, "");
    if (!sorted)
      return r.out;
    std::vector<std::string> lines;
    std::istringstream from(r.out);
    for (std::string line; std::getline(from, line);)
      lines.push_back(line);
    std::sort(lines.begin(), lines.end());
    std::string all;
    for (const auto& line : lines)
      all += line + "\n";
    return all;
  }
  void make(const std::string& db, const std::vector<std::string>& texts) const {
    for (const auto& sql : texts)
      CAF_CHECK_EQUAL(sqlite({"-cmd", ".dbconfig defensive off", db, sql}).err, "");
  }
  // Later SQLite versions gather some statistics when an engine closes the file, without a request.
  static std::string without_statistics(const std::string& dump) {
    std::string all;
    std::istringstream from(dump);
    for (std::string line; std::getline(from, line);)
      if (line != "ANALYZE sqlite_schema;" && !line.starts_with("INSERT INTO sqlite_stat1 "))
        all += line + "\n";
    return all;
  }
  // The shadow tables of a full-text index depend on the order in which its rows were inserted.
  static bool depends_on_order(const std::string& name) {
    for (const std::string own : {"_data\"", "_idx\"", "_segdir\"", "_segments\"", "_stat\""})
      if (name.ends_with(own))
        return true;
    return false;
  }
  /// Every row of every table with its type, and the result of the query.
  std::string content(const std::string& db, const std::string& query) const {
    std::string all;
    std::istringstream names(
        run_in(
            {"query", db,
             "SELECT '\"' || replace(name, '\"', '\"\"') || '\"' FROM sqlite_schema WHERE type = "
             "'table' AND name NOT IN ('sqlite_sequence', 'sqlite_stat1') AND sql NOT LIKE '%vec0%' AND sql NOT LIKE "
             "'%nope%' AND sql NOT LIKE '%dbstat%' ORDER BY name",
             "-o", "line"})
            .out);
    for (std::string line; std::getline(names, line);)
      if (const auto at = line.find(" = "); at != line.npos && !depends_on_order(line))
        all += line + "\n" + asked(db, "SELECT * FROM " + line.substr(at + 3), true);
    return all + (query.empty() ? "" : asked(db, query));
  }
  /// Dumps a.db, loads the dump both ways and compares. Returns the dump.
  std::string loads(const std::string& query = {}) const {
    const auto dumped = run_in({"dump", "a.db"});
    CAF_CHECK_EQUAL(std::to_string(dumped.code) + dumped.err.substr(0, dumped.err.find(':')),
                    dumped.err.empty() ? "0" : "0warning");
    const auto expected = content("a.db", query);
    const auto ours = run_in({"script", "b.db", "-", "-q"}, dumped.out);
    CAF_CHECK_EQUAL(std::to_string(ours.code) + ours.err, "0");
    if (content("b.db", query) != expected)
      CAF_ERROR("not equal: " << content("b.db", query) << "\nexpected: " << expected);
    const auto theirs = sqlite({"c.db"}, dumped.out);
    CAF_CHECK_EQUAL(std::to_string(theirs.code) + theirs.err, "0");
    if (content("c.db", query) != expected)
      CAF_ERROR("not equal in sqlite3: " << content("c.db", query) << "\nexpected: " << expected);
    for (const char* const copy : {"b.db", "c.db"})
      CAF_CHECK_EQUAL(asked(copy, "PRAGMA integrity_check"), "'ok'\n");
    // The same over the wire.
    server s("sqlite:///" + (folder.path / "a.db").string(), {"--read-only"});
    CAF_CHECK_EQUAL(s.trouble(), "");
    const auto far = run_line("--connect " + s.address() + " dump");
    CAF_CHECK_EQUAL(far.code, 0);
    CAF_CHECK_EQUAL(without_statistics(far.out), without_statistics(dumped.out));
    CAF_CHECK_EQUAL(far.err, dumped.err);
    return dumped.out;
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_dump_loads, fixture)

CAF_TEST(comments at the end of a schema text swallow nothing) {
  make("a.db", {"CREATE TABLE t (a, b DEFAULT 'x -- y' /* in between */); INSERT INTO t VALUES (1, "
                "'one'), (2.5, x'00'), (NULL, '-- no comment')",
                "CREATE VIEW line AS SELECT a FROM t -- all\n",
                "CREATE VIEW line2 AS SELECT a FROM t WHERE b <> '/* ' --", //
                "CREATE VIEW open AS SELECT a, b FROM t /* never closed; not here",
                "CREATE VIEW open2 AS SELECT a FROM t /*x",
                "CREATE VIEW \"quoted -- /*\" AS SELECT \"a\" AS \"/*\" FROM t",
                "CREATE INDEX part ON t (a) WHERE b > 1 -- only these",
                "CREATE INDEX part2 ON t (b) WHERE a > 1 /* and these",
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; -- one\nEND"});
  const auto dumped =
      loads("SELECT (SELECT count(*) FROM line), (SELECT count(*) FROM line2), (SELECT count(*) "
            "FROM open), (SELECT count(*) FROM open2), (SELECT count(*) FROM \"quoted -- /*\")");
  CAF_CHECK(has(dumped, "-- all\n;\n"));
  // `schema` writes the same statements, and these run, too.
  const auto schema = run_in({"schema", "a.db"}).out;
  CAF_CHECK_EQUAL(run_in({"script", "d.db", "-"}, schema).err, "9 statements\n");
  CAF_CHECK_EQUAL(sqlite({"e.db"}, schema).err, "");
  CAF_CHECK_EQUAL(asked("e.db", "SELECT count(*) FROM sqlite_schema"), "9\n");
}

CAF_TEST(full text over views is built when they are there) {
  make("a.db",
       {"CREATE TABLE t (id INTEGER PRIMARY KEY, b, l); INSERT INTO t VALUES (1, 'dog', 'en'), "
        "(2, 'chien', 'fr'), (3, 'cat', 'en'); CREATE VIEW en AS SELECT id AS rowid, b FROM t "
        "WHERE l = 'en'; CREATE VIRTUAL TABLE f USING fts5 (b, content='en', "
        "content_rowid='rowid'); INSERT INTO f (f) VALUES ('rebuild'); "
        "CREATE VIEW docs AS SELECT id AS docid, b FROM t; CREATE VIRTUAL TABLE g USING "
        "fts4 (b, content=\"docs\"); INSERT INTO g (g) VALUES ('rebuild'); "
        "CREATE TRIGGER after AFTER INSERT ON t BEGIN INSERT INTO f (f) VALUES ('rebuild'); END; "
        "CREATE VIRTUAL TABLE words USING fts5vocab (f, row); "
        "CREATE VIRTUAL TABLE pages USING dbstat"});
  loads(
      "SELECT (SELECT group_concat(rowid) FROM f WHERE f MATCH 'cat'), (SELECT "
      "group_concat(docid) FROM g WHERE g MATCH 'chien'), (SELECT group_concat(term) FROM words)");
}

CAF_TEST(an index over what is gone is made empty) {
  make("a.db", {"CREATE TABLE t (a); CREATE VIRTUAL TABLE f USING fts5 (a, content=t); DROP TABLE "
                "t; CREATE TABLE kept (x); INSERT INTO kept VALUES (1)"});
  const auto dumped = run_in({"dump", "a.db"});
  CAF_CHECK_EQUAL(dumped.code, 0);
  CAF_CHECK_EQUAL(dumped.err,
                  "warning: table f is an index over 't', which cannot be read: it is created "
                  "empty\n");
  CAF_CHECK_EQUAL(run_in({"script", "b.db", "-", "-q"}, dumped.out).err, "");
  CAF_CHECK_EQUAL(sqlite({"c.db"}, dumped.out).err, "");
  CAF_CHECK_EQUAL(asked("c.db", "SELECT * FROM kept"), "1\n");
}

CAF_TEST(languages of full text are kept) {
  make("a.db", {"CREATE VIRTUAL TABLE f USING fts4 (b, languageid=\"lang\"); INSERT INTO f (docid, "
                "b, lang) VALUES (7, 'dog', 0), (9, 'chien', 2)"});
  loads("SELECT docid, b, lang FROM f; SELECT docid FROM f WHERE f MATCH 'chien' AND lang = 2");
}

CAF_TEST(a table that cannot be read stops no other) {
  make("a.db",
       {"CREATE TABLE t (a); INSERT INTO t VALUES (1); CREATE TABLE vec_rows (e); INSERT INTO "
        "vec_rows VALUES (x'0102'); CREATE VIEW v AS SELECT * FROM vec",
        "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema VALUES ('table', 'vec', 'vec', 0, "
        "'CREATE VIRTUAL TABLE vec USING vec0(e"
        "\n"
        "-1,"
        "\n"
        "DROP TABLE t; /* */)'), ('table', "
        "'f', 'f', 0, 'CREATE VIRTUAL TABLE f USING fts5(a, tokenize=nope)')"});
  const auto dumped = loads("SELECT count(*) FROM vec_rows");
  CAF_CHECK(has(dumped, "-- left out, no such module: vec0:\n-- CREATE VIRTUAL TABLE vec"));
  const auto err = run_in({"dump", "a.db"}).err;
  CAF_CHECK(has(err, "warning: table vec cannot be read (no such module: vec0): it is left out\n"));
  CAF_CHECK(has(err, "warning: table f cannot be read ("));
}

CAF_TEST(statistics are kept) {
  make("a.db", {"CREATE TABLE t (a, b); CREATE INDEX i ON t (a); CREATE INDEX j ON t (b, a); "
                "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500) "
                "INSERT INTO t SELECT x % 10, x % 7 FROM n; ANALYZE",
                "UPDATE sqlite_stat1 SET stat = '500 3 unordered' WHERE idx = 'i'"});
  const auto dumped = loads();
  CAF_CHECK(has(dumped, "'500 3 unordered'"));
  CAF_CHECK_EQUAL(asked("b.db", "SELECT * FROM sqlite_stat1 ORDER BY 1, 2"),
                  asked("a.db", "SELECT * FROM sqlite_stat1 ORDER BY 1, 2"));
}

CAF_TEST(sequences that nothing uses any more are no obstacle) {
  make("a.db", {"CREATE TABLE gone (id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO gone VALUES "
                "(5); DROP TABLE gone; CREATE TABLE \"autoincrement\" (a /* AUTOINCREMENT */)"});
  CAF_CHECK(!has(loads(), "sqlite_sequence"));
  make("a.db", {"CREATE TABLE used (id INTEGER PRIMARY KEY autoincrement); INSERT INTO used VALUES "
                "(41); DELETE FROM used"});
  for (const char* const copy : {"b.db", "c.db"})
    std::filesystem::remove(folder.path / copy);
  loads("SELECT * FROM sqlite_sequence WHERE name = 'used'");
}

CAF_TEST(as many columns as SQLite allows are dumped and loaded) {
  constexpr int most = 2000;
  std::string columns, values;
  for (int i = 0; i < most; ++i) {
    columns += (i == 0 ? "c" : ", c") + std::to_string(i);
    values += (i == 0 ? "" : ",") + (i % 3 == 0 ? std::to_string(i) : i % 3 == 1 ? "'x'" : "NULL");
  }
  CAF_REQUIRE_EQUAL(run_in({"script", "a.db", "-", "-q"},
                           "CREATE TABLE wide (" + columns + "); INSERT INTO wide VALUES (" +
                               values + "); INSERT INTO wide VALUES (" + values +
                               "); CREATE TABLE one (a); INSERT INTO one VALUES (1); CREATE TABLE "
                               "none (a); CREATE TABLE last (a, b); INSERT INTO last VALUES "
                               "(x'00', 2)")
                        .code,
                    0);
  loads();
}

CAF_TEST(a row longer than a statement may be is put together from pieces) {
  std::string text, bytes;
  for (int i = 0; i < 900; ++i) {
    text += i % 7 == 0 ? "\r" : i % 5 == 0 ? "'" : i % 3 == 0 ? "\u20ac" : "x";
    bytes += static_cast<char>(i * 37);
  }
  const auto with_zero = text + std::string(1, '\0') + "\xff";
  const std::string table =
      "CREATE TABLE t (id INTEGER PRIMARY KEY, b NOT NULL, x TEXT, y TEXT, n REAL)";
  db_engine db((folder.path / "a.db").string());
  db.execute(table);
  const blob as_blob(reinterpret_cast<const std::byte*>(bytes.data()),
                     reinterpret_cast<const std::byte*>(bytes.data()) + bytes.size());
  db.execute("INSERT INTO t VALUES (1, ?, ?, ?, 1.5), (2, x'00', 'short', NULL, -1)", as_blob, text,
             with_zero);
  std::size_t statements = 0;
  for (const std::size_t most : {1'000U, 2'000U, 10'000U}) {
    char* data = nullptr;
    std::size_t size = 0;
    std::FILE* const memory = ::open_memstream(&data, &size);
    app::output_stream to(memory);
    to.write(table + ";\n");
    const app::dumped_rows what{"t", {"id", "b", "x", "y", "n"}};
    for (const auto& r : db.fetch(what.select()))
      app::write_row(what, r, most, to);
    std::fclose(memory);
    const std::string script(data, size);
    std::free(data);
    std::size_t longest = 0;
    for (std::size_t at = 0, end; at < script.size(); at = end, ++statements) {
      end = std::min(script.find(";\n", at), script.size() - 2) + 2;
      longest = std::max(longest, end - at);
    }
    CAF_CHECK(longest <= most);
    CAF_CHECK_EQUAL(has(script, "dbengine_pieces"), most < 10'000);
    for (const std::string copy : {"b.db", "c.db"}) {
      std::filesystem::remove(folder.path / copy);
      const auto r =
          copy == "b.db" ? run_in({"script", copy, "-", "-q"}, script) : sqlite({copy}, script);
      CAF_CHECK_EQUAL(std::to_string(r.code) + r.err, "0");
      CAF_CHECK_EQUAL(asked(copy, "ATTACH 'a.db' AS a; SELECT count(*), sum(x.b IS y.b AND x.x IS "
                                  "y.x AND x.y IS y.y AND x.n IS y.n AND typeof(x.b) = "
                                  "typeof(y.b) AND typeof(x.x) = typeof(y.x)) FROM main.t x JOIN "
                                  "a.t y USING (id)"),
                      "2,2\n");
    }
  }
  CAF_MESSAGE(statements << " statements");
}

CAF_TEST_FIXTURE_SCOPE_END()
