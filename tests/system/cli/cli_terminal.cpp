// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the commands on a terminal: tables, bars, the end of the screen.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/program.hpp"
#include "support/process/screen_checks.hpp"
#include "support/sqlite/slow_database.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <sstream>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct place : engine_folder {
  std::string command(const std::string& line) const {
    return "sh -c " +
           shell_word("trap : INT; cd " + shell_word(path.string()) + "; " +
                      shell_word(program_path()) + " " + line + "; echo ended with $?; exec cat");
  }
  std::map<std::string, std::string> environment() const {
    return {{"XDG_STATE_HOME", (path / "state").string()}, {"TERM", "screen"}};
  }
};

// The largest width in columns of the lines on the screen that contain the text.
std::size_t widest(const tmux& t, const std::string& with) {
  std::size_t most = 0;
  std::istringstream lines(t.screen());
  for (std::string line; std::getline(lines, line);)
    if (line.find(with) != std::string::npos)
      most = std::max(most, app::ui::display_width(line));
  return most;
}

} // namespace

CAF_TEST(a bar follows the width of the terminal) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  make_slow_database(p.path / "slow.db", 300'000);
  const tmux t(p.command("backup verify slow.db"), p.environment());
  SEES(t, "verifying  █");
  CAF_CHECK(widest(t, "verifying  █") > 50);
  t.resize(45);
  CAF_CHECK(wait_until([&] { return widest(t, "verifying") <= 44; }));
  t.resize(120);
  CAF_CHECK(wait_until([&] { return widest(t, "verifying  █") > 50; }));
  t.key("C-c");
  SEES(t, "ended with 130");
}

CAF_TEST(tables follow the width of the terminal) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const tmux t(p.command("shell app.db"), p.environment());
  SEES(t, "dbengine>");
  const std::string wide = "SELECT printf(\"%0*d\", 60, 7) AS digits, 'end' AS e;";
  t.line(wide);
  SEES(t, "7 │ end │");
  t.resize(50);
  t.key("C-l"); // clears the screen
  t.line(wide);
  SEES(t, "… │ end │");
  CAF_CHECK(widest(t, "│ end │") <= 50);
  t.resize(100);
  t.key("C-l");
  t.line(wide);
  SEES(t, "7 │ end │");
}

CAF_TEST(watched statistics follow the width of the terminal) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  CAF_REQUIRE_EQUAL(run({"query", "app.db", "CREATE TABLE t (a)"}, {.folder = p.path}).code, 0);
  const tmux t(p.command("stats app.db --watch 100ms"), p.environment());
  SEES(t, "│ health");
  const auto first = widest(t, "│ health");
  t.resize(40);
  CAF_CHECK(wait_until([&] {
    const auto all = t.screen();
    return all.starts_with("┌") && widest(t, "") <= 40 && all.find("…") != std::string::npos;
  }));
  t.resize(100);
  CAF_CHECK(wait_until([&] { return widest(t, "│ health") == first; }));
  t.key("C-c");
  SEES(t, "ended with 0");
}

CAF_TEST(every command shows on a terminal what it does) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  write_text(p.path / "s.sql", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);\n"
                               "INSERT INTO people VALUES (1, 'Ada'), (2, '梅 🎉'), (3, NULL);\n");
  write_text(p.path / "more.csv", "id,name\n4,Jürgen\nbroken\n");
  write_text(p.path / "typo.toml", "[engine]\nnum_worker = 3\n");
  const std::vector<std::pair<std::string, std::string>> shown{
      {"script app.db s.sql", "2 statements\nended with 0"},
      {"query app.db \"SELECT * FROM people\"",
       "┌────┬───────┐\n│ id │ name  │\n├────┼───────┤\n│  1 │ Ada   │\n│  2 │ 梅 🎉 │\n│  3 │ NULL  │\n"
       "└────┴───────┘\n3 rows in "},
      {"query app.db \"SELECT nme FROM people\"",
       "  line 1: SELECT nme FROM people\n                 ^\nended with 1"},
      {"import app.db more.csv -t people --on-error skip",
       "more.csv:3: 1 field instead of 2\n1 row imported into people in "},
      {"export app.db -t people -",
       "id,name\n1,Ada\n2,梅 🎉\n3,\n4,Jürgen\n4 rows exported\nended with 0"},
      {"dump app.db", "(2,'梅 🎉');"},
      {"schema app.db", "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);\nended with 0"},
      {"check app.db", "ok\nended with 0"},
      {"vacuum app.db", " after, in "},
      {"stats app.db", "│ journal, synchronous   │ wal, normal "},
      {"backup now app.db --dir b", "backed up to " + (p.path / "b").string() + "/backup_"},
      {"backup list app.db --dir b", "│ yes      │\n└──"},
      {"backup now app.db one.sqlite", "backed up to one.sqlite\nended with 0"},
      {"backup verify one.sqlite", "one.sqlite: ok, 2 pages\nended with 0"},
      {"restore one.sqlite new.db", "restored new.db\nended with 0"},
      {"restore one.sqlite app.db", "exists already"},
      {"config check typo.toml",
       "error: typo.toml:2:1: unknown key \'engine.num_worker\'; did you mean \'num_workers\'?\nended with 3"},
      {"config show", "log_format = \"text\"\nended with 0"},
      {"bench --tests single --operations 20 --dir .", "insert, one row a call "},
      {"version", "SQLite 3."},
      {"completion zsh", "compdef _dbengine dbengine"},
      {"man", "ended with 0"},
      {"quer app.db", "error: unknown command \'quer\'; did you mean \'query\'?\nTry"}};
  for (const auto& [line, expected] : shown) {
    const tmux t(p.command(line), {{"TERM", "screen"}});
    SEES(t, expected);
    SEES(t, "ended with ");
    // No bar is left.
    for (const char* bar : {"importing", "exporting", "backing up", "verifying", "restoring"})
      CAF_CHECK(t.screen().find(bar) == std::string::npos);
  }
}

CAF_TEST(measurements fit a terminal of 80 columns) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const auto r = run({"bench", "--operations", "10", "--dir", ".", "--tests", "single", "select",
                      "bulk", "concurrent", "scaling", "transaction", "memory"},
                     {.folder = p.path});
  CAF_CHECK_EQUAL(r.code, 0);
  std::istringstream lines(r.out);
  std::size_t measured = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.find("/s ") != std::string::npos) {
      ++measured;
      if (app::ui::display_width(line) > 80)
        CAF_ERROR("too long: " << line);
    } else if (line == "Recommendations") {
      break; // sentences follow
    }
  CAF_CHECK(measured > 20);
}

CAF_TEST(a server and a shell share a terminal each) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  const tmux server(p.command("serve served.db --http 0 --listen 0"), p.environment());
  SEES(server, "info ready: 1 database, process ");
  const auto log = server.screen();
  const std::string before = "published at ";
  const auto at = log.find(before) + before.size();
  const auto where = log.substr(at, log.find_first_of(" \n,", at) - at);
  const tmux shell(p.command("--connect " + where + " shell"), p.environment());
  SEES(shell, "dbengine>");
  shell.line("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);");
  SEES(shell, "2 rows changed in ");
  shell.line("SELECT sum(a) AS s");
  shell.line("FROM t;");
  SEES(shell, "│ 3 │");
  server.key("C-c");
  SEES(server, "info stopped\nended with 0");
  shell.line("SELECT 1;");
  SEES(shell, "error: ");
  shell.key("C-d");
  SEES(shell, "ended with ");
}
