// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/sqlite/random_sql.hpp"

#include <cstdint>
#include <initializer_list>

namespace dbengine::test {

namespace {

class writer_of_sql {
public:
  explicit writer_of_sql(std::mt19937& r) : random_(r) {}

  std::vector<std::string> script(int statements) {
    std::vector<std::string> all{
        "CREATE TABLE a (id INTEGER PRIMARY KEY, i INTEGER, t TEXT, r REAL, n NUMERIC, b BLOB, x)",
        "CREATE TABLE b (k TEXT COLLATE NOCASE, i INT, v, PRIMARY KEY (k, i)) WITHOUT ROWID",
        "CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES a (id) ON DELETE SET NULL, d TEXT DEFAULT 'none', u UNIQUE, CHECK (typeof(u) <> 'blob'))",
        "CREATE INDEX a_t ON a (t COLLATE NOCASE, i DESC)",
        "CREATE INDEX a_x ON a (x) WHERE x IS NOT NULL",
        "CREATE INDEX c_low ON c (lower(d))",
        "CREATE VIEW w AS SELECT a.id, a.t, count(c.id) AS cs FROM a LEFT JOIN c ON c.a = a.id GROUP BY a.id",
        "CREATE TABLE log (n INTEGER PRIMARY KEY, what, old, new)",
        "CREATE TRIGGER a_u AFTER UPDATE OF i ON a WHEN old.i IS NOT new.i BEGIN INSERT INTO log (what, old, new) VALUES ('i', old.i, new.i); END",
        "CREATE TRIGGER c_i BEFORE INSERT ON c WHEN new.d = 'stop' BEGIN SELECT RAISE(ABORT, 'no stop here'); END",
        "CREATE TRIGGER w_i INSTEAD OF INSERT ON w BEGIN INSERT INTO a (t) VALUES (new.t || '!'); END"};
    for (int i = 0; i < 12; ++i)
      all.push_back(insert());
    while (all.size() < static_cast<std::size_t>(statements))
      all.push_back(below(4) == 0 ? change() : select() + tail());
    all.push_back("SELECT * FROM a ORDER BY id");
    all.push_back("SELECT * FROM b ORDER BY k, i");
    all.push_back("SELECT * FROM c ORDER BY id");
    all.push_back("SELECT * FROM log ORDER BY n");
    all.push_back("PRAGMA integrity_check");
    return all;
  }

private:
  int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
  const char* one_of(std::initializer_list<const char*> all) {
    return all.begin()[below(static_cast<int>(all.size()))];
  }

  std::string literal() {
    switch (below(9)) {
    case 0: return "NULL";
    case 1: return std::to_string(below(20) - 5);
    case 2:
      return one_of({"0.5", "-1.25", "1e3", "3.0", "1e300", "-0.0", "9007199254740993", "0.1"});
    case 3:
      return one_of({"'abc'", "'ABC'", "'a'", "''", "'10'", "'1e1'", "' 7'", "'x''y'", "'Ärger'",
                     "'日本'", "'%_'"});
    case 4: return one_of({"x''", "x'00'", "x'616263'", "x'ff'"});
    case 5: return one_of({"9223372036854775807", "-9223372036854775808", "4294967296", "0", "1"});
    case 6: return one_of({"'2024-02-29'", "'2023-12-31 23:59:59'", "2460370.5"});
    default: return std::to_string(below(9));
    }
  }

  std::string column() { return one_of({"a.id", "a.i", "a.t", "a.r", "a.n", "a.b", "a.x"}); }

  std::string expression(int depth = 2) {
    if (depth == 0)
      return below(3) == 0 ? literal() : column();
    const auto e = [&] { return expression(depth - 1); };
    switch (below(17)) {
    case 0:
      return "(" + e() +
             one_of({" + ", " - ", " * ", " / ", " % ", " || ", " & ", " | ", " << ", " >> "}) +
             e() + ")";
    case 1:
      return "(" + e() +
             one_of({" = ", " <> ", " < ", " >= ", " IS ", " IS NOT ", " IS DISTINCT FROM "}) +
             e() + ")";
    case 2: return "(" + e() + one_of({" AND ", " OR "}) + e() + ")";
    case 3: return "(NOT " + e() + ")";
    case 4:
      return "(" + e() + one_of({" LIKE ", " GLOB ", " NOT LIKE "}) +
             one_of({"'a%'", "'A_C'", "'*b*'", "'%'", "'[a-c]*'", "NULL"}) + ")";
    case 5: return "CASE WHEN " + e() + " THEN " + e() + " ELSE " + e() + " END";
    case 6:
      return "CASE " + e() + " WHEN " + literal() + " THEN " + e() + " WHEN " + literal() +
             " THEN 1 END";
    case 7:
      return std::string("CAST(") + e() + " AS " +
             one_of({"INTEGER", "TEXT", "REAL", "NUMERIC", "BLOB"}) + ")";
    case 8:
      return std::string(one_of({"abs", "typeof", "length", "upper", "lower", "quote", "hex",
                                 "trim", "unicode", "sign"})) +
             "(" + e() + ")";
    case 9:
      return std::string(one_of({"coalesce", "ifnull", "nullif", "max", "min", "instr"})) + "(" +
             e() + ", " + e() + ")";
    case 10:
      return "substr(" + e() + ", " + std::to_string(below(5) - 2) + ", " +
             std::to_string(below(4)) + ")";
    case 11: return "round(" + e() + ", " + std::to_string(below(3)) + ")";
    case 12:
      return "(" + e() + (below(2) == 0 ? " IN (" : " NOT IN (") + literal() + ", " + literal() +
             ", " + literal() + "))";
    case 13: return "(" + e() + " BETWEEN " + e() + " AND " + e() + ")";
    case 14:
      return std::string(one_of({"date", "datetime", "julianday", "time"})) + "(" + literal() +
             one_of({"", ", '+1 month'", ", 'start of year'", ", '-7 days', 'weekday 0'"}) + ")";
    case 15:
      return std::string("printf('%") +
             one_of({"d", "5.2f", "s", "x", "e", "-6s|", "05d", "g", "q", ",d"}) + "', " + e() +
             ")";
    default:
      return "(SELECT " + std::string(one_of({"count(*)", "max(v)", "min(k)", "total(i)"})) +
             " FROM b WHERE b.i " + one_of({"=", "<", ">"}) + " " + column() + ")";
    }
  }

  std::string aggregate() {
    const auto e = expression(1);
    switch (below(8)) {
    case 0: return "count(*)";
    case 1: return "count(DISTINCT " + e + ")";
    // No sum(): it may fail with "integer overflow" after the shell has printed some rows.
    case 2: return "count(DISTINCT " + e + ")";
    case 3: return "total(" + e + ")";
    case 4: return "avg(" + e + ")";
    case 5: return "min(" + e + ")";
    case 6: return "group_concat(" + e + ", '/')";
    default: return "max(" + e + ") FILTER (WHERE " + expression(1) + ")";
    }
  }

  std::string window() {
    const std::string over =
        std::string(" OVER (") + one_of({"", "PARTITION BY a.i ", "PARTITION BY typeof(a.x) "}) +
        "ORDER BY a." + one_of({"id", "i, a.id", "t DESC, a.id"}) +
        one_of({"", " ROWS BETWEEN 2 PRECEDING AND CURRENT ROW", " RANGE UNBOUNDED PRECEDING",
                " ROWS BETWEEN 1 FOLLOWING AND 3 FOLLOWING EXCLUDE TIES",
                " GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING"}) +
        ")";
    switch (below(7)) {
    case 0: return "row_number()" + over;
    case 1: return "rank()" + over;
    case 2: return "total(" + column() + ")" + over;
    case 3: return "lag(" + column() + ", 1, 'first')" + over;
    case 4: return "ntile(3)" + over;
    case 5: return "first_value(" + expression(1) + ")" + over;
    default: return "group_concat(" + column() + ")" + over;
    }
  }

  std::string from() {
    switch (below(8)) {
    case 0: return " FROM a JOIN b ON b.i = a.i";
    case 1: return " FROM a LEFT JOIN c ON c.a = a.id";
    case 2: return " FROM a, (SELECT DISTINCT i AS bi FROM b) AS s";
    case 3: return " FROM a RIGHT JOIN b ON a.t = b.k";
    case 4: return " FROM a NATURAL JOIN (SELECT i, k FROM b)";
    case 5: return " FROM a FULL OUTER JOIN c ON c.u = a.x";
    default: return " FROM a";
    }
  }

  std::string select() {
    const auto where = below(2) == 0 ? "" : " WHERE " + expression();
    switch (below(9)) {
    case 0:
      return "SELECT " + column() + ", " + aggregate() + ", " + aggregate() + from() + where +
             " GROUP BY 1" + (below(2) == 0 ? "" : " HAVING " + aggregate() + " > 1");
    case 1: return "SELECT " + aggregate() + ", " + aggregate() + from() + where;
    case 2: return "SELECT a.id, " + window() + " FROM a" + where;
    case 3:
      return "SELECT " + expression(1) + " FROM a" + where +
             one_of({" UNION ", " UNION ALL ", " EXCEPT ", " INTERSECT "}) + "SELECT v FROM b";
    case 4:
      return "WITH RECURSIVE f(n, x) AS (SELECT 1, " + literal() +
             " UNION ALL SELECT n + 1, x || n FROM f WHERE n < " + std::to_string(below(6) + 1) +
             ") SELECT f.n, f.x, count(a.id) FROM f LEFT JOIN a ON a.i = f.n GROUP BY f.n";
    case 5: return "SELECT DISTINCT " + expression() + " FROM a" + where;
    case 6:
      return "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM c WHERE c.a = a.id AND " +
             expression(1) + ")";
    case 7: return "SELECT * FROM w WHERE cs " + std::string(one_of({"> 0", "= 0", "IS NOT NULL"}));
    default: return "SELECT " + expression() + ", " + expression() + from() + where;
    }
  }

  std::string tail() {
    switch (below(5)) {
    case 0: return " ORDER BY 1";
    case 1: return " ORDER BY 1 DESC NULLS LAST LIMIT " + std::to_string(below(7));
    case 2: return " LIMIT 5 OFFSET " + std::to_string(below(4));
    default: return "";
    }
  }

  std::string insert() {
    switch (below(4)) {
    case 0:
      return "INSERT INTO b (k, i, v) VALUES (" +
             std::string(one_of({"'a'", "'B'", "'abc'", "'b'", "7"})) + ", " +
             std::to_string(below(6)) + ", " + literal() + ")";
    case 1:
      return "INSERT INTO c (a, d, u) VALUES (" + std::to_string(below(12)) + ", " +
             one_of({"'stop'", "'Go'", "NULL", "'none'"}) + ", " + literal() + ")";
    default:
      return "INSERT INTO a (i, t, r, n, b, x) VALUES (" + literal() + ", " + literal() + ", " +
             literal() + ", " + literal() + ", " + literal() + ", " + literal() + ")";
    }
  }

  std::string change() {
    switch (below(14)) {
    case 0:
      return "UPDATE a SET i = " + expression(1) + " WHERE id % 3 = " + std::to_string(below(3));
    case 1: return "UPDATE OR IGNORE c SET u = " + literal() + " WHERE id < 4";
    case 2: return "DELETE FROM a WHERE id = " + std::to_string(below(12));
    case 3:
      return "INSERT OR REPLACE INTO b SELECT t, i, x FROM a WHERE t IS NOT NULL AND i IS NOT NULL ORDER BY id LIMIT 2";
    case 4:
      return "INSERT INTO c (u) VALUES (" + literal() +
             ") ON CONFLICT (u) DO UPDATE SET d = d || '+'";
    case 5: return "INSERT INTO w (t) VALUES (" + literal() + ")";
    case 6:
      return "UPDATE a SET t = s.v FROM (SELECT i, max(v) AS v FROM b GROUP BY i) AS s WHERE s.i = a.i";
    case 7: return "DELETE FROM c WHERE rowid IN (SELECT max(id) FROM c) RETURNING id, d, u";
    case 8: return "SELECT changes(), last_insert_rowid() > 0";
    case 9: return "INSERT INTO missing VALUES (1)";    // no such table
    case 10: return "SELECT " + expression() + " FROM"; // incomplete
    case 11: return "UPDATE a SET n = n + 1, r = r * 2 RETURNING id, n, r";
    default: return insert();
    }
  }

  std::mt19937& random_;
};

} // namespace

std::vector<std::string> random_script(std::mt19937& random, int statements) {
  return writer_of_sql(random).script(statements);
}

} // namespace dbengine::test
