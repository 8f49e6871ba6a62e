// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "statement_size.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::detail {

namespace {

constexpr std::size_t no_scope = std::size_t(-1);

bool of_a_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (static_cast<unsigned char>(c) & 0x80) != 0;
}

struct token {
  enum class kind : std::uint8_t { end, word, quoted, sign } is = kind::end;
  std::string_view text; // with its quotes
};

bool is(const token& t, std::string_view keyword) noexcept {
  return t.is == token::kind::word && t.text.size() == keyword.size() &&
         sqlite3_strnicmp(t.text.data(), keyword.data(), static_cast<int>(keyword.size())) == 0;
}

template <std::size_t N>
bool is_any(const token& t, const std::string_view (&keywords)[N]) noexcept {
  return std::any_of(std::begin(keywords), std::end(keywords),
                     [&t](std::string_view k) { return is(t, k); });
}

// As SQLite compares names: without quotes, in lower case.
std::string name_of(const token& t) {
  const bool quoted = t.is == token::kind::quoted;
  std::string name;
  name.reserve(t.text.size());
  for (std::size_t i = quoted ? 1 : 0; i < t.text.size() - (quoted ? 1 : 0); ++i) {
    const char c = t.text[i];
    name += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    i += quoted && c == t.text.front() ? 1 : 0; // twice for once
  }
  return name;
}

class tokens {
public:
  explicit tokens(std::string_view sql) : sql_(sql) {}

  token next() {
    skip_space();
    if (at_ >= sql_.size() || sql_[at_] == ';')
      return {};
    const auto begin = at_;
    const char c = sql_[at_];
    auto kind = token::kind::word;
    if (c == '[' || c == '`' || c == '"' || c == '\'') {
      kind = token::kind::quoted;
      close(c == '[' ? ']' : c);
    } else {
      while (at_ < sql_.size() && of_a_name(sql_[at_]))
        ++at_;
      if (at_ == begin) {
        kind = token::kind::sign;
        ++at_;
      }
    }
    return {kind, sql_.substr(begin, at_ - begin)};
  }
  std::size_t at() const noexcept { return at_; }

private:
  void skip_space() noexcept {
    for (; at_ < sql_.size(); ++at_) {
      const char c = sql_[at_];
      auto end = at_;
      if (c == '-' && sql_.substr(at_, 2) == "--")
        end = sql_.find('\n', at_);
      else if (c == '/' && sql_.substr(at_, 2) == "/*")
        end = std::min(sql_.find("*/", at_ + 2), sql_.npos - 1) + 1;
      else if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f')
        return;
      at_ = std::min(end, sql_.size() - 1);
    }
  }
  void close(char quote) noexcept {
    do
      at_ = std::min(sql_.find(quote, at_ + 1), sql_.size() - 1) + 1;
    while (quote != ']' && at_ < sql_.size() && sql_[at_] == quote);
  }

  std::string_view sql_;
  std::size_t at_ = 0;
};

// The statement as a graph: a body for itself and for each common table expression, with the names in its FROMs.
class statement {
public:
  statement(std::string_view sql, const extent_of_name& outside) : outside_(outside) { read(sql); }
  statement_size size() {
    size_.written_out = too_large_ ? most_extent : size_of(0, 0);
    return size_;
  }

private:
  struct reference {
    std::string name;
    std::size_t scope; // `no_scope` for one with a schema before it
  };
  struct body {
    std::size_t tokens = 0; // without those of the expressions that are defined in it
    std::vector<reference> tables;
    extent whole;
    enum class state : std::uint8_t { unknown, under_way, known } is = state::unknown;
  };
  // The names that one WITH defines; they are seen in all of the parentheses around it.
  struct scope {
    std::size_t outer;
    std::size_t depth;
    std::size_t visible = 0; // with those of the scopes around it
    std::map<std::string, std::size_t> bodies{};
  };
  enum class list : std::uint8_t { none, name, named, as, behind };
  enum class expected : std::uint8_t {
    anything,
    table,
    set
  };             // `set` behind IN: a table, or parentheses with values
  struct group { // of parentheses
    std::size_t body = 0;
    std::size_t scope = no_scope;
    bool from = false;      // a name behind a comma is one of a table
    bool into = false;      // it began with INTO
    list with = list::none; // where in the list of a WITH
    std::string defined;    // the name that was read last there
  };

  void read(std::string_view sql) {
    bodies_.emplace_back();
    groups_.emplace_back();
    tokens text(sql);
    token before;
    for (auto t = text.next(); t.is != token::kind::end && !too_large_; t = text.next()) {
      ++bodies_[groups_.back().body].tokens;
      ++size_.as_it_stands;
      next_ = t.is == token::kind::sign ? take_sign(t.text.front()) : take_name(t, before);
      before = t;
    }
    for (auto& s : scopes_) // an outer one stands before its inner ones
      s.visible = s.bodies.size() + (s.outer == no_scope ? 0 : scopes_[s.outer].visible);
  }

  expected take_sign(char c) {
    auto& g = groups_.back();
    const bool behind_table = std::exchange(last_is_table_, false);
    switch (c) {
    case '(':
      if (behind_table && !g.into) // a function that gives a table
        bodies_[g.body].tables.pop_back();
      open();
      return groups_.back().from ? expected::table : expected::anything;
    case ')':
      if (groups_.size() > 1)
        groups_.pop_back();
      return expected::anything;
    case '.': qualified_ = behind_table; return expected::anything;
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
      scopes_[g.scope].bodies.emplace(std::move(g.defined), inner.body);
      bodies_.emplace_back();
      too_large_ = too_large_ || ++names_ > most_names;
      g.with = list::behind;
    }
    groups_.push_back(std::move(inner));
    too_large_ = too_large_ || groups_.size() > most_groups;
  }

  expected take_name(const token& t, const token& before) {
    static constexpr std::string_view begins[] = {"from", "join", "update", "into"};
    static constexpr std::string_view ends[] = {"select", "where",  "set",       "values",
                                                "group",  "order",  "having",    "limit",
                                                "union",  "except", "intersect", "returning"};
    auto& g = groups_.back();
    auto& tables = bodies_[g.body].tables;
    last_is_table_ = false;
    if (std::exchange(qualified_, false)) { // what was read before is a schema
      tables.back() = {name_of(t), no_scope};
      return expected::anything;
    }
    if (g.with != list::none && take_definition(t))
      return expected::anything;
    if (is_any(t, begins) || is_any(t, ends)) {
      g.from = is_any(t, begins);
      g.into = is(t, "into");
      return g.from ? expected::table : expected::anything;
    }
    if (is(t, "in"))
      return expected::set;
    if (next_ == expected::table && (is(t, "or") || is(before, "or"))) // UPDATE OR IGNORE t
      return expected::table;
    if (next_ != expected::anything) {
      tables.push_back({name_of(t), g.scope});
      too_large_ = too_large_ || ++names_ > most_names;
      last_is_table_ = true;
    }
    if (is(t, "with")) { // it may be a name as well
      scopes_.push_back(
          {.outer = g.scope, .depth = g.scope == no_scope ? 1 : scopes_[g.scope].depth + 1});
      too_large_ = too_large_ || scopes_.back().depth > most_extent.height;
      g.scope = scopes_.size() - 1;
      g.with = list::name;
    }
    return expected::anything;
  }

  // A word in the list of a WITH: `name [(columns)] AS [[NOT] MATERIALIZED] (…), …`.
  bool take_definition(const token& t) {
    auto& g = groups_.back();
    if (g.with == list::name) {
      if (!is(t, "recursive")) {
        g.defined = name_of(t);
        g.with = list::named;
      }
      return true;
    }
    if (g.with == list::named && is(t, "as")) {
      g.with = list::as;
      return true;
    }
    if (g.with == list::as && (is(t, "not") || is(t, "materialized")))
      return true;
    g.with = list::none;
    return false;
  }

  extent size_of(std::size_t index, std::size_t depth) {
    if (bodies_[index].is == body::state::known)
      return bodies_[index].whole;
    if (bodies_[index].is == body::state::under_way)
      return {}; // a recursive one: no copy
    if (depth > most_extent.height)
      return most_extent;
    bodies_[index].is = body::state::under_way;
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
    // SQLite compares the name with all that are visible: some 75 ns each, where a token of a copy takes it 750.
    extent copy{r.scope == no_scope ? 0 : scopes_[r.scope].visible / 10, 0};
    extent named;
    auto s = r.scope;
    for (; s != no_scope; s = scopes_[s].outer)
      if (const auto found = scopes_[s].bodies.find(r.name); found != scopes_[s].bodies.end()) {
        named = size_of(found->second, depth + 1);
        break;
      }
    if (s == no_scope)
      named = outside_(r.name);
    copy.tokens += named.tokens;
    copy.height = std::min(named.height + (named.tokens > 0 ? 1 : 0), most_extent.height);
    return copy;
  }

  const extent_of_name& outside_;
  static constexpr std::size_t most_groups = 10'000;   // SQLite's parser takes about 100
  static constexpr std::size_t most_names = 1'000'000; // they take memory here, too
  std::size_t names_ = 0;
  std::vector<body> bodies_; // the first is the statement's own
  std::vector<scope> scopes_;
  std::vector<group> groups_;          // those that are open while it is read
  expected next_ = expected::anything; // what the next token may be
  bool last_is_table_ = false;         // the last token was taken for the name of a table
  bool qualified_ = false;             // but it is a schema
  bool too_large_ = false;
  statement_size size_;
};

} // namespace

statement_size size_of_statement(std::string_view sql, const extent_of_name& outside) {
  return statement(sql, outside).size();
}

} // namespace dbengine::detail
