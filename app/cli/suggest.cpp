// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/suggest.hpp"

#include "cli/command.hpp"
#include "data/statements/statement_scanner.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace dbengine::app {

namespace {

// SQLite's message for an unknown name, and the query that lists such names.
struct unknown_name {
  std::string_view words;
  const char* candidates;
};

constexpr const char* columns =
    "SELECT DISTINCT c.name FROM sqlite_schema s, pragma_table_xinfo(s.name) c"
    " WHERE s.type IN ('table', 'view') AND c.hidden <> 1";

constexpr std::array unknown_names{
    unknown_name{"no such table: ",
                 "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"},
    unknown_name{"no such column: ", columns}, unknown_name{" has no column named ", columns},
    unknown_name{"no such function: ", "SELECT DISTINCT name FROM pragma_function_list"}};

bool is_word(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool same(std::string_view a, std::string_view b) noexcept {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// The position of the name at or after `at`, as a word or quoted, outside of strings and comments.
std::optional<std::size_t> place_of(std::string_view name, std::string_view sql, std::size_t at) {
  while (at < sql.size()) {
    const char c = sql[at];
    const auto behind = [&](std::string_view close, std::size_t from) {
      const auto found = sql.find(close, from);
      return found == std::string_view::npos ? sql.size() : found + close.size();
    };
    if (sql.substr(at).starts_with("--")) {
      at = behind("\n", at);
    } else if (sql.substr(at).starts_with("/*")) {
      at = behind("*/", at + 2);
    } else if (c == '\'') {
      at = behind("'", at + 1);
    } else if (c == '"' || c == '`' || c == '[') {
      const auto end = behind(c == '[' ? "]" : std::string_view(&sql[at], 1), at + 1);
      if (end >= at + 2 && same(sql.substr(at + 1, end - at - 2), name))
        return at;
      at = end;
    } else if (is_word(c)) {
      const auto begin = at;
      while (at < sql.size() && is_word(sql[at]))
        ++at;
      if (same(sql.substr(begin, at - begin), name))
        return begin;
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

} // namespace

dbengine::error with_suggestion(const dbengine::error& e, const std::string& sql,
                                const request_view& db) {
  if (e.code() != errc::sql)
    return e;
  error_info info = e.info();
  for (const auto& kind : unknown_names) {
    const auto found = info.message.find(kind.words);
    if (found == std::string::npos)
      continue;
    std::string name = info.message.substr(found + kind.words.size());
    name.erase(0, name.rfind('.') + 1); // schema.table, table.column
    // Later statements are not searched: they may create what is missing here.
    const auto begin = std::min(info.offset.value_or(0), sql.size());
    const auto end = statement_scanner().to_end(std::string_view(sql).substr(begin));
    const auto statement =
        std::string_view(sql).substr(0, end == std::string_view::npos ? sql.size() : begin + end);
    if (const auto place = place_of(name, statement, begin))
      info.offset = place;
    try {
      std::vector<std::string> known;
      for (const auto& r : db.fetch(kind.candidates))
        known.push_back(r[0].as<std::string>());
      info.message += did_you_mean(name, known);
    } catch (const dbengine::error&) { // only the error itself is reported
    }
    break;
  }
  return dbengine::error(std::move(info));
}

} // namespace dbengine::app
