// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/statement_kind.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace dbengine::app {

namespace {

// Characters that SQLite accepts in a name or number; ASCII in any locale.
bool of_a_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// The words of a statement in upper case, without strings, quoted names and comments.
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
      else if (c == ':' || c == '@' || c == '$' || c == '#') {
        rest_.remove_prefix(1);
        word(); // the name of a parameter
      } else if (rest_.starts_with("\xef\xbb\xbf"))
        rest_.remove_prefix(3); // SQLite treats a byte order mark as a space anywhere
      else if (of_a_name(c))
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
    const auto end = std::find_if(rest_.begin(), rest_.end(), [](char c) { return !of_a_name(c); });
    std::string text(rest_.begin(), end);
    rest_.remove_prefix(text.size());
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return text;
  }

  std::string_view rest_;
};

bool is_write(std::string_view word) {
  return word == "INSERT" || word == "UPDATE" || word == "DELETE" || word == "REPLACE";
}

// `name = value` and `name(value)` write, except for pragmas whose value only selects what is
// reported. Some pragmas write without a value.
statement_kind pragma_kind(words& from) {
  static constexpr std::array<std::string_view, 10> asking{
      "TABLE_INFO",       "TABLE_XINFO",       "TABLE_LIST",      "INDEX_INFO",  "INDEX_XINFO",
      "FOREIGN_KEY_LIST", "FOREIGN_KEY_CHECK", "INTEGRITY_CHECK", "QUICK_CHECK", "INDEX_LIST"};
  static constexpr std::array<std::string_view, 4> doing{"INCREMENTAL_VACUUM", "OPTIMIZE",
                                                         "SHRINK_MEMORY", "WAL_CHECKPOINT"};
  std::string name = from.next();
  if (const auto rest = from.rest(); rest.starts_with('.')) // after the name of a database
    name = from.next();
  if (std::find(asking.begin(), asking.end(), name) != asking.end())
    return statement_kind::reads;
  if (std::find(doing.begin(), doing.end(), name) != doing.end())
    return statement_kind::returns;
  return from.rest().find_first_of("=(") == std::string_view::npos ? statement_kind::reads
                                                                   : statement_kind::returns;
}

} // namespace

statement_kind kind_of(std::string_view sql) {
  words from(sql);
  const std::string first = from.next();
  if (first == "SELECT" || first == "VALUES")
    return statement_kind::reads;
  if (first == "EXPLAIN") { // EXPLAIN of a pragma also runs the pragma
    auto word = from.next();
    if (word == "QUERY" && from.next() == "PLAN")
      word = from.next();
    return word == "PRAGMA" ? pragma_kind(from) : statement_kind::reads;
  }
  if (first == "PRAGMA")
    return pragma_kind(from);
  if (!is_write(first) && first != "WITH")
    return statement_kind::writes;
  // REPLACE is also a function: after WITH it writes only if INTO follows.
  bool writes = first != "WITH";
  std::string before;
  for (std::string word = from.next(); !word.empty(); word = from.next()) {
    if (word == "RETURNING")
      return statement_kind::returns;
    writes =
        writes || (is_write(word) && word != "REPLACE") || (word == "INTO" && before == "REPLACE");
    before = std::move(word);
  }
  return writes ? statement_kind::writes : statement_kind::reads;
}

} // namespace dbengine::app
