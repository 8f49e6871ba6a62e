// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that --help, the manual page and the completion scripts, all written by the program, agree
// about every command.

#include "cli/command.hpp"

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "support/test.hpp"

using namespace dbengine::test;
using dbengine::app::command;

namespace {

using names = std::set<std::string>;

// Collects the paths of all commands: "" for the program, "backup list" and so on.
void paths_of(const command& c, const std::string& path, std::vector<std::string>& all) {
  all.push_back(path);
  for (const auto& sub : c.commands)
    if (!sub.hidden)
      paths_of(sub, path.empty() ? sub.name : path + " " + sub.name, all);
}

std::vector<std::string> all_paths() {
  std::vector<std::string> all;
  paths_of(dbengine::app::make_tree(false), "", all);
  return all;
}

std::string printed(const std::vector<std::string>& words) {
  const auto r = run(words);
  CAF_REQUIRE_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
  return r.out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

// The options, commands and choices of a command according to one of the texts.
struct usage {
  names options, commands, choices;
};

bool operator==(const usage& a, const usage& b) {
  return a.options == b.options && a.commands == b.commands && a.choices == b.choices;
}

std::string text_of(const usage& u) {
  std::string out;
  for (const auto* set : {&u.options, &u.commands, &u.choices}) {
    for (const auto& n : *set)
      out += n + " ";
    out += "| ";
  }
  return out;
}

// The words of "-o, --output" or "--output".
void add_options(const std::string& text, names& to) {
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    if (word.ends_with(','))
      word.pop_back();
    if (word.starts_with('-'))
      to.insert(word);
  }
}

// "…: table, csv, json (default: …)" lists choices if only single words follow the colon.
usage from_help(const std::string& path) {
  auto words = words_of(path);
  words.emplace_back("--help");
  usage u;
  std::string section;
  for (const auto& line : lines_of(printed(words))) {
    if (!line.empty() && line[0] != ' ')
      section = line;
    else if (section == "Commands" && line.size() > 2 && line[2] != ' ')
      u.commands.insert(line.substr(2, line.find(' ', 2) - 2));
    else if ((section == "Options" || section == "Global options") &&
             (line.starts_with("  -") || line.starts_with("      --")))
      add_options(line.substr(0, line.find("  ", 6)), u.options);
  }
  return u;
}

// The manual page without its escapes: sections by their headings.
std::string unescaped(const std::string& roff) {
  std::string out;
  for (std::size_t i = 0; i < roff.size(); ++i) {
    if (roff[i] != '\\' || i + 1 == roff.size()) {
      out += roff[i];
      continue;
    }
    ++i;
    if (roff[i] == 'f')
      ++i;
    else if (roff[i] == 'e')
      out += '\\';
    else if (roff[i] != '&')
      out += roff[i];
  }
  return out;
}

usage from_man(const std::vector<std::string>& page, const std::string& path) {
  usage u;
  bool mine = false, global = false, tagged = false;
  for (const auto& raw : page) {
    const auto line = unescaped(raw);
    if (raw.starts_with(".SH "))
      global = raw == ".SH OPTIONS";
    if (raw.starts_with(".S")) {
      // ".SS backup list [OPTION]... DB"
      const auto heading = raw.starts_with(".SS ") ? line.substr(4) : "";
      mine = !path.empty() && (heading + " ").starts_with(path + " ");
      if (mine && path.find(' ') == std::string::npos) // "backup" is not a separate heading
        mine = !(heading.starts_with("backup ") || heading.starts_with("config ")) ||
               path == "backup" || path == "config";
      if (heading.starts_with("backup ") || heading.starts_with("config ")) {
        const auto second = heading.substr(heading.find(' ') + 1);
        const auto sub = second.substr(0, second.find(' '));
        if (path == heading.substr(0, heading.find(' ')))
          u.commands.insert(sub), mine = false;
        if (path.empty())
          u.commands.insert(heading.substr(0, heading.find(' ')));
      } else if (path.empty() && !heading.empty()) {
        u.commands.insert(heading.substr(0, heading.find(' ')));
      }
    }
    if (tagged && (mine || global) && line.starts_with('-'))
      add_options(line, u.options);
    tagged = raw == ".TP";
  }
  return u;
}

// Runs the script in bash itself and returns what it offers after `path`.
usage from_bash(const std::string& script, const std::string& path) {
  const std::string words = "dbengine " + path + (path.empty() ? "" : " ");
  const auto offered = [&](const std::string& last) {
    const std::string ask = script + "\nCOMP_WORDS=(" + words + "'" + last +
                            "'); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dbengine; "
                            "printf '%s\\n' \"${COMPREPLY[@]}\"";
    const engine_folder empty;
    return lines_of(run({"--norc", "-c", ask}, {.folder = empty.path, .program = "/bin/bash"}).out);
  };
  usage u;
  for (const auto& word : offered("-"))
    u.options.insert(word);
  for (const auto& word : offered(""))
    if (!word.empty() && word[0] != '-')
      u.commands.insert(word);
  return u;
}

// The lines of the fish script for one command.
usage from_fish(const std::vector<std::string>& script, const std::string& path) {
  usage u;
  const std::string condition = "complete -c dbengine -n '__dbengine_at '\\''" + path + "'\\'''";
  for (const auto& line : script) {
    const bool global =
        line.starts_with("complete -c dbengine -l") || line.starts_with("complete -c dbengine -s");
    if (!global && !line.starts_with(condition + " "))
      continue;
    std::istringstream in(line.substr(0, line.find(" -d ")));
    std::string word, before;
    while (in >> word) {
      if (before == "-s")
        u.options.insert("-" + word);
      else if (before == "-l")
        u.options.insert("--" + word);
      else if (before == "-a" && line.find(" -f -a ") != std::string::npos && word[0] != '\'')
        u.commands.insert(word);
      before = word;
    }
  }
  return u;
}

// The choices of arguments are words in completions, but not commands.
usage without_choices(usage u, const std::string& path) {
  if (path == "completion")
    for (const char* shell : {"bash", "zsh", "fish"})
      CAF_CHECK_EQUAL(u.commands.erase(shell), 1u);
  return u;
}

void compare(const std::string& path, const char* what, const usage& expected, const usage& found) {
  if (!(expected == found))
    CAF_ERROR("'" << path << "': --help has " << text_of(expected) << ", " << what << " has "
                  << text_of(found));
  else
    CAF_CHECK(true);
}

} // namespace

CAF_TEST(the manual page agrees with the help of every command) {
  const auto page = lines_of(printed({"man"}));
  for (const auto& path : all_paths())
    compare(path, "the manual page", from_help(path), from_man(page, path));
  CAF_CHECK(from_help("query").options.contains("--read-only")); // control: something is compared
  CAF_CHECK(from_help("backup").commands.contains("prune"));
}

CAF_TEST(the manual page is good roff) {
  if (!has_program("man"))
    DBENGINE_SKIP("no man here");
  const auto r = run(
      {"-c", shell_word(program_path()) + " man | man --warnings -E UTF-8 -l - 2>&1 >/dev/null"},
      {.program = "/bin/bash"});
  CAF_CHECK_EQUAL(r.out, "");
}

CAF_TEST(bash completes what the help of every command says) {
  if (!has_program("bash"))
    DBENGINE_SKIP("no bash here");
  const auto script = printed({"completion", "bash"});
  for (const auto& path : all_paths())
    compare(path, "bash", from_help(path), without_choices(from_bash(script, path), path));
}

CAF_TEST(bash completes values and files) {
  const auto script = printed({"completion", "bash"});
  const engine_folder folder;
  write_text(folder.path / "app.db", "");
  const auto offered = [&](const std::string& words) {
    const std::string ask = script + "\nCOMP_WORDS=(" + words +
                            "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _dbengine; "
                            "printf '%s ' \"${COMPREPLY[@]}\"";
    return run({"--norc", "-c", ask}, {.folder = folder.path, .program = "/bin/bash"}).out;
  };
  CAF_CHECK_EQUAL(offered("dbengine query app.db x -o js"), "json jsonl ");
  CAF_CHECK_EQUAL(offered("dbengine query ap"), "app.db ");
  CAF_CHECK_EQUAL(offered("dbengine -c ap"), "app.db ");
  CAF_CHECK_EQUAL(offered("dbengine --color a"), "auto always ");
  CAF_CHECK_EQUAL(offered("dbengine completion z"), "zsh ");
  CAF_CHECK_EQUAL(offered("dbengine backup p"), "prune ");
  CAF_CHECK_EQUAL(offered("dbengine quer"), "query ");
}

CAF_TEST(fish completes what the help of every command says) {
  const auto script = lines_of(printed({"completion", "fish"}));
  for (const auto& path : all_paths())
    compare(path, "fish", from_help(path), from_fish(script, path));
}

CAF_TEST(the script for bash is one) {
  const auto r = run({"-n"}, {.input = printed({"completion", "bash"}), .program = "/bin/bash"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
  CAF_CHECK(run({"-n"}, {.input = "if then", .program = "/bin/bash"}).code != 0); // the control
}

CAF_TEST(help keeps to the width of the terminal) {
  for (const unsigned columns : {60u, 80u, 100u})
    for (const auto& path : all_paths()) {
      auto words = words_of(path);
      words.emplace_back("--help");
      bool examples = false; // lines to be copied are not wrapped
      for (auto line :
           lines_of(run(words, {.environment = {{"NO_COLOR", "1"}}, .columns = columns}).out)) {
        examples = examples || line == "Examples";
        if (!examples && !line.starts_with("Usage:") &&
            dbengine::app::ui::display_width(line) > columns)
          CAF_ERROR(path << " --help is too wide for " << columns << ": " << line);
      }
    }
  CAF_CHECK(true);
}

CAF_TEST(every example of the help is a command line that is understood) {
  const auto tree = dbengine::app::make_tree(false);
  const engine_folder folder;
  std::size_t n = 0;
  for (const auto& path : all_paths()) {
    const command* at = &tree;
    for (const auto& word : words_of(path))
      at = at->find(word);
    for (const auto& example : at->examples) {
      // The example may fail in an empty folder, but not with a usage error.
      const auto words = words_of(example.substr(0, example.find_first_of("<>")));
      if (words[0] == "demo" || words[0] == "serve" || words[0] == "shell" || words[0] == "bench")
        continue;
      const auto r = run(words, {.folder = folder.path});
      CAF_CHECK(r.code != 2);
      ++n;
    }
  }
  CAF_CHECK(n > 8);
}
