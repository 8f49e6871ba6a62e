// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a bulk of inserts equals its sets run one by one: the same rows, the same count, the
// same failure at the same set. Each bulk runs through the engine and, set by set in one
// transaction, through plain SQLite.

#include "sqlite/sql_text.hpp"
#include "support/engine/backends.hpp"

#include <sqlite3.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

using bulk = std::vector<params>;

struct outcome {
  std::int64_t changes = -1;
  std::size_t failed_at = 0;
  int sqlite_code = 0;
  std::string rows;

  friend bool operator==(const outcome&, const outcome&) = default;
  std::string text() const {
    return std::to_string(changes) + " changes, failure " + std::to_string(sqlite_code) + " at " +
           std::to_string(failed_at) + ", rows:\n" + rows.substr(0, 2'000);
  }
};

std::string text_of(const field& f) {
  switch (f.type()) {
  case value_type::null: return "NULL";
  case value_type::integer: return std::to_string(f.as<std::int64_t>());
  case value_type::real: return std::to_string(f.as<double>());
  default: return f.as<std::string>();
  }
}

// Runs the sets one by one, all or nothing.
outcome on_sqlite(const std::string& schema, const std::string& sql, const bulk& sets,
                  const std::string& question) {
  sqlite3* db = nullptr;
  CAF_REQUIRE_EQUAL(sqlite3_open(":memory:", &db), SQLITE_OK);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_exec(db, "PRAGMA foreign_keys = ON", nullptr, nullptr, nullptr);
  CAF_REQUIRE_EQUAL(sqlite3_exec(db, schema.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  outcome o;
  sqlite3_exec(db, "BEGIN", nullptr, nullptr, nullptr);
  sqlite3_stmt* s = nullptr;
  CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr), SQLITE_OK);
  std::int64_t changes = 0;
  bool good = true;
  for (std::size_t i = 0; i < sets.size() && good; ++i) {
    int at = 0;
    for (const auto& v : sets[i].values())
      switch (v.type()) {
      case value_type::null: sqlite3_bind_null(s, ++at); break;
      case value_type::integer:
        sqlite3_bind_int64(s, ++at, std::get<std::int64_t>(v.data()));
        break;
      case value_type::real: sqlite3_bind_double(s, ++at, std::get<double>(v.data())); break;
      default:
        sqlite3_bind_text(s, ++at, std::get<std::string>(v.data()).c_str(), -1, SQLITE_TRANSIENT);
      }
    if (const int rc = sqlite3_step(s); rc != SQLITE_DONE) {
      o.failed_at = i;
      o.sqlite_code = rc;
      good = false;
    } else {
      changes += sqlite3_changes64(db);
    }
    sqlite3_reset(s);
  }
  sqlite3_finalize(s);
  if (good && sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr) != SQLITE_OK) {
    o.sqlite_code = sqlite3_extended_errcode(db);
    good = false;
  }
  if (good)
    o.changes = changes;
  else if (sqlite3_get_autocommit(db) == 0)
    sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db, question.c_str(), -1, &s, nullptr), SQLITE_OK);
  while (sqlite3_step(s) == SQLITE_ROW) {
    for (int i = 0; i < sqlite3_column_count(s); ++i) {
      const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(s, i));
      o.rows += (i > 0 ? "," : "") + std::string(text != nullptr ? text : "NULL");
    }
    o.rows += "\n";
  }
  sqlite3_finalize(s);
  sqlite3_close(db);
  return o;
}

outcome on_engine(target& db, const std::string& sql, const bulk& sets,
                  const std::string& question) {
  outcome o;
  try {
    o.changes = db.execute_many(sql, sets).changes;
  } catch (const error& e) {
    o.failed_at = e.info().index.value_or(0);
    o.sqlite_code = e.info().extended_code;
    CAF_CHECK(e.info().outcome == dbengine::outcome::rolled_back);
  }
  for (const auto& row : db.fetch(question)) {
    for (std::size_t i = 0; i < row.size(); ++i)
      o.rows += (i > 0 ? "," : "") + text_of(row[i]);
    o.rows += "\n";
  }
  return o;
}

struct example {
  std::string what;
  std::string schema;
  std::string sql;
  bulk sets;
  std::string question = "SELECT * FROM t ORDER BY rowid";
};

// `count` sets; `odd` gives a value that replaces the key of some of them.
bulk keys(int count, const std::function<value(int)>& odd = {}) {
  bulk sets;
  for (int i = 0; i < count; ++i) {
    auto key = odd ? odd(i) : value(i);
    sets.push_back(params::of(key.is_null() ? value(i) : key, "text " + std::to_string(i)));
  }
  return sets;
}

// `count` sets with the key `k` at index `at`.
bulk with(int count, int at, value k) {
  return keys(count, [=](int i) { return i == at ? k : value(); });
}

const std::string plain = "CREATE TABLE t (k INTEGER, v TEXT);";
const std::string unique = "CREATE TABLE t (k INTEGER UNIQUE, v TEXT);";
const std::string sql = "INSERT INTO t (k, v) VALUES (?, ?)";

// Kinds of tables.
std::vector<example> schema_examples() {
  return {
      {"a plain table", plain, sql, keys(100)},
      {"less than a statement's rows", plain, sql, keys(31)},
      {"just its rows", plain, sql, keys(32)},
      {"one more", plain, sql, keys(33)},
      {"without columns, with other spaces", plain, "insert\tINTO t\nVALUES(?,?) ;", keys(70)},
      {"a rowid that is given", "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT);", sql, keys(100)},
      {"a rowid of another type", "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT);", sql,
       with(100, 40, value("x"))},
      {"without rowid", "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT) WITHOUT ROWID;", sql,
       keys(100), "SELECT * FROM t ORDER BY k"},
      {"autoincrement", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, k, v);", sql,
       keys(100), "SELECT *, (SELECT seq FROM sqlite_sequence) FROM t ORDER BY id"},
      {"a default that is calculated",
       "CREATE TABLE t (k, v, d DEFAULT (changes()));INSERT INTO t (k) VALUES (1), (2), (3);", sql,
       keys(100)},
      {"a trigger that counts changes",
       plain + "CREATE TABLE log (c); CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log "
               "VALUES (changes()); END;",
       sql, keys(100), "SELECT c FROM log ORDER BY rowid"},
      {"a trigger that refuses one",
       plain + "CREATE TRIGGER g BEFORE INSERT ON t WHEN new.k = 50 BEGIN SELECT RAISE(ABORT, "
               "'no'); END;",
       sql, keys(100)},
      {"a trigger that leaves one out",
       plain + "CREATE TRIGGER g BEFORE INSERT ON t WHEN new.k = 50 BEGIN SELECT RAISE(IGNORE); "
               "END;",
       sql, keys(100)},
      {"a child before its parent in the same table",
       "CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES t (id));",
       "INSERT INTO t (id, p) VALUES (?, ?)",
       [] {
         bulk sets;
         for (int i = 1; i <= 100; ++i) // number 10 comes before its parent, number 11
           sets.push_back(params::of(i, i == 10 ? std::optional<int>(11) : std::nullopt));
         return sets;
       }()},
      {"a child without a parent",
       "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE t (k "
       "INTEGER REFERENCES p (id), v TEXT);",
       sql, keys(100, [](int i) { return value(i == 60 ? 2 : 1); })},
      {"a deferred foreign key",
       "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1); CREATE TABLE t (k "
       "INTEGER REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED, v TEXT);",
       sql, keys(100, [](int i) { return value(i == 60 ? 2 : 1); })},
      {"an index of an expression", plain + "CREATE UNIQUE INDEX u ON t (k % 70);", sql, keys(100)},
      {"a generated column",
       "CREATE TABLE t (k INTEGER, v TEXT, g AS (k * 2) STORED CHECK (g <> 120));", sql, keys(100)},
      {"a strict table", "CREATE TABLE t (k INTEGER, v TEXT) STRICT;", sql,
       with(100, 45, value("word"))},
      {"a full text table", "CREATE VIRTUAL TABLE t USING fts5(k, v);", sql, keys(100),
       "SELECT rowid, k, v FROM t ORDER BY rowid"},
      {"a row too few", plain, sql, [] {
         auto sets = keys(100);
         sets[70] = params::of(1, "x");
         return sets;
       }()}};
}

// Kinds of conflict and forms of the statement.
std::vector<example> clause_examples() {
  std::vector<example> all;
  for (const char* clause : {"", " ON CONFLICT IGNORE", " ON CONFLICT REPLACE", " ON CONFLICT FAIL",
                             " ON CONFLICT ROLLBACK", " ON CONFLICT ABORT"})
    for (const int at : {1, 31, 32, 63, 64, 97})
      all.push_back({"unique" + std::string(clause) + ", twice at " + std::to_string(at),
                     "CREATE TABLE t (k INTEGER UNIQUE" + std::string(clause) + ", v TEXT);", sql,
                     with(100, at, value(0))});
  for (const char* verb :
       {"INSERT OR IGNORE", "INSERT OR REPLACE", "INSERT OR FAIL", "REPLACE", "INSERT OR ABORT"})
    all.push_back({verb, unique, std::string(verb) + " INTO t (k, v) VALUES (?, ?)",
                   with(100, 50, value(3))});
  for (const char* tail : {"VALUES (?1, ?2)", "VALUES (?, ?) ON CONFLICT DO NOTHING", "SELECT ?, ?",
                           "VALUES (?, ? || '!')", "VALUES (?, ?) -- VALUES (?, ?)"})
    all.push_back(
        {tail, unique, "INSERT INTO t (k, v) " + std::string(tail), with(100, 50, value(3))});
  return all;
}

std::vector<example> examples() {
  auto all = schema_examples();
  for (auto& x : clause_examples())
    all.push_back(std::move(x));
  return all;
}

} // namespace

CAF_TEST(a bulk gives what its sets give one by one) {
  for (const auto& x : examples()) {
    const auto expected = on_sqlite(x.schema, x.sql, x.sets, x.question);
    on_every_backend([&](target& db) {
      db.execute_script(x.schema);
      const auto given = on_engine(db, x.sql, x.sets, x.question);
      CAF_CHECK_EQUAL(given, expected);
      if (given != expected)
        CAF_MESSAGE(db.name << ", " << x.what << "\nengine: " << given.text()
                            << "\nSQLite: " << expected.text());
      // The statement is cached now, and its cached facts may be stale.
      db.execute("DELETE FROM t");
      CAF_CHECK_EQUAL(code_of([&] { db.execute_many(x.sql, std::span(x.sets).first(1)); }), "none");
    });
  }
}

CAF_TEST(a bulk sees what became of its table since the last) {
  on_every_backend([](target& db) {
    const std::string sql = "INSERT INTO t (k, v) VALUES (?, ?)";
    db.execute_script("CREATE TABLE t (k, v); CREATE TABLE log (c);");
    CAF_CHECK_EQUAL(db.execute_many(sql, keys(100)).changes, 100);
    db.execute("CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (changes()); END");
    CAF_CHECK_EQUAL(db.execute_many(sql, keys(100)).changes, 100);
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM log WHERE c <= 1"), 100);
    db.execute_script("DROP TRIGGER g; ALTER TABLE t RENAME TO old; CREATE TABLE t (k INTEGER "
                      "PRIMARY KEY REFERENCES t (k), v)");
    CAF_CHECK_EQUAL(db.execute_many(sql, keys(100)).changes, 100);
    db.execute_script("DROP TABLE t; CREATE TABLE t (k UNIQUE ON CONFLICT FAIL, v)");
    CAF_CHECK_EQUAL(code_of([&] { db.execute_many(sql, with(100, 50, value(3))); }), "constraint");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t"), 0);
  });
}

CAF_TEST(a bulk of rows is interrupted and undone) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (k, v)");
    const auto sets = keys(400'000);
    CAF_CHECK_EQUAL(code_of([&] {
                      db.with_timeout(1ms).execute_many("INSERT INTO t (k, v) VALUES (?, ?)", sets);
                    }),
                    "timeout");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t"), 0);
  });
}

CAF_TEST(only an insert of one row of question marks is one) {
  using dbengine::sqlite::parse_single_row_values;
  CAF_CHECK_EQUAL(parse_single_row_values("INSERT INTO t VALUES (?)"), "(?)");
  CAF_CHECK_EQUAL(parse_single_row_values(" insert into main.t(a,b)values( ? ,?);; \n"), "( ? ,?)");
  for (const char* other : {"",
                            "INSERT",
                            "INSERT INTO",
                            "INSERT INTO t",
                            "INSERT INTO t VALUES",
                            "INSERT INTO t VALUES (",
                            "INSERT INTO t VALUES (?",
                            "INSERT INTO t VALUES (?,",
                            "INSERT INTO t VALUES (?,)",
                            "INSERT INTO t VALUES (?),(?)",
                            "INSERT INTO t VALUES (?1)",
                            "INSERT INTO t VALUES (:a)",
                            "INSERT INTO t VALUES (?) RETURNING a",
                            "INSERT INTO t SELECT 1 UNION ALL VALUES (?)",
                            "INSERT OR FAIL INTO t VALUES (?)",
                            "INSERT INTO t VALUES (?) -- c",
                            "INSERT INTO t DEFAULT VALUES",
                            "WITH x AS (SELECT 1) INSERT INTO t VALUES (?)",
                            "INSERT INTO t AS u VALUES (?)",
                            "INSERT INTO \"t\" VALUES (?)",
                            "REPLACE INTO t VALUES (?)",
                            "INSERT INTO t (a,) VALUES (?)",
                            "INSERT INTO t VALUES (?); SELECT 1"})
    CAF_CHECK_EQUAL(parse_single_row_values(other), "");
}
