// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of scripts larger than what is held in memory: they are read piece by piece, in their own
// transactions or in one, and failures are reported with their line. A dump larger than SQLite
// accepts as one text is such a script; `DBENGINE_DUMP_BYTES` sets its size.

#include "data/statements/long_script.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"

#include <algorithm>
#include <cstdlib>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// Lines of a comment, which are long and create no rows.
std::string long_comment() {
  std::string text;
  constexpr std::size_t size = app::most_of_short_script + (std::size_t{1} << 20);
  text.reserve(size + 128);
  while (text.size() <= size)
    text += "-- ;" + std::string(96, 'x') + "\n";
  return text;
}

struct fixture {
  engine_folder folder;

  run_result run_in(const std::vector<std::string>& words, const std::string& input = {}) const {
    return run(words, {.input = input, .folder = folder.path});
  }
  run_result through_sh(const std::string& line) const {
    return run({"-c", "p=\"" + program_path() + "\"; " + line},
               {.folder = folder.path, .program = "/bin/sh"});
  }
  std::string asked(const std::string& db, const std::string& sql) const {
    const auto r = run({db, sql}, {.folder = folder.path, .program = "/usr/bin/sqlite3"});
    CAF_CHECK_EQUAL(r.err, "");
    return r.out;
  }
};

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_long_scripts, fixture)

CAF_TEST(a long script is one transaction) {
  const std::string begin = "\xef\xbb\xbf"
                            "CREATE TABLE t (a);\n";
  const auto middle = long_comment();
  const auto good = run_in({"script", "a.db", "-", "-o", "csv"},
                           begin + middle + "INSERT INTO t VALUES (1);\nSELECT a FROM t");
  CAF_CHECK_EQUAL(good.code, 0);
  CAF_CHECK_EQUAL(good.out, "a\n1\n");
  CAF_CHECK_EQUAL(good.err, "3 statements\n");
  // A failing script undoes all, and is reported with its line.
  const auto line = std::to_string(lines_of(begin + middle) + 3);
  const auto bad =
      run_in({"script", "b.db", "-"}, begin + middle +
                                          "INSERT INTO t VALUES (1);\n\nINSERT INTO nope VALUES "
                                          "(1);\nINSERT INTO t VALUES (2);\n");
  CAF_CHECK_EQUAL(bad.code, 1);
  CAF_CHECK_EQUAL(bad.err, "error: line " + line + ": no such table: nope (sql, SQLite code 1)\n");
  CAF_CHECK_EQUAL(asked("b.db", "SELECT count(*) FROM sqlite_schema"), "0\n");
  // A script may not end the transaction in which it runs.
  const auto ends = run_in({"script", "b.db", "-"}, begin + middle + "/* x */ COMMIT;\n");
  CAF_CHECK_EQUAL(ends.code, 1);
  CAF_CHECK(
      ends.err.starts_with("error: line " + std::to_string(lines_of(begin + middle) + 1) + ": "));
  CAF_CHECK(ends.err.find("cannot contain COMMIT; nothing was changed") != std::string::npos);
  CAF_CHECK_EQUAL(asked("b.db", "SELECT count(*) FROM sqlite_schema"), "0\n");
}

CAF_TEST(a long script with transactions of its own is run as it stands) {
  const std::string script = "CREATE TABLE t (a);\nBEGIN;\nINSERT INTO t VALUES (1);\nCOMMIT;\n" +
                             long_comment() + "BEGIN;\nINSERT INTO t VALUES (2);\n";
  write_text(folder.path / "s.sql", script + "COMMIT;\nCREATE TRIGGER g AFTER INSERT ON t BEGIN "
                                             "SELECT 1; SELECT 2;\nEND;");
  CAF_CHECK_EQUAL(run_in({"script", "a.db", "s.sql"}).err, "8 statements\n");
  CAF_CHECK_EQUAL(asked("a.db", "SELECT group_concat(a) FROM t"), "1,2\n");
  const auto open = run_in({"script", "b.db", "-"}, script);
  CAF_CHECK_EQUAL(open.code, 1);
  CAF_CHECK_EQUAL(open.err, "error: the script leaves a transaction open; it was rolled back\n");
  CAF_CHECK_EQUAL(asked("b.db", "SELECT group_concat(a) FROM t"), "1\n");
}

CAF_TEST(a dump larger than one text of SQLite loads) {
  const char* const given = std::getenv("DBENGINE_DUMP_BYTES");
  const std::size_t bytes = given != nullptr
                                ? std::strtoull(given, nullptr, 10)
                                : app::most_of_short_script + app::most_of_short_script / 8;
  // A byte of a blob is two bytes of its dump.
  constexpr std::size_t blob_size = 100'000;
  const auto rows = bytes / (2 * blob_size) + 1;
  CAF_REQUIRE_EQUAL(
      asked("a.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, b); WITH RECURSIVE n (x) AS (SELECT 1 "
                    "UNION ALL SELECT x + 1 FROM n WHERE x < " +
                        std::to_string(rows) + ") INSERT INTO t SELECT x, randomblob(" +
                        std::to_string(blob_size) + ") FROM n; CREATE VIEW v AS SELECT id FROM t"),
      "");
  // If a size is given, also a value whose literal would be longer than a statement may be.
  if (given != nullptr)
    CAF_CHECK_EQUAL(asked("a.db", "INSERT INTO t (b) VALUES (randomblob(520000000))"), "");
  CAF_CHECK_EQUAL(through_sh("\"$p\" dump a.db > a.sql").code, 0);
  const auto size = std::filesystem::file_size(folder.path / "a.sql");
  CAF_CHECK(size > bytes);
  CAF_CHECK_EQUAL(through_sh("\"$p\" script b.db a.sql").code, 0);
  CAF_CHECK_EQUAL(through_sh("\"$p\" dump b.db | cmp - a.sql").out, "");
  std::filesystem::remove(folder.path / "b.db");
  CAF_CHECK_EQUAL(through_sh("\"$p\" script c.db - < a.sql").code, 0);
  const std::string count = "SELECT count(*), sum(length(b)) FROM t; SELECT count(*) FROM v";
  CAF_CHECK_EQUAL(asked("c.db", count), asked("a.db", count));
  std::filesystem::remove(folder.path / "c.db");
  CAF_CHECK_EQUAL(through_sh("sqlite3 -bail d.db < a.sql").err, "");
  const std::string different = "ATTACH 'a.db' AS a; SELECT count(*) FROM main.t x FULL JOIN a.t y "
                                "USING (id) WHERE x.b IS NOT y.b OR typeof(x.b) <> typeof(y.b)";
  CAF_CHECK_EQUAL(asked("d.db", different), "0\n");
  CAF_MESSAGE("a dump of " << size << " bytes, loaded three times");
}

CAF_TEST_FIXTURE_SCOPE_END()
