// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sql_text.hpp"

#include <sqlite3.h>

#include <string>

namespace dbengine::detail {

std::size_t next_statement(std::string_view sql, std::size_t from) noexcept {
  for (auto i = from; i < sql.size();) {
    const char c = sql[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == ';') {
      ++i;
    } else if (sql.substr(i, 2) == "--") {
      i = sql.find('\n', i);
      if (i == sql.npos)
        return sql.npos;
    } else if (sql.substr(i, 2) == "/*") {
      i = sql.find("*/", i + 2);
      if (i == sql.npos)
        return sql.npos; // SQLite takes an unfinished comment for one to the end
      i += 2;
    } else {
      return i;
    }
  }
  return sql.npos;
}

namespace {

bool word_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(b.size())) == 0;
}

// Whether one of the words stands anywhere in the text, in a string or comment as well.
template <std::size_t N>
bool has_word(std::string_view text, const std::string_view (&words)[N]) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    if (!word_character(text[i])) {
      ++i;
      continue;
    }
    const auto begin = i;
    while (i < text.size() && word_character(text[i]))
      ++i;
    for (const auto w : words)
      if (same_word(text.substr(begin, i - begin), w))
        return true;
  }
  return false;
}

} // namespace

bool may_write(std::string_view sql) noexcept {
  static constexpr std::string_view changing[] = {"INSERT", "UPDATE", "DELETE", "REPLACE"};
  static constexpr std::string_view setting[] = {"application_id", "defer_foreign_keys",
                                                 "incremental_vacuum", "optimize", "user_version"};
  const auto begin = next_statement(sql, 0);
  if (begin == sql.npos)
    return false;
  auto end = begin;
  while (end < sql.size() && word_character(sql[end]))
    ++end;
  const auto first = sql.substr(begin, end - begin);
  if (same_word(first, "SELECT") || same_word(first, "VALUES") || same_word(first, "EXPLAIN"))
    return false;
  if (same_word(first, "WITH"))
    return has_word(sql.substr(end), changing);
  if (same_word(first, "PRAGMA"))
    return has_word(sql.substr(end), setting);
  return true;
}

std::size_t statement_end(std::string_view sql) {
  for (auto at = sql.find(';'); at != sql.npos; at = sql.find(';', at + 1))
    if (sqlite3_complete(std::string(sql.substr(0, at + 1)).c_str()) != 0)
      return at + 1;
  return sql.size();
}

} // namespace dbengine::detail
