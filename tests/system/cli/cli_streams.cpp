// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the output streams: data goes to standard output, everything else to standard error,
// bars and colours to terminals only.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "ui/text.hpp"

#include <csignal>

#include "support/test.hpp"

using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;

  fixture() {
    std::string csv = "id,name,note\n";
    for (int i = 0; i < 20'000; ++i)
      csv += std::to_string(i) + ",name " + std::to_string(i * 7919 % 20'000) + ",\"a, b\"\n";
    write_text(folder.path / "rows.csv", csv);
    CAF_REQUIRE_EQUAL(in_folder("-q import app.db rows.csv -t t").code, 0);
    CAF_REQUIRE_EQUAL(in_folder("script app.db -", "CREATE TABLE wide (id INTEGER, text TEXT); "
                                                   "INSERT INTO wide VALUES (1, '日本語'), (2, "
                                                   "'e\xcc\x81'), (3, '🎉'), (4, NULL), (5, "
                                                   "x'00ff'), (6, 'a' || char(27) || '[31m' || "
                                                   "char(10) || 'b');")
                          .code,
                      0);
  }

  run_result in_folder(const std::string& line, const std::string& input = {}) const {
    return run_line(line, {.input = input, .folder = folder.path});
  }
  run_result on_terminal(const std::string& line, unsigned columns,
                         std::map<std::string, std::string> environment = {}) const {
    return run_line(
        line, {.environment = std::move(environment), .folder = folder.path, .columns = columns});
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

// Removes colours, so that widths can be measured.
std::string plain(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\x1b' && i + 1 < text.size() && text[i + 1] == '[')
      i = std::min(text.find_first_of("mKHJ", i), text.size());
    else
      out += text[i];
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_streams, fixture)

CAF_TEST(counts and errors go to standard error) {
  const auto import = in_folder("import app.db rows.csv -t t2");
  CAF_CHECK_EQUAL(import.out, "");
  CAF_CHECK(import.err.starts_with("20,000 rows imported into t2 in "));
  const auto export_ = in_folder("export app.db -t t -");
  CAF_CHECK_EQUAL(export_.out, content_of(folder.path / "rows.csv"));
  CAF_CHECK_EQUAL(export_.err, "20,000 rows exported\n");
  const auto vacuum = in_folder("vacuum app.db");
  CAF_CHECK_EQUAL(vacuum.out, "");
  CAF_CHECK(has(vacuum.err, " before, "));
  const auto backup = in_folder("backup now app.db --dir b");
  CAF_CHECK_EQUAL(backup.out, "");
  CAF_CHECK(backup.err.starts_with("backed up to "));
}

CAF_TEST(quiet leaves only data and errors) {
  for (const char* line :
       {"-q import app.db rows.csv -t t", "vacuum app.db -q", "export app.db -t t out.csv -q",
        "backup now app.db --dir c -q", "query app.db 'DELETE FROM t WHERE id < 0' --quiet"}) {
    const auto r = in_folder(line);
    CAF_CHECK_EQUAL(r.code, 0);
    CAF_CHECK_EQUAL(r.out + r.err, "");
  }
  CAF_CHECK(!in_folder("-q query app.db 'SELECT nope'").err.empty());
}

CAF_TEST(verbose prints the count of rows behind the rows) {
  const auto r = on_terminal("-v query app.db 'SELECT 1 AS one' -o csv", 80);
  CAF_CHECK(r.out.starts_with("one\n1\n1 row in "));
}

CAF_TEST(bars are drawn on terminals only) {
  for (const char* line : {"import app.db rows.csv -t t3", "backup now app.db one.sqlite",
                           "backup now app.db --dir bars", "backup verify one.sqlite",
                           "restore one.sqlite copy.db", "export app.db -t t out2.csv"}) {
    const auto piped = in_folder(line);
    CAF_CHECK(!has(piped.err, "\r"));
    CAF_CHECK(!has(piped.err, "\x1b"));
  }
  CAF_CHECK(has(on_terminal("import app.db rows.csv -t t4", 80).out, "\rimporting"));
  CAF_CHECK(has(on_terminal("backup now app.db two.sqlite", 80).out, "\rbacking up"));
  CAF_CHECK(has(on_terminal("backup verify two.sqlite", 80).out, "\rverifying"));
  CAF_CHECK(has(on_terminal("restore two.sqlite new.db", 80).out, "\rrestoring"));
  CAF_CHECK(!has(on_terminal("import app.db rows.csv -t t5", 80, {{"TERM", "dumb"}}).out, "\r"));
  CAF_CHECK(!has(on_terminal("-q import app.db rows.csv -t t6", 80).out, "\r"));
  // A bar stays in its line, however narrow the terminal is.
  for (const auto& drawn : lines_of(on_terminal("import app.db rows.csv -t t7", 20).out)) {
    std::size_t at = 0;
    for (auto r = drawn.find('\r'); r != std::string::npos; r = drawn.find('\r', at)) {
      CAF_CHECK(dbengine::app::ui::display_width(plain(drawn.substr(at, r - at))) <= 20);
      at = r + 1;
    }
  }
}

CAF_TEST(colours are for terminals that want them) {
  const std::string line = "query app.db 'SELECT NULL AS n'";
  CAF_CHECK(has(on_terminal(line, 80).out, "\x1b["));
  CAF_CHECK(!has(on_terminal(line, 80, {{"NO_COLOR", "1"}}).out, "\x1b["));
  CAF_CHECK(!has(on_terminal(line, 80, {{"TERM", "dumb"}}).out, "\x1b["));
  CAF_CHECK(!has(on_terminal("--color never " + line, 80).out, "\x1b["));
  CAF_CHECK(!has(in_folder(line).out, "\x1b["));
  CAF_CHECK(has(in_folder("--color always " + line).out, "\x1b["));
  CAF_CHECK(has(on_terminal("--color always " + line, 80, {{"NO_COLOR", "1"}}).out, "\x1b["));
  CAF_CHECK(has(on_terminal("query app.db 'SELECT nope'", 80).out, "\x1b[31merror: "));
}

CAF_TEST(tables are as wide as what they show in every locale) {
  for (const char* locale : {"C", "C.UTF-8", "POSIX"}) {
    const auto r = run_line("query app.db 'SELECT * FROM wide'",
                            {.environment = {{"LC_ALL", locale}}, .folder = folder.path});
    CAF_REQUIRE_EQUAL(r.code, 0);
    const auto lines = lines_of(r.out);
    CAF_REQUIRE_EQUAL(lines.size(), 10u);
    for (const auto& l : lines)
      CAF_CHECK_EQUAL(dbengine::app::ui::display_width(l),
                      dbengine::app::ui::display_width(lines[0]));
    CAF_CHECK(has(r.out, "日本語"));
    CAF_CHECK(has(r.out, "a\\e[31m\\nb"));
    CAF_CHECK_EQUAL(has(r.out, "│"), std::string(locale) == "C.UTF-8");
  }
}

CAF_TEST(a table keeps to a narrow terminal and is whole in a pipe) {
  const std::vector<std::string> words{
      "query", "app.db", "SELECT 1 AS id, printf('%0200d', 7) AS digits, '日本語' AS t"};
  for (const unsigned columns : {100u, 60u, 40u}) {
    const auto r = run(words, {.folder = folder.path, .columns = columns});
    for (const auto& l : lines_of(plain(r.out)))
      CAF_CHECK(dbengine::app::ui::display_width(l) <= columns);
    CAF_CHECK(has(r.out, "…"));
    const auto ascii = run(words, {.environment = {{"LC_ALL", "C"}, {"TERM", "dumb"}},
                                   .folder = folder.path,
                                   .columns = columns});
    for (const auto& l : lines_of(ascii.out))
      CAF_CHECK(dbengine::app::ui::display_width(l) <= columns);
    CAF_CHECK(has(ascii.out, "..."));
  }
  const auto piped = run(words, {.folder = folder.path});
  CAF_CHECK(has(piped.out, std::string(199, '0') + "7"));
}

CAF_TEST(a reader that leaves ends the program without an error) {
  for (const char* line :
       {"query app.db 'SELECT * FROM t' -o csv", "export app.db -t t -", "dump app.db",
        "query app.db 'WITH RECURSIVE c(x) AS (SELECT 1 UNION "
        "ALL SELECT x + 1 FROM c) SELECT x FROM c' -o jsonl"}) {
    const auto r = run_line(line, {.folder = folder.path, .reader_leaves_after = 1});
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("0 ") + line);
    CAF_CHECK_EQUAL(r.err, "");
  }
}

CAF_TEST(data that cannot be written is an error) {
  for (const char* line : {"query app.db 'SELECT 1'", "query app.db 'SELECT * FROM t' -o json",
                           "dump app.db", "export app.db -t t -", "schema app.db", "check app.db",
                           "stats app.db", "version", "--help", "query --help", "man",
                           "completion bash", "config show", "backup verify app.db"}) {
    for (const char* target : {"/dev/full", "closed"}) {
      const auto r = run_line(line, {.folder = folder.path, .output_to = target});
      CAF_CHECK_EQUAL(std::to_string(r.code) + " " + line, std::string("1 ") + line);
      const std::string why =
          std::string(target) == "closed" ? "Bad file descriptor" : "No space left on device";
      CAF_CHECK_EQUAL(r.err, "error: cannot write standard output: " + why + "\n");
    }
  }
  CAF_CHECK_EQUAL(in_folder("export app.db -t t /dev/full").code, 1);
}

CAF_TEST(every format writes what it should) {
  const auto out = [&](const std::string& format) {
    return run({"query", "app.db",
                "SELECT 1 AS a, 1.5 AS b, NULL AS c, 'x, \"y\"' AS d, x'00ff' AS e, 9e999 AS f",
                "-o", format},
               {.folder = folder.path})
        .out;
  };
  CAF_CHECK_EQUAL(out("csv"), "a,b,c,d,e,f\n1,1.5,,\"x, \"\"y\"\"\",x'00ff',Inf\n");
  CAF_CHECK_EQUAL(out("json"), "[\n  {\"a\": 1, \"b\": 1.5, \"c\": null, \"d\": \"x, \\\"y\\\"\", "
                               "\"e\": {\"$blob\":\"AP8=\"}, \"f\": {\"$real\":\"Inf\"}}\n]\n");
  CAF_CHECK_EQUAL(out("jsonl"), "{\"a\":1,\"b\":1.5,\"c\":null,\"d\":\"x, \\\"y\\\"\",\"e\":{"
                                "\"$blob\":\"AP8=\"},\"f\":{\"$real\":\"Inf\"}}\n");
  CAF_CHECK_EQUAL(out("line"), "a = 1\nb = 1.5\nc = NULL\nd = x, \"y\"\ne = x'00ff'\nf = Inf\n");
  CAF_CHECK_EQUAL(out("md"), "| a | b | c | d | e | f |\n| --- | --- | --- | --- | --- | --- |\n"
                             "| 1 | 1.5 | NULL | x, \"y\" | x'00ff' | Inf |\n");
  CAF_CHECK(out("table").starts_with("┌───┬─────┬──────┬"));
}

CAF_TEST_FIXTURE_SCOPE_END()
