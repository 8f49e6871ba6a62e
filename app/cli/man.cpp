// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/help.hpp"

namespace dbengine::app {

namespace {

// Escapes text for roff: backslashes, hyphens, and dots or quotes at the start of a line.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\''))
      out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_start = c == '\n';
  }
  return out;
}

void options(std::string& out, const std::vector<option_spec>& all) {
  for (const auto& o : all) {
    std::string names;
    for (const auto& n : o.all_names())
      names += (names.empty() ? "\\fB" : ", \\fB") + roff(n) + "\\fR";
    if (!o.value.empty())
      names += " \\fI" + roff(o.value) + "\\fR";
    out += ".TP\n" + names + "\n" + roff(o.help);
    for (std::size_t i = 0; i < o.choices.size(); ++i)
      out += (i == 0 ? ": " : ", ") + roff(o.choices[i]);
    if (!o.fallback.empty())
      out += " (default: " + roff(o.fallback) + ")";
    out += ".\n";
  }
}

void commands(std::string& out, const command& tree, std::vector<const command*>& path) {
  const command& at = path.empty() ? tree : *path.back();
  for (const auto& c : at.commands) {
    if (c.hidden)
      continue;
    path.push_back(&c);
    if (c.commands.empty()) {
      out += ".SS " + roff(usage_line(tree, path).substr(tree.name.size() + 1)) + "\n";
      out += roff(described(c)) + "\n";
      for (const auto& p : c.positionals)
        if (!p.help.empty())
          out += ".TP\n\\fI" + roff(p.name) + "\\fR\n" + roff(p.help) + ".\n";
      options(out, c.options);
      for (const auto& e : c.examples)
        out += ".PP\n.EX\n" + roff(tree.name + " " + e) + "\n.EE\n";
    } else {
      commands(out, tree, path);
    }
    path.pop_back();
  }
}

} // namespace

std::string man_page(const command& tree) {
  std::string out = ".\\\" Made by '" + tree.name + " man' from the command tree.\n";
  out += ".TH DBENGINE 1 \"\" \"dbengine " DBENGINE_VERSION "\" \"User Commands\"\n";
  out += ".SH NAME\n" + tree.name + " \\- " + roff(tree.summary) + "\n";
  out += ".SH SYNOPSIS\n" + roff(usage_line(tree, {})) + "\n";
  out += ".SH DESCRIPTION\n" + roff(tree.description) + "\n";
  out += ".SH OPTIONS\n";
  options(out, global_options(tree));
  out += ".SH COMMANDS\n";
  std::vector<const command*> path;
  commands(out, tree, path);
  out += ".SH EXIT STATUS\n";
  static constexpr const char* codes[][2] = {
      {"0", "Success"},
      {"1", "Invalid SQL, data that does not fit, or a file that cannot be read or written"},
      {"2", "Invalid command line"},
      {"3", "Invalid configuration"},
      {"5", "The database is in use or busy, or the deadline expired; try again later"},
      {"6", "The server is unreachable"},
      {"7", "A check failed"},
      {"11", "The file is damaged or not a database"},
      {"130", "Interrupted"}};
  for (const auto& [code, meaning] : codes)
    out += std::string(".TP\n\\fB") + code + "\\fR\n" + meaning + ".\n";
  out +=
      ".SH ENVIRONMENT\n.TP\n\\fBNO_COLOR\\fR\nNot empty: no colours, unless \\fB\\-\\-color always\\fR is given.\n"
      ".TP\n\\fBTERM\\fR\n\\fBdumb\\fR: no colours and no progress bars.\n";
  return out;
}

} // namespace dbengine::app
