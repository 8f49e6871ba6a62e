// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "demo/package_index.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <tuple>

namespace dbengine::app::demo {

namespace {

constexpr std::string_view space = " \t\r";

std::string_view trimmed(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::optional<std::int64_t> number(std::string_view text) noexcept {
  std::int64_t n = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (code != std::errc() || end != text.data() + text.size() || n < 0)
    return std::nullopt;
  return n;
}

template <class F>
void split(std::string_view text, char separator, F&& each) {
  for (;;) {
    const auto at = text.find(separator);
    each(trimmed(text.substr(0, at)));
    if (at == std::string_view::npos)
      return;
    text.remove_prefix(at + 1);
  }
}

std::optional<relation> parse_relation(std::string_view text) {
  const auto name_end = text.find_first_of(" \t(<[");
  std::string_view name = text.substr(0, name_end);
  if (name.empty())
    return std::nullopt;
  relation r;
  if (const auto colon = name.find(':'); colon != std::string_view::npos) {
    r.qualifier = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  r.name = name;
  const auto open = text.find('(');
  const auto close = text.find(')');
  if (open != std::string_view::npos && close != std::string_view::npos && open < close) {
    const auto inside = trimmed(text.substr(open + 1, close - open - 1));
    const auto operator_end = inside.find_first_not_of("<>=");
    r.comparison = inside.substr(0, operator_end);
    if (operator_end != std::string_view::npos)
      r.version = trimmed(inside.substr(operator_end));
  }
  return r;
}

// The fields of one stanza that the demo uses. Continuation lines belong to the field before them.
struct stanza {
  enum field {
    package,
    version,
    architecture,
    section,
    priority,
    source,
    homepage,
    sha256,
    maintainer,
    description,
    installed_size,
    size,
    provides,
    first_kind
  };
  static constexpr std::array<std::string_view, first_kind> names{
      "Package", "Version",    "Architecture", "Section",        "Priority", "Source",  "Homepage",
      "SHA256",  "Maintainer", "Description",  "Installed-Size", "Size",     "Provides"};

  std::array<std::string, first_kind + dependency_kinds.size()> values;
  std::string* last = nullptr;
  bool empty = true;

  void add(std::string_view line) {
    empty = false;
    if (line.front() == ' ' || line.front() == '\t') {
      if (last != nullptr)
        last->append("\n").append(line.substr(1));
      return;
    }
    last = nullptr;
    const auto colon = line.find(':');
    if (colon == std::string_view::npos)
      return;
    const auto name = line.substr(0, colon);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto known = i < names.size() ? names[i] : dependency_kinds[i - first_kind];
      if (same_name(name, known)) {
        last = &values[i];
        *last = trimmed(line.substr(colon + 1));
        return;
      }
    }
  }
};

package_record to_record(stanza& s, std::int64_t id) {
  package_record r;
  r.id = id;
  r.name = std::move(s.values[stanza::package]);
  r.version = std::move(s.values[stanza::version]);
  r.architecture = std::move(s.values[stanza::architecture]);
  r.section = std::move(s.values[stanza::section]);
  r.priority = std::move(s.values[stanza::priority]);
  r.source = std::move(s.values[stanza::source]);
  r.homepage = std::move(s.values[stanza::homepage]);
  r.sha256 = std::move(s.values[stanza::sha256]);
  std::tie(r.maintainer_name, r.maintainer_email) = parse_maintainer(s.values[stanza::maintainer]);
  const std::string& text = s.values[stanza::description];
  const auto first_line = text.find('\n');
  r.summary = text.substr(0, first_line);
  if (first_line != std::string::npos)
    r.body = text.substr(first_line + 1);
  r.installed_kib = number(s.values[stanza::installed_size]);
  r.archive_bytes = number(s.values[stanza::size]);
  for (std::size_t kind = 0; kind < dependency_kinds.size(); ++kind)
    for (auto& item : parse_relations(s.values[stanza::first_kind + kind]))
      r.dependencies.push_back({kind, std::move(item)});
  for (auto& item : parse_relations(s.values[stanza::provides]))
    r.provides.push_back(std::move(item.front()));
  return r;
}

} // namespace

std::vector<std::vector<relation>> parse_relations(std::string_view field) {
  std::vector<std::vector<relation>> items;
  std::string joined;
  if (field.find('\n') != std::string_view::npos) {
    joined = field;
    std::replace(joined.begin(), joined.end(), '\n', ' ');
    field = joined;
  }
  split(field, ',', [&](std::string_view item) {
    std::vector<relation> alternatives;
    split(item, '|', [&](std::string_view text) {
      if (auto r = parse_relation(text))
        alternatives.push_back(std::move(*r));
    });
    if (!alternatives.empty())
      items.push_back(std::move(alternatives));
  });
  return items;
}

std::pair<std::string, std::string> parse_maintainer(std::string_view field) {
  const auto open = field.rfind('<');
  const auto close = field.rfind('>');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open)
    return {std::string(trimmed(field)), std::string()};
  auto name = trimmed(field.substr(0, open));
  if (name.size() >= 2 && name.front() == '"' && name.back() == '"')
    name = name.substr(1, name.size() - 2);
  return {std::string(name), std::string(trimmed(field.substr(open + 1, close - open - 1)))};
}

std::optional<package_record> package_index::next() {
  for (;;) {
    stanza s;
    std::string_view line;
    bool more = false;
    while ((more = lines_.next(line))) {
      if (!trimmed(line).empty())
        s.add(line);
      else if (!s.empty)
        break;
    }
    if (s.empty && !more)
      return std::nullopt;
    if (s.values[stanza::package].empty() || s.values[stanza::version].empty()) {
      ++skipped_;
      continue;
    }
    return to_record(s, ++last_id_);
  }
}

} // namespace dbengine::app::demo
