// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine shell` at a terminal: prompts, completion, history, Ctrl-C and Ctrl-D.

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"
#include "support/process/screen_checks.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <dbengine/db_engine.hpp>

#include <fstream>

#include <sys/stat.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

constexpr const char* endless =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c;";

struct place : engine_folder {
  std::string db = (path / "a.db").string();
  std::filesystem::path history = path / "state" / "dbengine" / "history";

  place() {
    db_engine(db).execute("CREATE TABLE people (id INTEGER PRIMARY KEY, full_name TEXT)");
    db_engine(db).execute("INSERT INTO people (full_name) VALUES ('Ada'), ('Jürgen'), ('梅')");
  }
  // Its exit code is printed when it has ended.
  std::string command(const std::string& more = "") const {
    return "sh -c " + shell_word("trap : INT; " + shell_word(program_path()) + " shell " +
                                 shell_word(db) + " " + more + "; echo ended with $?; exec cat");
  }
  std::map<std::string, std::string> environment() const {
    return {{"XDG_STATE_HOME", (path / "state").string()}, {"NO_COLOR", "1"}, {"TERM", "screen"}};
  }
};

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

CAF_TEST(the prompt shows open statements and transactions) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const tmux t(p.command(), p.environment());
  ENDS(t, "dbengine>");
  t.line("SELECT full_name");
  ENDS(t, "     ...>");
  t.line("  FROM people;");
  SEES(t, "│ Ada       │");
  SEES(t, "│ 梅        │"); // two columns wide
  SEES(t, "3 rows in");
  ENDS(t, "dbengine>");
  t.line("BEGIN;");
  ENDS(t, "dbengine*>");
  t.line("DELETE FROM people;");
  SEES(t, "3 rows changed in");
  ENDS(t, "dbengine*>");
  t.line("SELECT nope FROM people;");
  SEES(t, "error: no such column: nope");
  SEES(t, "               ^");
  ENDS(t, "dbengine*>"); // a failure ends neither
  t.line("ROLLBACK;");
  ENDS(t, "dbengine>");
  t.line("BEGIN; DELETE FROM people;");
  ENDS(t, "dbengine*>");
  t.key("C-d");
  SEES(t, "the open transaction was rolled back");
  SEES(t, "ended with 0");
  CAF_CHECK_EQUAL(db_engine(p.db).fetch_value<std::int64_t>("SELECT count(*) FROM people"), 3);
}

CAF_TEST(Tab completes commands and keywords and names) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const tmux t(p.command(), p.environment());
  ENDS(t, "dbengine>");
  t.type(".tab");
  t.key("Tab");
  ENDS(t, "dbengine> .tables");
  t.key("Enter");
  SEES(t, "\npeople\n");
  t.type("selec");
  t.key("Tab");
  t.type("full_");
  t.key("Tab");
  t.type("FRO");
  t.key("Tab");
  t.type("peo");
  t.key("Tab");
  ENDS(t, "dbengine> select full_name FROM people");
  t.type("WHERE people.full");
  t.key("Tab");
  ENDS(t, "dbengine> select full_name FROM people WHERE people.full_name");
  t.line("= 'Ada';");
  SEES(t, "1 row in");
  t.type(".mode js");
  t.key("Tab"); // json and jsonl: up to their common prefix
  ENDS(t, "dbengine> .mode json");
}

CAF_TEST(Tab completes names beside a table whose module is missing) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  plain_sqlite(p.db).script(
      "PRAGMA writable_schema = 1; INSERT INTO sqlite_schema VALUES "
      "('table', 'avec', 'avec', 0, 'CREATE VIRTUAL TABLE avec USING vec0(e)')");
  const tmux t(p.command(), p.environment());
  ENDS(t, "dbengine>");
  t.type("SELECT * FROM people WHERE full_");
  t.key("Tab");
  ENDS(t, "dbengine> SELECT * FROM people WHERE full_name");
  t.type("= avec.e");
  t.key("Tab"); // no completion and no message
  ENDS(t, "dbengine> SELECT * FROM people WHERE full_name = avec.e");
}

CAF_TEST(Tab completes file names with all that is in them) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const auto file = (p.path / "some-odd_name.2026.sql").string();
  std::ofstream(file) << "SELECT 'read ' || 'it';\n";
  const tmux t(p.command(), p.environment());
  ENDS(t, "dbengine>");
  t.type(".read " + file.substr(0, file.size() - 13));
  t.key("Tab");
  ENDS(t, "dbengine> .read " + file);
  t.key("Enter");
  SEES(t, "│ read it");
  t.type(".schema peo");
  t.key("Tab");
  ENDS(t, "dbengine> .schema people");
}

CAF_TEST(Ctrl C stops the statement and not the shell) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const tmux t(p.command(), p.environment());
  ENDS(t, "dbengine>");
  t.type("SELECT not finished");
  ENDS(t, "dbengine> SELECT not finished");
  t.key("C-c");
  ENDS(t, "dbengine>");
  t.line("SELECT neither is");
  ENDS(t, "     ...>");
  t.key("C-c");
  ENDS(t, "dbengine>");
  t.line(endless);
  SEES(t, "SELECT max(x) FROM c");
  AT_LINE_BEGIN(t);
  t.key("C-c");
  SEES(t, "error: ");
  ENDS(t, "dbengine>");
  // On the session's own connection, too, and the open transaction is kept.
  t.line("BEGIN; DELETE FROM people WHERE id = 1;");
  ENDS(t, "dbengine*>");
  t.line(endless);
  ENDS(t, std::string("dbengine*> ") + endless);
  AT_LINE_BEGIN(t);
  t.key("C-c");
  SEES(t, "error: interrupted");
  ENDS(t, "dbengine*>");
  t.line("COMMIT;");
  ENDS(t, "dbengine>");
  t.line(".watch 100ms SELECT 'again' || count(*) FROM people;");
  SEES(t, "again2");
  t.key("C-c");
  ENDS(t, "dbengine>");
  t.line(".quit");
  SEES(t, "ended with 0");
}

CAF_TEST(what was typed is remembered in a private file) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  {
    const tmux t(p.command(), p.environment());
    ENDS(t, "dbengine>");
    t.line("SELECT 'two',");
    t.line("       'lines';");
    SEES(t, "1 row in");
    t.line(".mode csv");
    ENDS(t, "dbengine>");
    t.key("C-d");
    SEES(t, "ended with 0");
  }
  struct stat info {};
  CAF_REQUIRE_EQUAL(::stat(p.history.c_str(), &info), 0);
  CAF_CHECK_EQUAL(info.st_mode & 0777, 0600u);
  CAF_CHECK_EQUAL(::stat(p.history.parent_path().c_str(), &info), 0);
  CAF_CHECK_EQUAL(info.st_mode & 0777, 0700u);
  CAF_CHECK(content(p.history).find("SELECT 'two',\n       'lines';\n") != std::string::npos);
  const tmux t(p.command(), p.environment());
  ENDS(t, "dbengine>");
  t.key("Up");
  ENDS(t, "dbengine> .mode csv");
  t.key("Up");
  SEES(t, "'lines';");
  t.key("Enter");
  SEES(t, "│ two   │ lines   │");
}

CAF_TEST(rows go where standard output goes and nothing else) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const auto file = (p.path / "out.csv").string();
  const tmux t(p.command("-o csv > " + file), p.environment());
  ENDS(t, "dbengine>");
  t.line("SELECT id FROM people;");
  CAF_CHECK(wait_until([&] { return content(file) == "id\n1\n2\n3\n"; }));
  ENDS(t, "dbengine>");
}
