// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the exit codes of the program, and of the messages that explain them.

#include <dbengine/db_engine.hpp>

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/program.hpp"

#include <csignal>

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;

  fixture() {
    const auto made =
        in_folder("script app.db -", "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT "
                                     "NULL); INSERT INTO users (name) VALUES ('Ada'), ('Bob');");
    CAF_REQUIRE_EQUAL(made.code, 0);
  }

  run_result in_folder(const std::string& line, const std::string& input = {}) const {
    return run_line(line, {.input = input, .folder = folder.path});
  }
  run_result interrupted(const std::string& line, std::function<bool(pid_t)> ready,
                         unsigned columns = 0) const {
    return run_line(
        line,
        {.folder = folder.path, .signal = SIGINT, .ready = std::move(ready), .columns = columns});
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

constexpr const char* many_rows =
    "CREATE TABLE big (v); WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 2000) "
    "INSERT INTO big SELECT 'row ' || x FROM c;";
constexpr const char* endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) ";

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_exit_codes, fixture)

CAF_TEST(0 is success) {
  const auto r = in_folder("query app.db 'SELECT name FROM users' -o csv");
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.out, "name\nAda\nBob\n");
  CAF_CHECK_EQUAL(r.err, "");
}

CAF_TEST(1 is wrong SQL with its line and a caret) {
  const auto r = in_folder("query app.db -", "SELECT name\nFROM users\nWHERE nme = 1");
  CAF_CHECK_EQUAL(r.code, 1);
  CAF_CHECK_EQUAL(r.out, "");
  CAF_CHECK_EQUAL(r.err, "error: no such column: nme; did you mean 'name'? (sql, SQLite code 1)\n"
                         "  line 3: WHERE nme = 1\n"
                         "                ^\n");
}

CAF_TEST(1 is a table that does not exist with the nearest one and its place) {
  const auto r = in_folder("query app.db 'SELECT 1 /* usres */ FROM usres'");
  CAF_CHECK_EQUAL(r.code, 1);
  CAF_CHECK_EQUAL(r.err, "error: no such table: usres; did you mean 'users'? (sql, SQLite code 1)\n"
                         "  line 1: SELECT 1 /* usres */ FROM usres\n"
                         "                                    ^\n");
}

CAF_TEST(1 is data that does not fit and files that are not there and reading from nowhere) {
  for (const char* line :
       {"query app.db 'INSERT INTO users (name) VALUES (NULL)'", "query none.db 'SELECT 1'",
        "query nowhere/none.db 'CREATE TABLE t (a)'", "import app.db none.csv -t t",
        "script app.db none.sql", "export app.db -t none out.csv",
        "export app.db -t users no/out.csv", "schema app.db none", "restore none.sqlite new.db",
        "vacuum none.db", "dump none.db", "check none.db", "stats none.db", "backup now none.db",
        "backup list none.db", "query --read-only app.db 'DELETE FROM users'",
        "import app.db . -t t"}) {
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("1 ") + line);
    CAF_CHECK_EQUAL(r.out, "");
    CAF_CHECK(r.err.starts_with("error: "));
  }
  CAF_CHECK(!std::filesystem::exists(folder.path / "none.db"));
  CAF_CHECK(!std::filesystem::exists(folder.path / "out.csv"));
}

CAF_TEST(1 is a bad row of a pipe that stays open) {
  program import({"import", (folder.path / "app.db").string(), "-", "-t", "users", "--batch", "1"});
  import.write("id,name\n9,Eve\n1,Ada again\n");
  // The first 1 MiB is checked before the import starts.
  std::string rest;
  while (rest.size() < (std::size_t{2} << 20))
    rest += std::to_string(100 + rest.size()) + ",somebody\n";
  import.write(rest);
  CAF_CHECK_EQUAL(import.wait(), 1); // its input was never closed
  CAF_CHECK(has(import.err(), "UNIQUE constraint failed"));
}

CAF_TEST(2 is a command line that cannot be understood with the nearest right word) {
  const std::vector<std::pair<const char*, const char*>> lines{
      {"", "a command is missing"},
      {"quer app.db x", "unknown command 'quer'; did you mean 'query'?"},
      {"backup lst app.db", "backup: unknown command 'lst'; did you mean 'list'?"},
      {"backup", "backup: a command is missing: one of now, list, verify, prune"},
      {"query app.db 'SELECT 1' --outptu csv",
       "query: unknown option --outptu; did you mean '--output'?"},
      {"query app.db 'SELECT 1' -x", "query: unknown option -x"},
      {"query app.db 'SELECT 1' more", "query: too many arguments: more"},
      {"--colour never version", "unknown option --colour; did you mean '--color'?"},
      {"-o csv query app.db 'SELECT 1'", "unknown option -o"},
      {"query app.db 'SELECT 1' -o tabel",
       "'tabel' is not one of table, csv, json, jsonl, line, md; "
       "did you mean 'table'?"},
      {"query app.db 'SELECT 1' -o", "query: -o: FORMAT is missing"},
      {"-c", "-c: FILE is missing"},
      {"-x", "unknown option -x"},
      {"query app.db", "query: SQL is required"},
      {"query app.db 'SELECT 1' --timeout 5x", "'5x' is not a duration"},
      {"query app.db 'SELECT :a' -p a", "'a' is not NAME=VALUE or NAME:=JSON"},
      {"query app.db 'SELECT ?' -p 1:=nul", "has no JSON value"},
      {"import app.db x.csv", "import: --table is required"},
      {"import app.db x.csv -t t --batch 0", "--batch: '0' is not an integer of at least 1"},
      {"import app.db x.csv -t t --types guess", "is not one of auto, text"},
      {"export app.db -t users", "export: FILE is missing"},
      {"export app.db out.csv", "export: SQL and FILE are needed"},
      {"stats app.db --watch 1ms", "--watch: '1ms' is not a duration of at least 100ms"},
      {"backup prune app.db --keep none", "--keep: 'none' is not an integer"},
      {"config check", "FILE is missing"},
      {"completion bsh", "'bsh' is not one of bash, zsh, fish; did you mean 'bash'?"}};
  for (const auto& [line, why] : lines) {
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("2 ") + line);
    CAF_CHECK_EQUAL(r.out, "");
    if (!has(r.err, why))
      CAF_ERROR("'" << line << "' says: " << r.err);
    CAF_CHECK(has(r.err, "Try 'dbengine "));
  }
  CAF_CHECK(has(in_folder("backup lst app.db").err, "Try 'dbengine backup --help'."));
}

CAF_TEST(3 is a configuration that cannot be used with file and line and column) {
  write_text(folder.path / "bad.toml", "[engine]\nnum_worker = 3\nsynchronous = \"fulll\"\n"
                                       "max_queue = 0\n\n[bakup]\nenabled = true\n");
  write_text(folder.path / "torn.toml", "[engine]\nnum_workers = = 3\n");
  const std::string expected =
      "error: bad.toml:2:1: unknown key 'engine.num_worker'; did you mean 'num_workers'?\n"
      "bad.toml:3:15: 'engine.synchronous' must be \"off\", \"normal\" or \"full\"; did you mean "
      "'full'?\n"
      "bad.toml:4:13: 'engine.max_queue' must be a whole number from 1 to 2147483647\n"
      "bad.toml:6:2: unknown section or key 'bakup'; did you mean 'backup'?\n";
  for (const char* line : {"config check bad.toml", "-c bad.toml query app.db 'SELECT 1'",
                           "query app.db 'SELECT 1' --config bad.toml"}) {
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(r.code, 3);
    CAF_CHECK_EQUAL(r.out, "");
    CAF_CHECK_EQUAL(r.err, expected);
  }
  const auto torn = in_folder("config check torn.toml");
  CAF_CHECK_EQUAL(torn.code, 3);
  CAF_CHECK(torn.err.starts_with("error: torn.toml:2:15: "));
  CAF_CHECK_EQUAL(in_folder("config check none.toml").code, 3);
  CAF_CHECK_EQUAL(in_folder("config check .").code, 3);
}

CAF_TEST(5 is a file that another engine holds while reading goes on) {
  db_engine holder((folder.path / "app.db").string());
  const auto writes = in_folder("query app.db 'DELETE FROM users' --timeout 200ms");
  CAF_CHECK_EQUAL(writes.code, 5);
  CAF_CHECK(has(writes.err, std::to_string(::getpid())));
  const auto reads = in_folder("query app.db 'SELECT count(*) FROM users' -o csv");
  CAF_CHECK_EQUAL(reads.code, 0);
  CAF_CHECK_EQUAL(reads.out, "count(*)\n2\n");
  CAF_CHECK_EQUAL(in_folder("check app.db").code, 0);
}

CAF_TEST(5 is the end of the time) {
  const auto r =
      in_folder("query app.db '" + std::string(endless) + "SELECT count(*) FROM c' --timeout 50ms");
  CAF_CHECK_EQUAL(r.code, 5);
  CAF_CHECK(has(r.err, "timeout"));
  // The same if a script has its own transactions.
  const auto script = in_folder("script app.db - --timeout 50ms",
                                "BEGIN; DELETE FROM users; " + std::string(endless) +
                                    "SELECT count(*) FROM c; COMMIT;");
  CAF_CHECK_EQUAL(script.code, 5);
  CAF_CHECK(has(script.err, "timeout"));
  CAF_CHECK_EQUAL(in_folder("query app.db 'SELECT count(*) FROM users' -o csv").out,
                  "count(*)\n2\n");
}

CAF_TEST(7 is a check that found something) {
  CAF_REQUIRE_EQUAL(in_folder("backup now app.db copy.sqlite").code, 0);
  CAF_CHECK_EQUAL(in_folder("backup verify copy.sqlite").code, 0);
  auto bytes = content_of(folder.path / "copy.sqlite");
  bytes[bytes.size() - 3] = static_cast<char>(bytes[bytes.size() - 3] ^ 1);
  write_text(folder.path / "copy.sqlite", bytes);
  const auto verified = in_folder("backup verify copy.sqlite");
  CAF_CHECK_EQUAL(verified.code, 7);
  CAF_CHECK(has(verified.out, "copy.sqlite: BAD"));
  CAF_REQUIRE_EQUAL(in_folder("script app.db -",
                              "PRAGMA foreign_keys = OFF; BEGIN; CREATE TABLE c (u "
                              "REFERENCES users (id)); INSERT INTO c VALUES "
                              "(77); COMMIT;")
                        .code,
                    0);
  const auto checked = in_folder("check app.db");
  CAF_CHECK_EQUAL(checked.code, 7);
  CAF_CHECK_EQUAL(checked.out, "foreign key: row 1 of c references a missing row in users\n");
}

CAF_TEST(11 is a file that is damaged or no database) {
  write_text(folder.path / "text.db", std::string(5000, 'x'));
  for (const char* line : {"query text.db 'SELECT 1'", "check text.db", "dump text.db",
                           "import text.db - -t t", "backup now text.db out.sqlite"}) {
    const auto r = in_folder(line, "a\n1\n");
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("11 ") + line);
    CAF_CHECK(has(r.err, "file is not a database"));
  }
  CAF_CHECK_EQUAL(content_of(folder.path / "text.db"), std::string(5000, 'x'));
}

CAF_TEST(11 is a page that is damaged) {
  CAF_REQUIRE_EQUAL(in_folder("script app.db -", many_rows).code, 0);
  // Damages a leaf in the middle: its header becomes invalid.
  auto bytes = content_of(folder.path / "app.db");
  constexpr std::size_t page = 4096;
  CAF_REQUIRE(bytes.size() > 8 * page);
  for (std::size_t i = 0; i < 64; ++i)
    bytes[6 * page + i] = '\x7f';
  write_text(folder.path / "app.db", bytes);
  for (const char* line : {"query app.db 'SELECT sum(length(v)) FROM big'", "dump app.db",
                           "export app.db -t big -", "script app.db -", "check app.db"}) {
    const auto r = in_folder(line, "UPDATE big SET v = 1;");
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("11 ") + line);
    CAF_CHECK(has(r.err, "malformed"));
  }
}

CAF_TEST(7 is an index that does not fit its table) {
  CAF_REQUIRE_EQUAL(
      in_folder("script app.db -", std::string(many_rows) + "CREATE INDEX big_v ON big (v);").code,
      0);
  auto bytes = content_of(folder.path / "app.db");
  const auto at = bytes.rfind("row 1234"); // the index is created last
  CAF_REQUIRE(at != std::string::npos);
  CAF_REQUIRE(bytes.find("row 1234") != at);
  bytes.replace(at, 8, "row 1zzz");
  write_text(folder.path / "app.db", bytes);
  const auto checked = in_folder("check app.db");
  CAF_CHECK_EQUAL(checked.code, 7);
  CAF_CHECK(has(checked.out, "big_v"));
}

CAF_TEST(an interrupt that the caller has ignored is ignored) {
  const auto r =
      run({"-c", "trap '' INT; exec " + shell_word(program_path()) + " query app.db '" +
                     std::string(endless) + "SELECT count(*) FROM c' --timeout 3s"},
          {.folder = folder.path, .signal = SIGINT, .ready = is_busy, .program = "/bin/sh"});
  CAF_CHECK_EQUAL(r.code, 5);
}

CAF_TEST(130 is a statement stopped by an interrupt) {
  const auto r =
      interrupted("query app.db '" + std::string(endless) + "SELECT count(*) FROM c'", is_busy);
  CAF_CHECK_EQUAL(r.code, 130);
  CAF_CHECK_EQUAL(r.out, "");
  CAF_CHECK_EQUAL(r.err, "error: interrupted\n");
  const auto script =
      run_line("script app.db -", {.input = "INSERT INTO users (name) VALUES ('Eve'); " +
                                            std::string(endless) + "SELECT count(*) FROM c;",
                                   .folder = folder.path,
                                   .signal = SIGINT,
                                   .ready = is_busy});
  CAF_CHECK_EQUAL(script.code, 130);
  CAF_CHECK_EQUAL(in_folder("query app.db 'SELECT count(*) FROM users' -o csv").out,
                  "count(*)\n2\n");
}

CAF_TEST(130 is an import stopped while it waits at a terminal) {
  const auto r = interrupted("import app.db - -t t", has_threads, 80);
  CAF_CHECK_EQUAL(r.code, 130);
  CAF_CHECK(has(r.out, "interrupted\n"));
}

CAF_TEST_FIXTURE_SCOPE_END()
