// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The fuzz target `sql`: SQL texts.

#include "data/statements/statement_kind.hpp"
#include "sqlite/sql_text.hpp"
#include "sqlite/statement_size.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <sqlite3.h>

#include "target.hpp"

namespace dbengine::fuzz {

namespace {

using statement = std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)>;

std::size_t selects = 0; // authorized SELECTs of the last preparation, each copy counted

// Allows only the pragmas that the engine allows a client: SQLite executes some during preparation.
int allow(void*, int what, const char* first, const char*, const char*, const char*) {
  static constexpr std::array<std::string_view, 8> pragmas{
      "application_id", "defer_foreign_keys", "incremental_vacuum", "optimize",
      "user_version",   "table_info",         "index_list",         "foreign_key_check"};
  selects += what == SQLITE_SELECT ? 1 : 0;
  if (what != SQLITE_PRAGMA)
    return SQLITE_OK;
  const std::string_view name(first);
  return std::any_of(pragmas.begin(), pragmas.end(),
                     [&](std::string_view p) {
                       return p.size() == name.size() &&
                              sqlite3_strnicmp(p.data(), first, static_cast<int>(p.size())) == 0;
                     })
             ? SQLITE_OK
             : SQLITE_DENY;
}

// Statements are prepared on this database and never run.
sqlite3* database() {
  static sqlite3* const db = [] {
    sqlite3* made = nullptr;
    if (sqlite3_open(":memory:", &made) != SQLITE_OK ||
        sqlite3_exec(
            made,
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b, c); CREATE TABLE u (x, y UNIQUE); "
            "CREATE VIEW v AS SELECT a, x FROM t JOIN u ON a = x; "
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u VALUES (new.a, 1); END",
            nullptr, nullptr, nullptr) != SQLITE_OK)
      std::abort();
    sqlite3_set_authorizer(made, allow, nullptr);
    for (const auto& [limit, most] : {std::pair{SQLITE_LIMIT_VDBE_OP, 20'000},
                                      {SQLITE_LIMIT_COMPOUND_SELECT, 30},
                                      {SQLITE_LIMIT_EXPR_DEPTH, 100},
                                      {SQLITE_LIMIT_COLUMN, 100}})
      sqlite3_limit(made, limit, most);
    return made;
  }();
  return db;
}

sqlite::statement_size size_of(std::string_view text) {
  return sqlite::size_of_statement(text, [](const std::string& name) {
    return sqlite::extent{name == "v" ? std::size_t{16} : 0, 0};
  });
}

// Prepares the first statement of a text without NUL bytes; `tail` is where SQLite stopped.
int prepare(std::string_view text, statement& s, std::size_t& tail) {
  sqlite3_stmt* made = nullptr;
  const char* end = text.data();
  if (size_of(text).too_large()) // it would exhaust the fuzzer's memory
    return SQLITE_TOOBIG;
  selects = 0;
  const int code =
      sqlite3_prepare_v2(database(), text.data(), static_cast<int>(text.size()), &made, &end);
  s.reset(made);
  tail = static_cast<std::size_t>(end - text.data());
  return code;
}

// Where the first complete statement ends, checked at each semicolon.
std::size_t end_by_sqlite(std::string_view sql) {
  std::string text;
  for (std::size_t from = 0; from < sql.size();) {
    const auto semicolon = sql.find(';', from);
    if (semicolon == sql.npos)
      break;
    text.append(sql.substr(from, semicolon + 1 - from));
    from = semicolon + 1;
    if (sqlite3_complete(text.c_str()) != 0)
      return from;
  }
  return sql.size();
}

std::size_t end_of_first(std::string_view sql) {
  if (is_mutant("sql")) // the mutant: the first semicolon ends it
    return std::min(sql.find(';'), sql.size() - 1) + 1;
  return sqlite::statement_end(sql);
}

void check_begin(std::string_view sql, std::size_t begin) {
  statement s(nullptr, sqlite3_finalize);
  std::size_t tail = 0;
  const auto skipped = sql.substr(0, begin);
  for (std::size_t at = 0; at < skipped.size(); at += std::max<std::size_t>(tail, 1))
    require(prepare(skipped.substr(at), s, tail) == SQLITE_OK && !s,
            "what is passed over before a statement is nothing to SQLite");
  if (begin < sql.size())
    require(prepare(sql.substr(begin), s, tail) != SQLITE_OK || s,
            "where a statement begins SQLite finds one");
}

void check_kind(std::string_view sql, sqlite3_stmt* s) {
  // SQLite reports the plan of a write as a write, too.
  const bool writes = sqlite3_stmt_readonly(s) == 0 && sqlite3_stmt_isexplain(s) == 0;
  require(!writes || sqlite::may_write(sql), "a statement that writes is taken for one");
  auto text = std::string(sql.substr(0, 6));
  if (!writes || sqlite3_stricmp(text.c_str(), "PRAGMA") == 0)
    return;
  const auto kind = app::kind_of(sql);
  require((kind == app::statement_kind::returns) == (sqlite3_column_count(s) != 0) &&
              kind != app::statement_kind::reads,
          "a statement that writes is run as such, with its rows where it has some");
}

void check_row(std::string_view sql) {
  const auto row = sqlite::parse_single_row_values(sql);
  if (row.empty())
    return;
  const auto at = static_cast<std::size_t>(row.data() - sql.data());
  require(at + row.size() <= sql.size() && row.front() == '(' && row.back() == ')',
          "the row of an insert is a part of its text");
  const auto two = std::string(sql.substr(0, at)) + std::string(row) + "," + std::string(row) +
                   std::string(sql.substr(at + row.size()));
  statement one_row(nullptr, sqlite3_finalize), two_rows(nullptr, sqlite3_finalize);
  std::size_t tail = 0;
  if (prepare(sql, one_row, tail) == SQLITE_OK)
    require(prepare(two, two_rows, tail) == SQLITE_OK &&
                sqlite3_bind_parameter_count(two_rows.get()) ==
                    2 * sqlite3_bind_parameter_count(one_row.get()),
            "an insert of one row can have two");
}

// Each copy of a common table expression or view has a SELECT that was counted for it. Some are
// authorized twice; those of triggers are not in the text.
void check_size(std::string_view sql) {
  const auto size = size_of(sql);
  require(size.as_it_stands <= sql.size(),
          "a token has a byte"); // an expression without a name is not expanded
  require(selects <= 2 * size.written_out.tokens + 10, "every copy of a SELECT is counted");
}

} // namespace

void sql(std::string_view input) {
  const auto found = sqlite::next_statement(input, 0);
  const auto begin = std::min(found, input.size());
  const auto end = end_of_first(input);
  require(end <= input.size() && (input.empty() || end > 0), "a statement ends inside its text");
  sqlite::may_write(input);
  sqlite::parse_single_row_values(input);
  app::kind_of(input);
  // SQLite ends the text at a NUL byte; the engine refuses the text before.
  if (input.find('\0') != input.npos)
    return;
  if (input.find_first_of("$@:#?") == input.npos) // sqlite3_complete ends inside `$a(;)`
    require(end == end_by_sqlite(input), "a statement ends where sqlite3_complete says");
  check_begin(input, begin);
  const auto rest = input.substr(begin);
  if (rest.empty())
    return;
  statement s(nullptr, sqlite3_finalize);
  std::size_t tail = 0;
  if (prepare(rest, s, tail) != SQLITE_OK)
    return;
  check_size(rest);
  require(tail == end_of_first(rest), "a statement ends where SQLite's parser stopped");
  check_kind(rest.substr(0, tail), s.get());
  check_row(rest.substr(0, tail));
  const auto behind = rest.substr(tail);
  check_begin(behind, std::min(sqlite::next_statement(behind, 0), behind.size()));
}

} // namespace dbengine::fuzz

DBENGINE_FUZZ_TARGET(sql)
