// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/help.hpp"

#include "ui/text.hpp"

#include <algorithm>

namespace dbengine::app {

namespace {

// Fills words into lines of the terminal's width, with an indent.
std::string filled(std::string_view text, std::size_t indent, std::size_t columns) {
  const std::size_t width = std::max<std::size_t>(columns, indent + 20) - indent;
  std::string out;
  std::size_t used = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '\n') {
      out += "\n" + std::string(indent, ' ');
      used = 0;
      ++at;
      continue;
    }
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_of(" \n", at), text.size());
    const auto word = text.substr(at, end - at);
    const auto word_width = ui::display_width(word);
    if (used > 0 && used + 1 + word_width > width) {
      out += "\n" + std::string(indent, ' ');
      used = 0;
    }
    if (used > 0) {
      out += ' ';
      ++used;
    }
    out += word;
    used += word_width;
    at = end;
  }
  return out;
}

struct entry {
  std::string left, right;
};

void section(std::string& out, const ui::terminal& t, const char* title,
             const std::vector<entry>& entries) {
  if (entries.empty())
    return;
  constexpr std::size_t most = 30;
  std::size_t left = 0;
  for (const auto& e : entries)
    if (e.left.size() <= most)
      left = std::max(left, e.left.size());
  out += "\n";
  out += ui::begin(t, ui::style::bold);
  out += title;
  out += ui::end(t, ui::style::bold);
  out += "\n";
  const std::size_t columns = std::clamp(t.columns(), 60U, 110U);
  for (const auto& e : entries) {
    out += "  " + e.left;
    if (e.left.size() > left)
      out += "\n" + std::string(left + 4, ' ');
    else
      out.append(left + 2 - e.left.size(), ' ');
    out += filled(e.right, left + 4, columns) + "\n";
  }
}

std::string explained(const option_spec& o) {
  std::string text = o.help;
  if (!o.choices.empty()) {
    text += text.empty() ? "" : ": ";
    for (std::size_t i = 0; i < o.choices.size(); ++i)
      text += (i == 0 ? "" : ", ") + o.choices[i];
  }
  if (!o.fallback.empty())
    text += " (default: " + o.fallback + ")";
  if (o.repeatable)
    text += " (may be given several times)";
  return text;
}

std::vector<entry> option_entries(const std::vector<option_spec>& options) {
  std::vector<entry> entries;
  entries.reserve(options.size());
  for (const auto& o : options)
    entries.push_back({shown(o), explained(o)});
  return entries;
}

} // namespace

std::string described(const command& c) {
  if (!c.description.empty())
    return c.description;
  std::string text = c.summary + ".";
  if (text[0] >= 'a' && text[0] <= 'z')
    text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string shown(const option_spec& o) {
  std::string text;
  for (const auto& n : o.all_names())
    text += (text.empty() ? "" : ", ") + n;
  if (!text.starts_with("--"))
    return text + (o.value.empty() ? "" : " " + o.value);
  return "    " + text + (o.value.empty() ? "" : " " + o.value);
}

std::vector<option_spec> global_options(const command& tree) {
  auto options = tree.options;
  options.push_back({.names = "-h,--help", .help = "show the help of a command"});
  return options;
}

std::string usage_line(const command& tree, const std::vector<const command*>& path) {
  const command& c = path.empty() ? tree : *path.back();
  std::string text = tree.name;
  for (const auto* part : path)
    text += " " + part->name;
  if (!c.options.empty() || path.empty())
    text += " [OPTION]...";
  if (!c.commands.empty())
    text += " COMMAND";
  if (!c.shape.empty())
    return text + " " + c.shape;
  for (const auto& p : c.positionals) {
    const std::string name = p.name + (p.repeatable ? "..." : "");
    text += p.required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string help_text(const command& tree, const std::vector<const command*>& path,
                      const ui::terminal& t) {
  const command& c = path.empty() ? tree : *path.back();
  std::string out = "Usage: " + usage_line(tree, path) + "\n\n";
  out += filled(described(c), 0, std::clamp(t.columns(), 60U, 110U)) + "\n";
  std::vector<entry> entries;
  for (const auto& sub : c.commands)
    if (!sub.hidden)
      entries.push_back({sub.name, sub.summary});
  section(out, t, "Commands", entries);
  entries.clear();
  for (const auto& p : c.positionals)
    entries.push_back({p.name, p.help});
  section(out, t, "Arguments", entries);
  if (!path.empty())
    section(out, t, "Options", option_entries(c.options));
  section(out, t, path.empty() ? "Options" : "Global options",
          option_entries(global_options(tree)));
  if (!c.examples.empty()) {
    out += "\n";
    out += ui::begin(t, ui::style::bold);
    out += "Examples";
    out += ui::end(t, ui::style::bold);
    out += "\n";
    for (const auto& e : c.examples)
      out += "  " + tree.name + " " + e + "\n";
  }
  return out;
}

} // namespace dbengine::app
