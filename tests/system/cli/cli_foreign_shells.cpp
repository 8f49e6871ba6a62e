// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the completion scripts of shells that are not installed everywhere, run by those shells.
// A separate suite, because it counts as skipped if a shell is missing.

#include "cli/command.hpp"

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"

#include <map>
#include <set>
#include <sstream>

#include "support/test.hpp"

using namespace dbengine::test;
using dbengine::app::command;
using dbengine::app::value_kind;

namespace {

using names = std::set<std::string>;

// Collects the offers expected after "dbengine WORDS -", "dbengine WORDS " and "dbengine WORDS
// OPTION ".
void offers_of(const command& tree, const command& c, const std::string& path,
               std::map<std::string, names>& all) {
  const std::string before = path.empty() ? "" : path + " ";
  names options{"-h", "--help"}, words;
  for (const auto* from : {&c.options, &tree.options})
    for (const auto& o : *from)
      for (const auto& name : o.all_names()) {
        options.insert(name);
        if (o.what == value_kind::nothing)
          continue;
        auto& values = all[before + name + " "];
        values.insert(o.choices.begin(), o.choices.end());
        if (o.choices.empty())
          values.insert(o.what == value_kind::file     ? "(files)"
                        : o.what == value_kind::folder ? "(files -/)"
                                                       : "(" + o.value + ")");
      }
  all[before + "-"] = options;
  for (const auto& sub : c.commands)
    if (!sub.hidden) {
      words.insert(sub.name);
      offers_of(tree, sub, before + sub.name, all);
    }
  for (const auto& p : c.positionals) {
    words.insert(p.choices.begin(), p.choices.end());
    if (p.what == value_kind::file || p.what == value_kind::folder)
      words.insert("(files)");
  }
  all[before] = words;
}

// Runs the script in zsh itself and calls it as zsh's completion system does. The functions to
// which it passes offers print these instead.
std::map<std::string, names> from_zsh(const std::map<std::string, names>& questions) {
  const engine_folder folder;
  write_text(folder.path / "script", run({"completion", "zsh"}).out);
  std::string asked = "compdef() { }\n"
                      "_describe() { local list=${@[-1]} one; for one in ${(P)list}; do\n"
                      "  print -r -- ${${one//\\\\:/<colon>}%%:*}; done }\n"
                      "_files() { print -r -- \"(files${*:+ $*})\" }\n"
                      "_message() { print -r -- \"($1)\" }\n"
                      "compadd() { shift; print -rl -- $@ }\n"
                      "source ./script\n"
                      "ask() { print -r -- \"? $1\"; words=(dbengine ${(s: :)1}); shift\n"
                      "  [[ $1 == new ]] && words+=('')\n"
                      "  CURRENT=$#words; _dbengine }\n";
  for (const auto& [words, offered] : questions)
    asked +=
        "ask '" + words + "' " + (words.ends_with(' ') || words.empty() ? "new" : "same") + "\n";
  write_text(folder.path / "asked", asked);
  const auto r = run({"-f", "asked"}, {.folder = folder.path, .program = "/bin/zsh"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
  std::map<std::string, names> all;
  names* current = nullptr;
  std::istringstream lines(r.out);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("? "))
      current = &all[line.substr(2)];
    else if (current != nullptr)
      current->insert(line);
  return all;
}

std::string text_of(const names& words) {
  std::string out;
  for (const auto& w : words)
    out += w + " ";
  return out;
}

} // namespace

CAF_TEST(the script for zsh is one) {
  if (!has_program("zsh"))
    DBENGINE_SKIP("no zsh here");
  const auto r = run({"-c", "zsh -n /dev/stdin"},
                     {.input = run({"completion", "zsh"}).out, .program = "/bin/bash"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
}

CAF_TEST(zsh completes what every command of the tree takes) {
  if (!has_program("zsh"))
    DBENGINE_SKIP("no zsh here");
  const auto tree = dbengine::app::make_tree(false);
  std::map<std::string, names> expected;
  offers_of(tree, tree, "", expected);
  auto found = from_zsh(expected);
  CAF_CHECK(expected.size() > 200);
  for (const auto& [words, offered] : expected)
    if (found[words] != offered)
      CAF_ERROR("behind 'dbengine " << words << "': the tree has " << text_of(offered)
                                    << ", zsh offers " << text_of(found[words]));
  // Control: something is compared.
  CAF_CHECK(found["backup "].contains("prune"));
  CAF_CHECK(found["query -"].contains("--read-only"));
  CAF_CHECK_EQUAL(text_of(found["import --types "]), "auto text ");
  CAF_CHECK_EQUAL(text_of(found["backup now --dir "]), "(files -/) ");
}

CAF_TEST(the script for fish is one) {
  if (!has_program("fish"))
    DBENGINE_SKIP("no fish here");
  const auto r = run({"-c", "fish --no-execute /dev/stdin"},
                     {.input = run({"completion", "fish"}).out, .program = "/bin/bash"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.err, "");
}
