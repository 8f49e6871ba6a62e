// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statement_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace dbengine::app {

namespace {

// Gives the words of a statement in upper case, passing over strings, quoted names and comments.
class words {
public:
  explicit words(std::string_view sql) : rest_(sql) {}

  std::string_view rest() const noexcept { return rest_; }

  // Empty at the end.
  std::string next() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (rest_.starts_with("--"))
        skip_to(rest_.find('\n'), 1);
      else if (rest_.starts_with("/*"))
        skip_to(rest_.find("*/", 2), 2);
      else if (c == '\'' || c == '"' || c == '`')
        skip_to(rest_.find(c, 1), 1);
      else if (c == '[')
        skip_to(rest_.find(']'), 1);
      else if (std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_')
        return word();
      else
        rest_.remove_prefix(1);
    }
    return {};
  }

private:
  void skip_to(std::size_t found, std::size_t length) {
    rest_.remove_prefix(found == std::string_view::npos ? rest_.size() : found + length);
  }

  std::string word() {
    const auto end = std::find_if(rest_.begin(), rest_.end(),
                                  [](unsigned char c) { return std::isalnum(c) == 0 && c != '_'; });
    std::string text(rest_.begin(), end);
    rest_.remove_prefix(text.size());
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
  }

  std::string_view rest_;
};

bool is_write(std::string_view word) {
  return word == "INSERT" || word == "UPDATE" || word == "DELETE" || word == "REPLACE";
}

} // namespace

statement_kind kind_of(std::string_view sql) {
  words from(sql);
  const std::string first = from.next();
  if (first == "SELECT" || first == "VALUES" || first == "EXPLAIN")
    return statement_kind::reads;
  if (first == "PRAGMA")
    return from.rest().find('=') == std::string_view::npos ? statement_kind::reads
                                                           : statement_kind::returns;
  if (!is_write(first) && first != "WITH")
    return statement_kind::writes;
  // REPLACE is a function as well: only behind WITH do the other three tell.
  bool writes = first != "WITH";
  for (std::string word = from.next(); !word.empty(); word = from.next()) {
    if (word == "RETURNING")
      return statement_kind::returns;
    writes = writes || (is_write(word) && word != "REPLACE");
  }
  return writes ? statement_kind::writes : statement_kind::reads;
}

} // namespace dbengine::app
