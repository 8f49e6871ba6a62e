// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The commands on a terminal, as a person sees them: tables, bars, the end of the screen.

#include "command_line.hpp"
#include "engine_fixture.hpp"
#include "program.hpp"
#include "slow_database.hpp"
#include "tmux.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <sstream>

#include "test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct place : engine_folder {
  std::string command(const std::string& line) const {
    return "sh -c 'trap : INT; cd " + path.string() + "; " DBENGINE_BIN_DIR "/dbengine " + line +
           "; echo ended with $?; exec cat'";
  }
  std::map<std::string, std::string> environment() const {
    return {{"XDG_STATE_HOME", (path / "state").string()}, {"TERM", "screen"}};
  }
};

// Columns that the widest line on the screen takes, of those that have the text.
std::size_t widest(const tmux& t, const std::string& with) {
  std::size_t most = 0;
  std::istringstream lines(t.screen());
  for (std::string line; std::getline(lines, line);)
    if (line.find(with) != std::string::npos)
      most = std::max(most, app::ui::display_width(line));
  return most;
}

} // namespace

// The test framework reads one thing per line: what a test needs to see on the screen.
#define SEES(t, text)                                                                              \
  if (!(t).shows(text))                                                                            \
    CAF_ERROR("not on the screen: " << (text) << "\n" << (t).screen());                            \
  else                                                                                             \
    CAF_CHECK(true)

CAF_TEST(a bar follows the width of the terminal) {
  if (!has_tmux())
    DBENGINE_SKIP("there is no tmux");
  const place p;
  make_slow_database(p.path / "slow.db", 300'000);
  const tmux t(p.command("backup verify slow.db"), p.environment());
  SEES(t, "verifying  █");
  const auto first = widest(t, "verifying");
  CAF_CHECK(first > 50);
  t.resize(45);
  CAF_CHECK(wait_until([&] { return widest(t, "verifying") <= 44; }));
  t.resize(120);
  CAF_CHECK(wait_until([&] { return widest(t, "verifying") >= first; }));
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
  t.key("C-l"); // a clean screen
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
