// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/virtual_table.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace dbengine::app {

namespace {

// Tokens of SQL: a quoted name or text, a word, or one other character. Whitespace and comments are
// skipped.
class pieces {
public:
  explicit pieces(std::string_view sql) : rest_(sql) {}

  std::string_view rest() const noexcept { return rest_; }

  // Empty at the end.
  std::string_view next() {
    skip();
    if (rest_.empty())
      return {};
    const char c = rest_.front();
    std::size_t size = 1;
    if (c == '\'' || c == '"' || c == '`' || c == '[')
      size = quoted(c == '[' ? ']' : c);
    else if (is_word(c))
      size = static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), is_word) -
                                      rest_.begin());
    const auto piece = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return piece;
  }

private:
  static bool is_word(char c) {
    const auto u = static_cast<unsigned char>(c);
    return std::isalnum(u) != 0 || c == '_' || c == '$' || u >= 0x80;
  }

  void skip() {
    for (;;) {
      const auto space = std::min(rest_.find_first_not_of(" \t\r\n\f"), rest_.size());
      rest_.remove_prefix(space);
      if (rest_.starts_with("--"))
        drop(rest_.find('\n'), 1);
      else if (rest_.starts_with("/*"))
        drop(rest_.find("*/", 2), 2);
      else
        return;
    }
  }

  void drop(std::size_t found, std::size_t length) {
    rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + length);
  }

  // A doubled closing quote represents the quote itself.
  std::size_t quoted(char close) const {
    for (std::size_t at = 1; at < rest_.size(); ++at)
      if (rest_[at] == close) {
        if (close == ']' || at + 1 == rest_.size() || rest_[at + 1] != close)
          return at + 1;
        ++at;
      }
    return rest_.size();
  }

  std::string_view rest_;
};

std::string lower_unquoted(std::string_view piece) {
  if (piece.size() >= 2 && std::string_view("'\"`[").find(piece.front()) != std::string_view::npos)
    piece = piece.substr(1, piece.size() - 2);
  std::string out(piece);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

struct module_option {
  bool given = false;
  std::string value;
};

// The value of the argument `NAME = …`. FTS5 accepts abbreviated names.
module_option option_of(pieces arguments, std::string_view name, bool may_be_cut) {
  std::vector<std::string> argument;
  std::size_t depth = 0;
  for (auto piece = arguments.next(); !piece.empty(); piece = arguments.next()) {
    if (piece == "(" && depth++ == 0)
      continue;
    if (piece == ")" && --depth == 0)
      piece = ",";
    if (piece != "," || depth > 1) {
      argument.push_back(lower_unquoted(piece));
      continue;
    }
    if (argument.size() >= 2 && argument[1] == "=" && !argument[0].empty() &&
        (may_be_cut ? name.starts_with(argument[0]) : name == argument[0]))
      return {.given = true, .value = argument.size() > 2 ? argument[2] : ""};
    argument.clear();
    if (depth == 0)
      break;
  }
  return {};
}

bool is_full_text(std::string_view module) {
  return module == "fts3" || module == "fts4" || module == "fts5";
}

// Returns the name of the module. The other pieces are its arguments.
std::string module_of(pieces& from) {
  for (int i = 0; i < 3; ++i)
    from.next();                  // CREATE VIRTUAL TABLE
  std::string piece(from.next()); // the name, which may be any word
  do
    piece = lower_unquoted(from.next());
  while (!piece.empty() && piece != "using");
  return lower_unquoted(from.next());
}

} // namespace

row_storage rows_of_virtual_table(std::string_view create_sql) {
  pieces from(create_sql);
  const auto module = module_of(from);
  for (const std::string_view computed :
       {"fts5vocab", "fts4aux", "fts3tokenize", "dbstat", "sqlite_dbpage"})
    if (module == computed)
      return row_storage::computed;
  if (module.starts_with("rtree"))
    return row_storage::own;
  if (is_full_text(module))
    if (const auto content = option_of(from, "content", module == "fts5"); content.given)
      return content.value.empty() ? row_storage::no_text : row_storage::elsewhere;
  return row_storage::own_by_rowid;
}

std::string indexed_table(std::string_view create_sql) {
  pieces from(create_sql);
  const auto module = module_of(from);
  return option_of(from, "content", module == "fts5").value;
}

std::string language_column(std::string_view create_sql) {
  pieces from(create_sql);
  return module_of(from) == "fts4" ? option_of(from, "languageid", false).value : std::string();
}

bool has_autoincrement(std::string_view create_sql) {
  pieces from(create_sql);
  for (auto piece = from.next(); !piece.empty(); piece = from.next())
    if (std::string_view("'\"`[").find(piece.front()) == std::string_view::npos &&
        lower_unquoted(piece) == "autoincrement")
      return true;
  return false;
}

} // namespace dbengine::app
