// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/completion.hpp"

#include "data/import/import.hpp"
#include "output/row_writer.hpp"
#include "shell/dot_commands.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include <sqlite3.h>

namespace dbengine::app::shell {

namespace {

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

bool begins(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

bool is_plain(std::string_view name) {
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c >= 0x80; });
}

class collector {
public:
  explicit collector(const std::string& word) : word_(word) {}

  void name(const std::string& text) {
    if (begins(text, word_))
      out_.insert(is_plain(text) ? text : quoted_name(text));
  }
  void keyword(std::string_view text) {
    if (word_.empty() || !begins(text, word_))
      return;
    std::string out(text);
    if (std::any_of(word_.begin(), word_.end(),
                    [](unsigned char c) { return std::islower(c) != 0; }))
      std::transform(out.begin(), out.end(), out.begin(), lower);
    out_.insert(out);
  }
  std::vector<std::string> words() const { return {out_.begin(), out_.end()}; }

private:
  const std::string& word_;
  std::set<std::string> out_;
};

void names(const session& s, const std::string& sql, const params& p, collector& to) {
  for (const auto& r : s.fetch(sql, p))
    to.name(r[0].as<std::string>());
}

// One table at a time: a table whose module is missing must not hide the others.
void columns(const session& s, const std::string& table, collector& to) {
  try {
    names(s, "SELECT name FROM pragma_table_info(?)", params::of(table), to);
  } catch (const dbengine::error& e) {
    if (e.code() != errc::sql)
      throw;
  }
}

constexpr const char* tables_sql =
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "UNION SELECT name FROM temp.sqlite_schema WHERE type IN ('table', 'view')";

// The name before the dot that ends at `end`.
std::string owner(const std::string& line, std::size_t end) {
  auto begin = end;
  while (begin > 0 &&
         (std::isalnum(static_cast<unsigned char>(line[begin - 1])) != 0 ||
          line[begin - 1] == '_' || static_cast<unsigned char>(line[begin - 1]) >= 0x80))
    --begin;
  return line.substr(begin, end - begin);
}

candidates dot_arguments(const session& s, const std::string& line, collector& to) {
  const auto command = line.substr(0, line.find(' '));
  if (command == ".mode") {
    for (const auto& f : format_names())
      to.name(f);
  } else if (command == ".timer") {
    to.name("on");
    to.name("off");
  } else if (command == ".schema" || command == ".tables") {
    names(s, tables_sql, {}, to);
  } else if (command == ".import") {
    names(s, tables_sql, {}, to);
    return {.words = to.words(), .files = true};
  } else if (command == ".read" || command == ".backup") {
    return {.files = true};
  }
  return {.words = to.words()};
}

} // namespace

candidates complete(const session& s, const std::string& line, std::size_t begin,
                    const std::string& word) {
  collector to(word);
  const auto before = std::string_view(line).substr(0, begin);
  if (before == ".") {
    for (const auto& d : dot_commands())
      to.name(std::string(d.name).substr(1));
    return {.words = to.words()};
  }
  if (line.starts_with('.') && !line.starts_with(".watch"))
    return dot_arguments(s, line, to);
  if (std::count(before.begin(), before.end(), '\'') % 2 != 0)
    return {};
  if (before.ends_with('.')) {
    columns(s, owner(line, begin - 1), to);
    if (to.words().empty())
      names(s, tables_sql, {}, to); // after the name of a database
    return {.words = to.words()};
  }
  for (int i = 0; i < sqlite3_keyword_count(); ++i) {
    const char* text = nullptr;
    int size = 0;
    if (sqlite3_keyword_name(i, &text, &size) == SQLITE_OK)
      to.keyword(std::string_view(text, static_cast<std::size_t>(size)));
  }
  names(s, tables_sql, {}, to);
  for (const auto& r :
       s.fetch("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')", {}))
    columns(s, r[0].as<std::string>(), to);
  return {.words = to.words()};
}

} // namespace dbengine::app::shell
