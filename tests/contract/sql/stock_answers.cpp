// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that any script returns through the engine what it returns in SQLite's own shell: the same
// rows, value by value, and the same errors. Each statement has its own line, so that the shell's
// line numbers identify the one that failed, and a mark follows each. The shell prints the rows
// that come before an error; an answer of the engine holds either rows or the error.

#include "support/engine/backends.hpp"
#include "support/sqlite/random_sql.hpp"

#include <sqlite3.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

struct answers {
  std::string rows;                          // as the shell's mode "quote" prints them
  std::map<std::size_t, std::string> errors; // by line, from 1

  friend bool operator==(const answers&, const answers&) = default;
};

bool shell_is_there() {
  return std::system("sqlite3 -version >/dev/null 2>&1") == 0;
}

std::string content(const fs::path& p) {
  std::ifstream in(p, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

constexpr const char* end_of_statement = "~~~ end of a statement ~~~";

answers of_shell(const fs::path& folder, const std::vector<std::string>& statements) {
  {
    std::ofstream script(folder / "script.sql");
    for (const auto& s : statements)
      script << s << ";\n.print " << end_of_statement << "\n";
  }
  const auto file = [&](const char* name) { return "'" + (folder / name).string() + "'"; };
  const auto command =
      "sqlite3 -batch -init /dev/null -cmd 'PRAGMA foreign_keys = ON' -cmd '.mode quote' " +
      file("shell.db") + " <" + file("script.sql") + " >" + file("out") + " 2>" + file("err");
  static_cast<void>(std::system(command.c_str())); // its exit code shows the script's errors
  answers a;
  std::istringstream errors(content(folder / "err"));
  for (std::string line; std::getline(errors, line);) {
    // "Parse error near line 3: no such table: x", "Runtime error near line 4: UNIQUE constraint
    // failed: t.v (19)"
    const auto at = line.find(" near line ");
    if (at == line.npos || !(line.starts_with("Parse error") || line.starts_with("Runtime error") ||
                             line.starts_with("Error")))
      continue; // the statement's text, with an arrow below it
    const auto colon = line.find(": ", at);
    auto message = line.substr(colon + 2);
    if (const auto code = message.rfind(" (");
        code != message.npos && message.find_first_not_of("0123456789)", code + 2) == message.npos)
      message.erase(code);
    a.errors[(std::stoul(line.substr(at + 11)) + 1) / 2] = message;
  }
  std::istringstream out(content(folder / "out"));
  std::size_t statement = 1;
  for (std::string line; std::getline(out, line);)
    if (line == end_of_statement)
      ++statement;
    else if (!a.errors.contains(statement))
      a.rows += line + "\n";
  CAF_REQUIRE_EQUAL(statement, statements.size() + 1);
  return a;
}

std::string quoted(const field& f) {
  switch (f.type()) {
  case value_type::null: return "NULL";
  case value_type::integer: return std::to_string(f.as<std::int64_t>());
  case value_type::real: {
    char text[64];
    sqlite3_snprintf(sizeof text, text, "%!.20g", f.as<double>());
    return text;
  }
  case value_type::text: {
    char* text = sqlite3_mprintf("%Q", f.as<std::string>().c_str());
    std::string s = text;
    sqlite3_free(text);
    return s;
  }
  case value_type::blob: {
    std::string s = "X'";
    for (const char c : f.bytes()) {
      char two[3];
      std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
      s += two;
    }
    return s + "'";
  }
  }
  return {};
}

void add(std::string& text, const rows& r) {
  for (const auto& row : r) {
    for (std::size_t i = 0; i < row.size(); ++i)
      text += (i == 0 ? "" : ",") + quoted(row[i]);
    text += "\n";
  }
}

// Runs all statements as one script.
answers of_script(const target& db, const std::vector<std::string>& statements) {
  std::string text;
  for (const auto& s : statements)
    text += s + ";\n";
  answers a;
  const auto result = db.execute_script(text, script_mode::continue_on_error);
  CAF_CHECK_EQUAL(result.steps.size(), statements.size());
  for (std::size_t i = 0; i < result.steps.size(); ++i) {
    if (result.steps[i].failure)
      a.errors[i + 1] = result.steps[i].failure->message;
    else
      add(a.rows, result.steps[i].result);
  }
  return a;
}

// Runs each statement as its own call.
answers of_calls(const target& db, const std::vector<std::string>& statements) {
  answers a;
  for (std::size_t i = 0; i < statements.size(); ++i)
    try {
      add(a.rows, db.fetch(statements[i] + ";"));
    } catch (const error& e) {
      a.errors[i + 1] = e.message();
    }
  return a;
}

// Describes how the two differ; empty if they do not.
std::string difference(const answers& engine, const answers& shell) {
  if (engine == shell)
    return {};
  std::istringstream a(engine.rows);
  std::istringstream b(shell.rows);
  std::string x;
  std::string y;
  for (int line = 1;; ++line) {
    const bool more_x = static_cast<bool>(std::getline(a, x));
    const bool more_y = static_cast<bool>(std::getline(b, y));
    if (!more_x && !more_y)
      break;
    if (!more_x || !more_y || x != y)
      return "row " + std::to_string(line) + "\n engine: " + (more_x ? x : "(none)") +
             "\n shell:  " + (more_y ? y : "(none)");
  }
  for (const auto& [line, message] : engine.errors)
    if (!shell.errors.contains(line) || shell.errors.at(line) != message)
      return "line " + std::to_string(line) + "\n engine: " + message +
             "\n shell:  " + (shell.errors.contains(line) ? shell.errors.at(line) : "(none)");
  for (const auto& [line, message] : shell.errors)
    if (!engine.errors.contains(line))
      return "line " + std::to_string(line) + "\n engine: (none)\n shell:  " + message;
  return "?";
}

// Leaves out statements with functions that report the connection and not the database, because
// single calls may run on any connection.
std::vector<std::string> of_the_database(const std::vector<std::string>& statements) {
  std::vector<std::string> some;
  for (const auto& s : statements)
    if (s.find("changes()") == s.npos && s.find("last_insert_rowid") == s.npos &&
        !s.starts_with("EXPLAIN"))
      some.push_back(s);
  return some;
}

void compare(const std::vector<std::string>& all) {
  for (const bool whole : {true, false}) {
    const auto statements = whole ? all : of_the_database(all);
    const engine_folder folder;
    const auto shell = of_shell(folder.path, statements);
    CAF_REQUIRE(!shell.rows.empty());
    on_every_backend([&](target& db) {
      const auto d =
          difference(whole ? of_script(db, statements) : of_calls(db, statements), shell);
      if (!d.empty())
        std::fprintf(stderr, "%s, %s: %s\n", db.name.c_str(), whole ? "script" : "calls",
                     d.c_str());
      CAF_CHECK(d.empty());
      CAF_CHECK(db.integrity_check().empty());
    });
  }
}

unsigned seed_of_this_run() {
  const char* given = std::getenv("DBENGINE_PROPERTY_SEED");
  const auto seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                     : std::random_device{}();
  std::printf("DBENGINE_PROPERTY_SEED=%u\n", seed);
  return seed;
}

} // namespace

CAF_TEST(scripts written by hand give what the shell gives) {
  if (!shell_is_there())
    DBENGINE_SKIP("sqlite3, the shell, is not installed");
  std::size_t scripts = 0;
  for (const auto& entry :
       fs::directory_iterator(DBENGINE_SOURCE_DIR "/tests/contract/sql/scripts")) {
    CAF_MESSAGE(entry.path().filename().string());
    std::vector<std::string> statements;
    std::istringstream lines(content(entry.path()));
    for (std::string line; std::getline(lines, line);)
      if (!line.empty() && !line.starts_with("--"))
        statements.push_back(line.substr(0, line.rfind(';')));
    CAF_CHECK(statements.size() > 10);
    compare(statements);
    ++scripts;
  }
  CAF_CHECK(scripts >= 5);
}

CAF_TEST(random scripts give what the shell gives) {
  if (!shell_is_there())
    DBENGINE_SKIP("sqlite3, the shell, is not installed");
  const char* count = std::getenv("DBENGINE_PROPERTY_COUNT");
  std::mt19937 random(seed_of_this_run());
  for (long i = count != nullptr ? std::strtol(count, nullptr, 10) : 5; i > 0; --i)
    compare(random_script(random, 200));
}

CAF_TEST(the comparison with the shell finds a difference) {
  if (!shell_is_there())
    DBENGINE_SKIP("sqlite3, the shell, is not installed");
  const std::vector<std::string> script{
      "CREATE TABLE t (v UNIQUE)", "INSERT INTO t VALUES (1), (2.5), ('x'), (x'00ff'), (NULL)",
      "SELECT v FROM t", "INSERT INTO t VALUES (1)", "SELECT nope FROM t",
      // The shell prints a row before it fails.
      "SELECT abs(column1) FROM (VALUES (8), (-9223372036854775808))", "SELECT 9"};
  const engine_folder folder;
  const auto shell = of_shell(folder.path, script);
  CAF_CHECK_EQUAL(shell.errors.size(), 3u);
  CAF_CHECK(shell.rows.ends_with("NULL\n9\n"));
  on_every_backend([&](target& db) {
    const auto engine = of_script(db, script);
    CAF_CHECK_EQUAL(difference(engine, shell), "");
    auto other = shell;
    other.rows.replace(other.rows.find("2.5"), 3, "2.6");
    CAF_CHECK(!difference(engine, other).empty());
    other = shell;
    other.rows += "1\n";
    CAF_CHECK(!difference(engine, other).empty());
    other = shell;
    other.errors[4] = "another reason";
    CAF_CHECK(!difference(engine, other).empty());
    other.errors.erase(4);
    CAF_CHECK(!difference(engine, other).empty());
    other = shell;
    other.errors[1] = "one more";
    CAF_CHECK(!difference(engine, other).empty());
  });
}
