// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/statement_scanner.hpp"

#include <utility>

#include <sqlite3.h>

namespace dbengine::app {

namespace {

bool of_a_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

} // namespace

std::size_t skip_space(std::string_view sql, std::size_t at) noexcept {
  if (at < sql.size() && is_space(sql[at]))
    do
      ++at;
    while (at < sql.size() && (is_space(sql[at]) || sql[at] == '\v'));
  return at;
}

// The position after the open string or comment, if it ends in this piece.
statement_scanner::token statement_scanner::close(std::string_view piece,
                                                  std::size_t& at) noexcept {
  const auto t = open_ == '*' || open_ == '\n' ? token::space : token::other;
  const auto end = open_ == '*' ? piece.find("*/", at) : piece.find(open_, at);
  if (end == piece.npos) {
    at = piece.size();
    return t;
  }
  at = end + (open_ == '*' ? 2 : 1);
  open_ = 0;
  return t;
}

statement_scanner::token statement_scanner::next_token(std::string_view piece,
                                                       std::size_t& at) noexcept {
  if (open_ != 0)
    return close(piece, at);
  const char c = piece[at];
  if (c == ';' || is_space(c)) {
    ++at;
    return c == ';' ? token::semicolon : token::space;
  }
  const auto two = piece.substr(at, 2);
  if (two == "--" || two == "/*") {
    open_ = two == "--" ? '\n' : '*';
    at += 2;
    return at == piece.size() ? token::space : close(piece, at);
  }
  if (c == '[' || c == '`' || c == '"' || c == '\'') {
    open_ = c == '[' ? ']' : c;
    ++at;
    return at == piece.size() ? token::other : close(piece, at);
  }
  const auto begin = at++;
  if (!of_a_name(c))
    return token::other;
  while (at < piece.size() && of_a_name(piece[at]))
    ++at;
  static constexpr std::pair<std::string_view, token> known[] = {
      {"EXPLAIN", token::explain}, {"CREATE", token::create},   {"TEMP", token::temp},
      {"TEMPORARY", token::temp},  {"TRIGGER", token::trigger}, {"END", token::end}};
  for (const auto& [word, t] : known)
    if (word.size() == at - begin &&
        sqlite3_strnicmp(piece.data() + begin, word.data(), static_cast<int>(word.size())) == 0)
      return t;
  return token::other;
}

// The automaton of SQLite's complete.c.
void statement_scanner::advance(token t) noexcept {
  using enum state;
  static constexpr state next[8][8] = {
      {complete, nothing, normal, explained, created, normal, normal, normal},
      {complete, complete, normal, explained, created, normal, normal, normal},
      {complete, normal, normal, normal, normal, normal, normal, normal},
      {complete, explained, explained, normal, created, normal, normal, normal},
      {complete, created, normal, normal, normal, created, in_trigger, normal},
      {behind_semicolon, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger,
       in_trigger},
      {behind_semicolon, behind_semicolon, in_trigger, in_trigger, in_trigger, in_trigger,
       in_trigger, at_end},
      {complete, at_end, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger, in_trigger}};
  state_ = next[static_cast<std::size_t>(state_)][static_cast<std::size_t>(t)];
}

std::size_t statement_scanner::to_end(std::string_view piece) noexcept {
  for (std::size_t at = 0; at < piece.size();) {
    const auto t = next_token(piece, at);
    advance(t);
    if (t == token::semicolon && state_ == state::complete)
      return at;
  }
  return piece.npos;
}

bool statement_scanner::complete_with(std::string_view piece) noexcept {
  for (std::size_t at = 0; at < piece.size();)
    advance(next_token(piece, at));
  return state_ == state::complete && (open_ == 0 || open_ == '\n');
}

} // namespace dbengine::app
