// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/statement_size.hpp"

#include "sqlite/sql_text.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory_resource>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::sqlite {

namespace {

constexpr std::size_t no_scope = std::size_t(-1);
constexpr std::size_t no_body = std::size_t(-1);

enum class sort : std::uint8_t { sign, space, name, quote, parameter };

constexpr auto sorts = [] {
  std::array<sort, 256> of{};
  for (int c = 0; c < 256; ++c)
    if (c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
      of[static_cast<std::size_t>(c)] = sort::name;
  for (const char c : {' ', '\t', '\n', '\r', '\f'})
    of[static_cast<std::size_t>(c)] = sort::space;
  for (const char c : {'[', '`', '"', '\''})
    of[static_cast<std::size_t>(c)] = sort::quote;
  of['_'] = sort::name;
  for (const char c : {':', '@', '$', '#'})
    of[static_cast<std::size_t>(c)] = sort::parameter;
  return of;
}();

sort sort_of(char c) noexcept {
  return sorts[static_cast<unsigned char>(c)];
}

enum class word : std::uint8_t {
  other,
  tables, ///< names of tables follow
  into,
  ends, ///< ends such names
  in,
  or_,
  with,
  recursive,
  as,
  not_,
  materialized
};

struct token {
  enum class kind : std::uint8_t { end, word, quoted, sign } is = kind::end;
  word meaning = word::other;
  std::string_view text{}; // with its quotes
};

word meaning_of(std::string_view text) noexcept {
  const auto same = [text](std::string_view keyword, word w) {
    return text.size() == keyword.size() &&
                   sqlite3_strnicmp(text.data(), keyword.data(), static_cast<int>(text.size())) == 0
               ? w
               : word::other;
  };
  const auto either = [](word a, word b) { return a == word::other ? b : a; };
  switch (text.front() | 0x20) {
  case 'a': return same("as", word::as);
  case 'e': return same("except", word::ends);
  case 'f': return same("from", word::tables);
  case 'g': return same("group", word::ends);
  case 'h': return same("having", word::ends);
  case 'i':
    return either(either(same("in", word::in), same("into", word::into)),
                  same("intersect", word::ends));
  case 'j': return same("join", word::tables);
  case 'l': return same("limit", word::ends);
  case 'm': return same("materialized", word::materialized);
  case 'n': return same("not", word::not_);
  case 'o': return either(same("or", word::or_), same("order", word::ends));
  case 'r': return either(same("recursive", word::recursive), same("returning", word::ends));
  case 's': return either(same("select", word::ends), same("set", word::ends));
  case 'u': return either(same("update", word::tables), same("union", word::ends));
  case 'v': return same("values", word::ends);
  case 'w': return either(same("where", word::ends), same("with", word::with));
  default: return word::other;
  }
}

// The name as SQLite compares it: without quotes, in lower case.
std::string name_of(const token& t) {
  const bool quoted = t.is == token::kind::quoted;
  std::string name;
  name.reserve(t.text.size());
  for (std::size_t i = quoted ? 1 : 0; i < t.text.size() - (quoted ? 1 : 0); ++i) {
    const char c = t.text[i];
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    i += quoted && c == t.text.front() ? 1 : 0; // a doubled quote means one
  }
  return name;
}

class tokens {
public:
  explicit tokens(std::string_view sql) : sql_(sql) {}

  token next() {
    const auto begin = behind_space();
    at_ = begin;
    if (begin == sql_.size() || sql_[begin] == ';')
      return {};
    switch (const char c = sql_[begin]; sort_of(c)) {
    case sort::parameter:
      at_ = parameter_end(sql_, begin);
      return {token::kind::sign, word::other, from(begin)};
    case sort::quote:
      close(c == '[' ? ']' : c);
      return {token::kind::quoted, word::other, from(begin)};
    case sort::name: {
      auto end = begin + 1;
      while (end < sql_.size() && (sort_of(sql_[end]) == sort::name || sql_[end] == '$'))
        ++end;
      at_ = end;
      return {token::kind::word, meaning_of(from(begin)), from(begin)};
    }
    default: ++at_; return {token::kind::sign, word::other, from(begin)};
    }
  }

private:
  std::string_view from(std::size_t begin) const noexcept {
    return {sql_.data() + begin, at_ - begin};
  }
  std::size_t behind_space() const noexcept {
    auto i = at_;
    while (i < sql_.size()) {
      const char c = sql_[i];
      if (sort_of(c) == sort::space)
        ++i;
      else if (c == '-' && sql_.substr(i, 2) == "--")
        i = std::min(sql_.find('\n', i), sql_.size());
      else if (c == '/' && sql_.substr(i, 2) == "/*")
        i = std::min(sql_.find("*/", i + 2), sql_.size() - 2) + 2;
      else
        break;
    }
    return i;
  }
  void close(char quote) noexcept {
    do
      at_ = std::min(sql_.find(quote, at_ + 1), sql_.size() - 1) + 1;
    while (quote != ']' && at_ < sql_.size() && sql_[at_] == quote);
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

// The statement as a graph: one body for itself and one for each common table expression, each with
// the names in its FROMs.
class statement {
public:
  statement(std::string_view sql, const extent_of_name& outside) : outside_(outside) { read(sql); }
  statement_size size() {
    size_.written_out = too_large_ ? most_extent : size_of(0, 0);
    return size_;
  }

private:
  struct reference {
    token name;
    std::size_t scope; // `no_scope` for one with a schema before it
  };
  struct body {
    explicit body(std::pmr::memory_resource* memory) : tables(memory) {}
    std::size_t tokens = 0; // without those of the expressions defined in it
    std::pmr::vector<reference> tables;
    extent whole;
    enum class state : std::uint8_t { unknown, in_progress, known } is = state::unknown;
  };
  // The names that one WITH defines. They are visible in the parentheses around it.
  struct scope {
    std::size_t outer;
    std::size_t depth;
    std::size_t visible = 0; // names, including those of the enclosing scopes
    std::map<std::string, std::size_t> bodies{};
  };
  enum class list : std::uint8_t { none, name, named, as, behind };
  enum class expected : std::uint8_t {
    anything,
    table,
    set
  };             // `set` after IN: a table, or parentheses with values
  struct group { // of parentheses
    std::size_t body = 0;
    std::size_t scope = no_scope;
    bool from = false;      // a name after a comma names a table
    bool into = false;      // the group began with INTO
    list with = list::none; // the position in the list of a WITH
    token defined;          // the name that was read last there
  };

  void read(std::string_view sql) {
    add_body();
    groups_.emplace_back();
    tokens text(sql);
    token before;
    for (auto t = text.next(); t.is != token::kind::end && !too_large_; t = text.next()) {
      ++bodies_[groups_.back().body].tokens;
      ++size_.as_it_stands;
      next_ = t.is == token::kind::sign ? read_sign(t.text.front()) : read_name(t, before);
      before = t;
    }
    for (auto& s : scopes_) // outer scopes come before their inner ones
      s.visible = s.bodies.size() + (s.outer == no_scope ? 0 : scopes_[s.outer].visible);
  }

  void add_body() { bodies_.emplace_back(&memory_); }

  expected read_sign(char c) {
    auto& g = groups_.back();
    const bool behind_table = std::exchange(last_is_table_, false);
    qualified_ = c == '.' && behind_table;
    switch (c) {
    case '(':
      if (behind_table && !g.into) // a function that returns a table
        bodies_[g.body].tables.pop_back();
      open();
      return groups_.back().from ? expected::table : expected::anything;
    case ')':
      if (groups_.size() > 1)
        groups_.pop_back();
      return expected::anything;
    case ',':
      if (g.with == list::behind)
        g.with = list::name;
      return g.from ? expected::table : expected::anything;
    default: return expected::anything;
    }
  }

  void open() {
    auto& g = groups_.back();
    group inner{.body = g.body, .scope = g.scope, .from = next_ == expected::table, .defined = {}};
    if (g.with == list::as) {
      inner.body = bodies_.size();
      inner.from = false;
      scopes_[g.scope].bodies.emplace(name_of(g.defined), inner.body);
      add_body();
      too_large_ = too_large_ || ++names_ > most_names;
      g.with = list::behind;
    }
    groups_.push_back(inner);
    too_large_ = too_large_ || groups_.size() > most_groups;
  }

  expected read_name(const token& t, const token& before) {
    auto& g = groups_.back();
    auto& tables = bodies_[g.body].tables;
    last_is_table_ = false;
    if (std::exchange(qualified_, false)) { // the name before it is a schema
      tables.back() = {t, no_scope};
      return expected::anything;
    }
    if (g.with != list::none && read_definition(t))
      return expected::anything;
    switch (t.meaning) {
    case word::tables:
    case word::into:
      g.from = true;
      g.into = t.meaning == word::into;
      return expected::table;
    case word::ends: g.from = false; return expected::anything;
    case word::in: return expected::set;
    case word::or_: return next_; // UPDATE OR IGNORE t
    default: break;
    }
    if (next_ == expected::table && before.meaning == word::or_)
      return expected::table;
    if (next_ != expected::anything) {
      tables.push_back({t, g.scope});
      too_large_ = too_large_ || ++names_ > most_names;
      last_is_table_ = true;
    }
    if (t.meaning == word::with) { // it may also be a name
      scopes_.push_back(
          {.outer = g.scope, .depth = g.scope == no_scope ? 1 : scopes_[g.scope].depth + 1});
      too_large_ = too_large_ || scopes_.back().depth > most_extent.height;
      g.scope = scopes_.size() - 1;
      g.with = list::name;
    }
    return expected::anything;
  }

  // True for a word in the list of a WITH: `name [(columns)] AS [[NOT] MATERIALIZED] (…), …`.
  bool read_definition(const token& t) {
    auto& g = groups_.back();
    if (g.with == list::name) {
      if (t.meaning != word::recursive) {
        g.defined = t;
        g.with = list::named;
      }
      return true;
    }
    if (g.with == list::named && t.meaning == word::as) {
      g.with = list::as;
      return true;
    }
    if (g.with == list::as && (t.meaning == word::not_ || t.meaning == word::materialized))
      return true;
    g.with = list::none;
    return false;
  }

  extent size_of(std::size_t index, std::size_t depth) {
    if (bodies_[index].is == body::state::known)
      return bodies_[index].whole;
    if (bodies_[index].is == body::state::in_progress)
      return {}; // recursive: SQLite makes no copy
    if (depth > most_extent.height)
      return most_extent;
    bodies_[index].is = body::state::in_progress;
    extent whole{bodies_[index].tokens, 0};
    for (const auto& r : bodies_[index].tables) {
      const auto one = size_of(r, depth);
      whole.tokens = std::min(whole.tokens + one.tokens, most_extent.tokens);
      whole.height = std::max(whole.height, one.height);
    }
    bodies_[index].whole = whole;
    bodies_[index].is = body::state::known;
    return whole;
  }

  extent size_of(const reference& r, std::size_t depth) {
    // SQLite compares the name with all visible names: some 75 ns each; a token of a copy takes 750
    // ns.
    extent copy{r.scope == no_scope ? 0 : scopes_[r.scope].visible / 10, 0};
    const auto name = name_of(r.name);
    auto s = r.scope;
    auto found = no_body;
    for (; s != no_scope && found == no_body; s = scopes_[s].outer)
      if (const auto i = scopes_[s].bodies.find(name); i != scopes_[s].bodies.end())
        found = i->second;
    const auto named = found == no_body ? outside_(name) : size_of(found, depth + 1);
    copy.tokens += named.tokens;
    copy.height = std::min(named.height + (named.tokens > 0 ? 1 : 0), most_extent.height);
    return copy;
  }

  const extent_of_name& outside_;
  static constexpr std::size_t most_groups = 10'000;   // SQLite's parser accepts about 100
  static constexpr std::size_t most_names = 1'000'000; // they take memory here, too
  std::size_t names_ = 0;
  // Most statements are short: they need no allocation.
  std::array<std::byte, 2048> near_;
  std::pmr::monotonic_buffer_resource memory_{near_.data(), near_.size()};
  std::pmr::vector<body> bodies_{&memory_}; // the first is the statement's own
  std::vector<scope> scopes_;
  std::pmr::vector<group> groups_{&memory_}; // the open ones, while the text is read
  expected next_ = expected::anything;       // what the next token may be
  bool last_is_table_ = false;               // the last token is the name of a table
  bool qualified_ = false;                   // but that name is a schema
  bool too_large_ = false;
  statement_size size_;
};

} // namespace

statement_size size_of_statement(std::string_view sql, const extent_of_name& outside) {
  return statement(sql, outside).size();
}

} // namespace dbengine::sqlite
