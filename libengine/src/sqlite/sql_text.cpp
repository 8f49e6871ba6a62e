// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/sql_text.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

namespace dbengine::sqlite {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

// The position behind the space at `i`, if any. To SQLite's tokenizer a vertical tab is space
// within a run of spaces, but not a token at its beginning.
std::size_t behind_space(std::string_view sql, std::size_t i) noexcept {
  if (i < sql.size() && is_space(sql[i]))
    do
      ++i;
    while (i < sql.size() && (is_space(sql[i]) || sql[i] == '\v'));
  return i;
}

} // namespace

std::size_t next_statement(std::string_view sql, std::size_t from) noexcept {
  for (auto i = from; i < sql.size();) {
    const char c = sql[i];
    if (is_space(c)) {
      i = behind_space(sql, i);
    } else if (c == ';') {
      ++i;
    } else if (sql.substr(i, 3) == "\xef\xbb\xbf") {
      // SQLite treats a byte order mark as space, at any position.
      i += 3;
    } else if (sql.substr(i, 2) == "--") {
      i = sql.find('\n', i);
      if (i == sql.npos)
        return sql.npos;
    } else if (sql.substr(i, 2) == "/*" &&
               i + 2 < sql.size()) { // at the very end they are two operators
      i = sql.find("*/", i + 2);
      if (i == sql.npos)
        return sql.npos; // to SQLite an unfinished comment extends to the end
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

// True for a byte of a name, by SQLite's rules.
bool name_character(char c) noexcept {
  return word_character(c) || c == '$' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() &&
         sqlite3_strnicmp(a.data(), b.data(), static_cast<int>(b.size())) == 0;
}

// True if the text has one of the words, even in a string or comment.
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

std::string_view parse_single_row_values(std::string_view sql) noexcept {
  std::size_t at = 0;
  const auto skip = [&] { at = behind_space(sql, at); };
  const auto name = [&] {
    skip();
    const auto begin = at;
    while (at < sql.size() && name_character(sql[at]))
      ++at;
    return sql.substr(begin, at - begin);
  };
  const auto sign = [&](char c) {
    skip();
    const bool there = at < sql.size() && sql[at] == c;
    at += there ? 1 : 0;
    return there;
  };
  if (!same_word(name(), "INSERT") || !same_word(name(), "INTO") || name().empty() ||
      (sign('.') && name().empty()))
    return {};
  if (sign('(')) { // the columns
    do {
      if (name().empty())
        return {};
    } while (sign(','));
    if (!sign(')'))
      return {};
  }
  if (!same_word(name(), "VALUES") || !sign('('))
    return {};
  const auto begin = at - 1;
  do {
    if (!sign('?') || (at < sql.size() && word_character(sql[at]))) // ?5 has a number
      return {};
  } while (sign(','));
  if (!sign(')'))
    return {};
  const auto row = sql.substr(begin, at - begin);
  while (sign(';')) {
  }
  skip();
  return at == sql.size() ? row : std::string_view{};
}

bool may_have_with(std::string_view sql) noexcept {
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == ';')
      return i + 1 < sql.size();
    if ((sql[i] | 0x20) == 'w' && same_word(sql.substr(i, 4), "WITH"))
      return true;
  }
  return false;
}

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

namespace {

// The position behind the token at `i`, by the rules of SQLite's tokenizer. Exact only for tokens
// that may contain a `:`, `?` or the like.
std::size_t token_end(std::string_view sql, std::size_t i) noexcept {
  const char c = sql[i];
  const auto behind = [&sql](std::size_t found, std::size_t length) {
    return found == sql.npos ? sql.size() : found + length;
  };
  if (sql.substr(i, 2) == "--")
    return behind(sql.find('\n', i), 1);
  if (sql.substr(i, 2) == "/*")
    return behind(sql.find("*/", i + 2), 2);
  if (c == '[' || c == '`' || c == '"' || c == '\'')
    return behind(sql.find(c == '[' ? ']' : c, i + 1), 1);
  const auto begin = i;
  while (i < sql.size() && name_character(sql[i]))
    ++i;
  return std::max(i, begin + 1);
}

} // namespace

bool begins_parameter(char c) noexcept {
  return c == ':' || c == '@' || c == '$' || c == '#' || c == '?';
}

std::size_t parameter_end(std::string_view sql, std::size_t i) noexcept {
  const bool number = sql[i] == '?';
  for (++i; i < sql.size(); ++i) {
    const char c = sql[i];
    if (number ? (c < '0' || c > '9') : !name_character(c)) {
      if (number || sql.substr(i, 2) != "::")
        break;
      ++i;
    }
  }
  if (!number && i < sql.size() && sql[i] == '(')
    i = std::min(sql.find_first_of(") \t\n\v\r\f", i), sql.size() - 1) + 1;
  return i;
}

std::size_t parameter_lookups(std::string_view sql, std::size_t most) {
  std::unordered_set<std::string_view> names;
  std::size_t listed = 0; // in SQLite's list, which it searches from the beginning
  std::size_t highest = 0;
  std::size_t lookups = 0;
  for (std::size_t i = 0; i < sql.size() && lookups <= most;) {
    const char c = sql[i];
    if (c == ';')
      break;
    if (!begins_parameter(c)) {
      i = token_end(sql, i);
      continue;
    }
    const bool named = c != '?';
    const auto token = sql.substr(i, parameter_end(sql, i) - i);
    i += token.size();
    if (c == '?' && token.size() == 1) {
      ++highest;
      continue;
    }
    std::size_t number = 0;
    std::from_chars(token.data() + 1, token.data() + token.size(), number);
    const bool appended = c == '?' && number > highest;
    listed += appended || names.insert(token).second ? 1 : 0;
    lookups += appended ? listed : 2 * listed;
    highest = std::max(named ? highest + 1 : number, highest);
  }
  return lookups;
}

// The automaton of `sqlite3_complete` (complete.c), which decides whether one text is complete.
// This function finds the first complete part of a text in one pass. Calling SQLite's function at
// each semicolon would read all text before it again.
std::size_t statement_end(std::string_view sql) noexcept {
  enum token { semicolon, space, other, explain, create, temp, trigger, end };
  enum state { nothing, start, normal, explained, created, in_trigger, after_semicolon, at_end };
  static constexpr state next[8][8] = {
      {start, nothing, normal, explained, created, normal, normal, normal},
      {start, start, normal, explained, created, normal, normal, normal},
      {start, normal, normal, normal, normal, normal, normal, normal},
      {start, explained, explained, normal, created, normal, normal, normal},
      {start, created, normal, normal, normal, created, in_trigger, normal},
      {after_semicolon, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger,
       in_trigger},
      {after_semicolon, after_semicolon, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger,
       at_end},
      {start, at_end, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger}};
  const auto word = [](std::string_view w) {
    static constexpr std::pair<std::string_view, token> known[] = {
        {"EXPLAIN", explain}, {"CREATE", create},   {"TEMP", temp},
        {"TEMPORARY", temp},  {"TRIGGER", trigger}, {"END", end}};
    for (const auto& [text, t] : known)
      if (same_word(w, text))
        return t;
    return other;
  };
  auto s = nothing;
  for (std::size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    auto t = other;
    if (c == ';') {
      t = semicolon;
      ++i;
    } else if (is_space(c)) {
      t = space;
      ++i;
    } else if (sql.substr(i, 2) == "--") {
      t = space;
      i = sql.find('\n', i);
    } else if (sql.substr(i, 2) == "/*") {
      t = space;
      i = sql.find("*/", i + 2);
      i = i == sql.npos ? i : i + 2;
    } else if (c == '[' || c == '`' || c == '"' || c == '\'') {
      i = sql.find(c == '[' ? ']' : c, i + 1);
      i = i == sql.npos ? i : i + 1;
    } else if (begins_parameter(c)) {
      i = parameter_end(sql, i);
    } else if (name_character(c)) {
      const auto begin = i;
      while (i < sql.size() && name_character(sql[i]))
        ++i;
      t = word(sql.substr(begin, i - begin));
    } else {
      ++i;
    }
    s = next[s][t];
    if (t == semicolon && s == start)
      return i;
  }
  return sql.size();
}

} // namespace dbengine::sqlite
