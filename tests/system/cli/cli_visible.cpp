// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that text from a database, a file or a name never controls the terminal, and is written to
// a pipe unchanged, byte by byte.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "ui/text.hpp"

#include <dbengine/db_engine.hpp>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// ESC, C1 as a character and as a byte that is not UTF-8, bidi controls, BEL, CR, DEL.
const std::string name = "n\x1b[31m\u202e\u009b1m";
const std::string text = "v\x1b]0;x\x07\u2066\u0085\r\x7f, \tend\nline";

struct fixture {
  engine_folder folder;

  fixture() {
    db_engine db((folder.path / "app.db").string());
    db.execute("CREATE TABLE \"" + name + "\" (\"" + name + "\", b)");
    db.execute("INSERT INTO \"" + name + "\" VALUES (?, ?)", text,
               "\x9b"
               "31m");
    db.execute("CREATE VIEW w AS SELECT '" + text + "' AS x -- \x1b[2J");
  }
  run_result piped(const std::vector<std::string>& words) const {
    return run(words, {.folder = folder.path});
  }
  std::string shown(std::vector<std::string> words) const {
    const auto r = run(words, {.folder = folder.path, .columns = 200});
    std::string out = r.out;
    // The terminal's own line ends.
    for (auto at = out.find("\r\n"); at != out.npos; at = out.find("\r\n", at))
      out.erase(at, 1);
    return out;
  }
  // True if a terminal would obey any part of it.
  static bool steers(const std::string& out) { return app::ui::visible_lines(out) != out; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_visible, fixture)

CAF_TEST(data is visible on a terminal and itself in a pipe) {
  const std::vector<std::vector<std::string>> commands{
      {"schema", "app.db"},
      {"schema", "app.db", name},
      {"dump", "app.db"},
      {"export", "app.db", "-t", name, "-", "-q"},
      {"export", "app.db", "-t", name, "/dev/stdout", "-q"},
      {"export", "app.db", "-t", name, "-", "-q", "--format", "json"},
      {"query", "app.db", "SELECT * FROM \"" + name + "\"", "-q", "-o", "csv"},
      {"query", "app.db", "SELECT * FROM \"" + name + "\"", "-q", "-o", "json"},
      {"query", "app.db", "SELECT * FROM \"" + name + "\"", "-q", "-o", "jsonl"},
      {"query", "app.db", "SELECT * FROM \"" + name + "\"", "-q", "-o", "line"},
      {"query", "app.db", "SELECT * FROM \"" + name + "\"", "-q", "-o", "md"}};
  std::size_t bytes = 0;
  for (const auto& words : commands) {
    const auto raw = piped(words);
    CAF_CHECK_EQUAL(raw.code, 0);
    const auto out = shown(words);
    if (steers(out))
      CAF_ERROR(words[0] << " steers the terminal: " << app::ui::visible(out));
    // The same text, made visible, and no other change.
    if (out != app::ui::visible_lines(raw.out))
      CAF_ERROR(words[0] << ": " << app::ui::visible(out)
                         << "\nin the pipe: " << app::ui::visible(raw.out));
    bytes += out.size();
    // Control: `steers` finds it in the pipe.
    if (words.back() != "md" && words.back() != "line")
      CAF_CHECK(steers(raw.out));
  }
  CAF_MESSAGE(commands.size() << " commands, " << bytes << " bytes on terminals");
  CAF_CHECK(piped({"dump", "app.db"}).out.find(name) != std::string::npos);
  CAF_CHECK_EQUAL(piped({"query", "app.db", "SELECT char(27) || '[31m' AS x", "-o", "csv"}).out,
                  "x\n\x1b[31m\n");
}

CAF_TEST(colours of a table are the only thing that a terminal obeys) {
  auto out = shown({"query", "app.db", "SELECT * FROM \"" + name + "\"", "-q", "-o", "table"});
  CAF_CHECK(out.find("\\e[31m") != std::string::npos);
  for (const std::string style : {"\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[36m"})
    for (auto at = out.find(style); at != out.npos; at = out.find(style, at))
      out.erase(at, style.size());
  CAF_CHECK(!steers(out));
}

CAF_TEST(styles of the program itself reach the terminal) {
  CAF_REQUIRE_EQUAL(piped({"backup", "now", "app.db", "--dir", "b"}).code, 0);
  const std::vector<std::vector<std::string>> commands{
      {"--help"},
      {"query", "--help"},
      {"stats", "app.db"},
      {"backup", "list", "app.db", "--dir", "b"},
      {"query", "app.db", "SELECT 1 AS one, NULL AS two"},
      {"query", "app.db", "SELECT 1 AS one", "-o", "table", "--color", "always"}};
  for (const auto& words : commands) {
    const auto out = shown(words);
    CAF_CHECK(out.find("\x1b[1m") != std::string::npos);
    if (out.find("\\e") != std::string::npos)
      CAF_ERROR(words[0] << " shows a style: " << app::ui::visible(out));
  }
}

CAF_TEST(the shell shows no name that steers) {
  const auto r =
      run({"shell", "app.db", "-o", "csv"}, {.input = ".schema\n.tables\nSELECT * FROM w;\n.quit\n",
                                             .environment = {{"TERM", "dumb"}},
                                             .folder = folder.path,
                                             .columns = 200});
  CAF_CHECK(r.out.find("\\e[31m") != std::string::npos);
  CAF_CHECK(r.out.find("\x1b[31m") == std::string::npos);
  CAF_CHECK(r.out.find("\u202e") == std::string::npos);
}

CAF_TEST(messages are visible) {
  const auto config = folder.path / (name + ".toml");
  write_text(config, "[\"sec\\u001b[31m\"]\nx = 1\n");
  write_text(folder.path / (name + ".csv"), "a\n1,2\n");
  const std::vector<std::vector<std::string>> commands{
      {"import", "app.db", name + ".csv", "-t", "new"},
      {"import", "app.db", name + "none.csv", "-t", "new"},
      {"config", "check", config.string()},
      {"config", "check", (folder.path / (name + "none")).string()},
      {"export", "app.db", "-t", name, name + "/out.csv"},
      {"export", "app.db", "-t", name, "--format", "csv", "/dev/full"},
      {"backup", "now", "app.db", name + ".sqlite"},
      {"backup", "verify", name + ".sqlite"},
      {"query", "app.db", "SELECT " + name},
      {"schema", "app.db", "no" + name}};
  for (const auto& words : commands) {
    const auto r = piped(words);
    if (steers(r.err))
      CAF_ERROR(words[0] << ": " << app::ui::visible(r.err));
    // On a terminal, only the word `error` is coloured.
    auto out = shown(words);
    for (const std::string style : {"\x1b[31merror: \x1b[0m", "\x1b[31m^\x1b[0m", "\x1b[K"})
      for (auto at = out.find(style); at != out.npos; at = out.find(style, at))
        out.erase(at, style.size());
    std::erase(out, '\r'); // from a progress bar
    if (steers(out))
      CAF_ERROR(words[0] << ": " << app::ui::visible(out));
  }
  write_text(config, "");
  CAF_CHECK(!steers(piped({"config", "check", config.string()}).err));
}

CAF_TEST_FIXTURE_SCOPE_END()
