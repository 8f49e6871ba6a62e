// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tables of what the engine reads from an SQL text before SQLite parses it. The text alone never
// decides what a statement may do. Byte order marks and torn comments are tested in
// sql_positions.cpp, arbitrary text by tests/fuzz/sql.cpp.

#include "sqlite/sql_text.hpp"

#include <string>

#include "support/test.hpp" // last

using namespace dbengine::sqlite;
using std::string_view;

namespace {

constexpr auto npos = string_view::npos;

/// The statements of a text, one after the other, as a script reads them.
std::string parts(string_view sql) {
  std::string text;
  for (auto at = next_statement(sql, 0); at != npos;) {
    const auto size = statement_end(sql.substr(at));
    text += "[" + std::string(sql.substr(at, size)) + "]";
    at = next_statement(sql, at + size);
  }
  return text;
}

} // namespace

CAF_TEST(a statement begins behind spaces and comments and semicolons) {
  const std::pair<const char*, std::size_t> texts[] = {
      {"SELECT 1", 0},
      {"", npos},
      {" \t\r\n\f", npos},
      {";;;", npos},
      {"  ; SELECT 1", 4},
      {"-- x\nSELECT 1", 5},
      {"-- x", npos},
      {"-- x;SELECT 1", npos},
      {"/* ; */SELECT 1", 7},
      {"/* /* */SELECT 1", 8}, // comments do not nest
      {"/* not closed SELECT 1", npos},
      {"- 1", 0},
      {"/ 1", 0},
      {"\v1", 0}, // a vertical tab is not a space for SQLite
  };
  for (const auto& [sql, begin] : texts) {
    CAF_MESSAGE(sql);
    CAF_CHECK_EQUAL(next_statement(sql, 0), begin);
  }
  CAF_CHECK_EQUAL(next_statement("SELECT 1; SELECT 2", 9), 10u);
  CAF_CHECK_EQUAL(next_statement("SELECT 1;", 9), npos);
  CAF_CHECK_EQUAL(next_statement("SELECT 1;", 1'000), npos);
}

CAF_TEST(a script is divided where its statements end) {
  const std::pair<const char*, const char*> scripts[] = {
      {"SELECT 1; SELECT 2", "[SELECT 1;][SELECT 2]"},
      {"SELECT 1;;; -- x\n;SELECT 2;", "[SELECT 1;][SELECT 2;]"},
      {"SELECT ';'; SELECT 2", "[SELECT ';';][SELECT 2]"},
      {"SELECT 'it''s;'; SELECT 2", "[SELECT 'it''s;';][SELECT 2]"},
      {"SELECT \";\"; SELECT 2", "[SELECT \";\";][SELECT 2]"},
      {"SELECT `;`; SELECT 2", "[SELECT `;`;][SELECT 2]"},
      {"SELECT [;]; SELECT 2", "[SELECT [;];][SELECT 2]"},
      {"SELECT /*;*/ 1; SELECT 2", "[SELECT /*;*/ 1;][SELECT 2]"},
      {"SELECT 1 --;\n; SELECT 2", "[SELECT 1 --;\n;][SELECT 2]"},
      {"SELECT ';", "[SELECT ';]"},
      {"CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END; SELECT 2",
       "[CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;][SELECT 2]"},
      {"CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END; SELECT 3",
       "[CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT 1; SELECT 2; END;][SELECT 3]"},
      {"BEGIN; SELECT 1; END;", "[BEGIN;][SELECT 1;][END;]"},
  };
  for (const auto& [sql, statements] : scripts)
    CAF_CHECK_EQUAL(parts(sql), statements);
  // The parser includes the parentheses after a Tcl name; sqlite3_complete does not.
  CAF_CHECK_EQUAL(parts("SELECT $a(;); SELECT 2"), "[SELECT $a(;);][SELECT 2]");
}

CAF_TEST(a parameter ends where the tokeniser of SQLite ends it) {
  const std::pair<const char*, std::size_t> tokens[] = {
      {":name", 5},   {":name,", 5},     {"@a1_", 4}, {"$v", 2},        {"$a::b", 5},
      {"$a(b c)", 5}, {"$a(bc)+", 6},    {"?", 1},    {"?12", 3},       {"?12a", 3},
      {"?a", 1},      {":\xc3\xa9-", 3}, {"$a(b", 4}, {"$a::b(c),", 8},
  };
  for (const auto& [token, end] : tokens) {
    CAF_MESSAGE(token);
    CAF_CHECK(begins_parameter(token[0]));
    CAF_CHECK_EQUAL(parameter_end(token, 0), end);
  }
  // SQLite's tokeniser accepts # as a parameter; its parser refuses it.
  CAF_CHECK(begins_parameter('#'));
  for (const char c : {'a', '1', '\'', '(', ' ', '\0', ';'})
    CAF_CHECK(!begins_parameter(c));
}

CAF_TEST(the values of a single row are found in a plain insert alone) {
  const std::pair<const char*, const char*> inserts[] = {
      {"INSERT INTO t VALUES (?)", "(?)"},
      {"INSERT INTO t VALUES (?, ?,?)", "(?, ?,?)"},
      {"insert into t (a, b) values (?, ?)", "(?, ?)"},
      {"INSERT INTO t VALUES (?);", "(?)"},
      {"INSERT INTO t VALUES (1)", ""},
      {"INSERT INTO t VALUES (?1)", ""},
      {"INSERT INTO t VALUES (:a)", ""},
      {"INSERT INTO t VALUES (?), (?)", ""},
      {"INSERT INTO t VALUES (?) RETURNING a", ""},
      {"INSERT INTO t VALUES (?) ON CONFLICT DO NOTHING", ""},
      {"INSERT OR IGNORE INTO t VALUES (?)", ""},
      {"INSERT INTO \"t\" VALUES (?)", ""},
      {"INSERT INTO t VALUES (? + 1)", ""},
      {"INSERT INTO t SELECT ?", ""},
      {"INSERT INTO t DEFAULT VALUES", ""},
      {"REPLACE INTO t VALUES (?)", ""},
      {"INSERT INTO t VALUES (?) -- x", ""},
      {"UPDATE t SET a = ?", ""},
      {"", ""},
  };
  for (const auto& [sql, values] : inserts) {
    CAF_MESSAGE(sql);
    CAF_CHECK_EQUAL(std::string(parse_single_row_values(sql)), values);
  }
}

CAF_TEST(a text that may write is known by its first word) {
  for (const auto* sql : {"SELECT 1", " select 1", "/* x */ SELECT 1", "EXPLAIN SELECT 1",
                          "VALUES (1)", "-- INSERT\nSELECT 1"})
    CAF_CHECK(!may_write(sql));
  for (const auto* sql :
       {"INSERT INTO t VALUES (1)", "delete from t", "UPDATE t SET a = 1",
        "REPLACE INTO t VALUES (1)", "CREATE TABLE t (a)", "DROP TABLE t", "VACUUM",
        "WITH a AS (SELECT 1) INSERT INTO t SELECT 1", "-- SELECT\nDELETE FROM t"})
    CAF_CHECK(may_write(sql));
}

CAF_TEST(WITH is looked for in the first statement alone) {
  CAF_CHECK(may_have_with("WITH a AS (SELECT 1) SELECT * FROM a"));
  CAF_CHECK(may_have_with("SELECT * FROM (with a AS (SELECT 1) SELECT * FROM a)"));
  CAF_CHECK(may_have_with("SELECT 'with'")); // a false positive within a text is allowed
  CAF_CHECK(!may_have_with("SELECT 1"));
  CAF_CHECK(!may_have_with("SELECT wit"));
}

CAF_TEST(look - ups of parameters are counted up to a bound) {
  constexpr std::size_t most = 1'000'000;
  CAF_CHECK_EQUAL(parameter_lookups("SELECT 1", most), 0u);
  CAF_CHECK_EQUAL(parameter_lookups("SELECT ':a'", most), 0u);
  const auto one = parameter_lookups("SELECT :a", most);
  const auto two = parameter_lookups("SELECT :a, :b", most);
  CAF_CHECK(one <= two);
  // The list is searched once per name: twice the names cause four times the look-ups.
  const auto names = [](int n) {
    std::string sql = "SELECT 1";
    for (int i = 0; i < n; ++i)
      sql += ",:n" + std::to_string(i);
    return sql;
  };
  const auto hundred = parameter_lookups(names(100), most);
  const auto doubled = parameter_lookups(names(200), most);
  CAF_CHECK(hundred > 100 * 99 / 2);
  CAF_CHECK(doubled > 3 * hundred);
  CAF_CHECK(doubled < 5 * hundred);
  CAF_CHECK(parameter_lookups(names(2'000), 1'000) > 1'000);
  CAF_CHECK(parameter_lookups(names(2'000), 1'000) < 10'000);
  // Increasing numbers need no search.
  CAF_CHECK(parameter_lookups("SELECT ?, ?, ?", most) < 10);
}
