// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine shell` with input from a pipe: statements, dot commands, transactions,
// failures and their exit codes.

#include "support/engine/engine_fixture.hpp"
#include "support/process/program.hpp"

#include <dbengine/db_engine.hpp>

#include <csignal>
#include <fstream>

#include <sys/stat.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

struct answer {
  int code = -1;
  std::string out, err;
};

// The shell's answer to an input, with rows as CSV.
answer shell(const std::string& database, const std::string& input,
             std::vector<std::string> more = {}) {
  std::vector<std::string> words{"shell", database, "-o", "csv"};
  words.insert(words.end(), more.begin(), more.end());
  program p(words);
  p.write(input);
  p.close_input();
  const int code = p.wait();
  return {code, p.out(), p.err()};
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct files : engine_folder {
  std::string db = (path / "a.db").string();
  std::string at(const char* name) const { return (path / name).string(); }
  void write(const char* name, const std::string& text) const { std::ofstream(at(name)) << text; }
};

} // namespace

CAF_TEST(statements run one after the other however they are laid out) {
  const files f;
  const auto a = shell(f.db, "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t(v)\n"
                             "VALUES ('a;b'),\n\n('two\nlines; still');\n"
                             "-- a comment; with a semicolon\n"
                             "CREATE TRIGGER r AFTER DELETE ON t BEGIN SELECT 1; SELECT 2; END;\n"
                             "SELECT id FROM t; SELECT count(*) AS n FROM t\n;\n;;\n"
                             "SELECT 'the last needs no semicolon' AS x");
  CAF_CHECK_EQUAL(a.code, 0);
  CAF_CHECK_EQUAL(a.out, "id\n1\n2\n\nn\n2\nx\nthe last needs no semicolon\n");
  CAF_CHECK_EQUAL(a.err, "");
}

CAF_TEST(comments stand before a dot command as before a statement) {
  const files f;
  const auto a = shell(f.db, "-- first\n.mode\n/* two\nlines */ -- and one\n.mode jsonl\n"
                             "/* open\n.mode csv */ SELECT 1 AS one -- and\n;\n-- last");
  CAF_CHECK_EQUAL(a.code, 0);
  CAF_CHECK_EQUAL(a.out, "csv\n{\"one\":1}\n");
  CAF_CHECK_EQUAL(a.err, "");
}

CAF_TEST(a transaction spans lines) {
  const files f;
  const auto a = shell(f.db, "CREATE TABLE t(v);\nBEGIN;\nINSERT INTO t VALUES (1);\n"
                             "SAVEPOINT s;\nINSERT INTO t VALUES (2);\nROLLBACK TO s;\n"
                             "COMMIT;\nBEGIN IMMEDIATE; INSERT INTO t VALUES (3);\n"
                             "SELECT sum(v) AS inside FROM t;\nROLLBACK;\n"
                             "SELECT sum(v) AS after FROM t;\n");
  CAF_CHECK_EQUAL(a.code, 0);
  CAF_CHECK_EQUAL(a.out, "inside\n4\nafter\n1\n");
  // The end of the input does not commit.
  const auto b = shell(f.db, "BEGIN;\nINSERT INTO t VALUES (9);\n");
  CAF_CHECK_EQUAL(b.code, 1);
  CAF_CHECK(holds(b.err, "it was rolled back"));
  CAF_CHECK_EQUAL(shell(f.db, "SELECT count(*) AS n FROM t;").out, "n\n1\n");
}

CAF_TEST(temporary tables and attached files and settings last) {
  const files f;
  db_engine(f.at("other.db")).execute("CREATE TABLE far AS SELECT 7 AS n");
  const auto a = shell(f.db, "CREATE TEMP TABLE x AS SELECT 1 AS one;\nBEGIN;\nCOMMIT;\n"
                             "SELECT * FROM x;\nATTACH '" +
                                 f.at("other.db") +
                                 "' AS o;\nSELECT n FROM o.far;\n"
                                 "PRAGMA recursive_triggers=1;\nPRAGMA recursive_triggers;\n"
                                 ".tables\n.reset\nSELECT * FROM x;\n");
  CAF_CHECK_EQUAL(a.code, 1);
  CAF_CHECK_EQUAL(a.out, "one\n1\nn\n7\nrecursive_triggers\n1\nx\n");
  CAF_CHECK(holds(a.err, "no such table: x"));
}

CAF_TEST(columns are named as they are when a statement runs) {
  const files f;
  { db_engine(f.db).execute("CREATE TABLE t AS SELECT 1 AS a, 2 AS b"); }
  const auto alter = [&](const std::string& sql) {
    CAF_CHECK_EQUAL(program({f.db, sql}, {}, "/usr/bin/sqlite3").wait(), 0);
  };
  // With a temporary table, the session has its own connection, which caches the schema of its last
  // statement.
  program p({"shell", f.db, "-o", "csv"});
  std::string expected;
  const auto shows = [&](const std::string& rows) {
    p.write("SELECT * FROM t;\n");
    expected += rows;
    CAF_CHECK(wait_until([&] { return p.out().size() >= expected.size(); }));
    CAF_CHECK_EQUAL(p.out(), expected);
  };
  p.write("CREATE TEMP TABLE x (y);\n");
  shows("a,b\n1,2\n");
  alter("ALTER TABLE t ADD COLUMN c DEFAULT 3");
  shows("a,b,c\n1,2,3\n");
  alter("ALTER TABLE t DROP COLUMN a");
  shows("b,c\n2,3\n");
  alter("ALTER TABLE t RENAME COLUMN b TO \"new name\"");
  shows("\"new name\",c\n2,3\n");
  p.close_input();
  CAF_CHECK_EQUAL(p.wait(), 0);
  // The same for the columns of RETURNING, on the session's own connection.
  program q({"shell", f.db, "-o", "csv"});
  q.write("CREATE TEMP TABLE x (y);\nSELECT 1 AS one;\n");
  CAF_CHECK(wait_until([&] { return q.out() == "one\n1\n"; }));
  alter("ALTER TABLE t DROP COLUMN c");
  q.write("UPDATE t SET \"new name\" = 4 RETURNING *;\n");
  CAF_CHECK(wait_until([&] { return q.out() == "one\n1\n\"new name\"\n4\n"; }));
  q.close_input();
  CAF_CHECK_EQUAL(q.wait(), 0);
}

CAF_TEST(the first failure ends a pipe with its exit code and a caret) {
  const files f;
  const auto a = shell(f.db, "SELECT 1 AS a;\nSELECT 2,\n  nope;\nSELECT 3;\n");
  CAF_CHECK_EQUAL(a.code, 1);
  CAF_CHECK_EQUAL(a.out, "a\n1\n");
  CAF_CHECK(holds(a.err, "no such column: nope"));
  CAF_CHECK(holds(a.err, "line 2:   nope;\n            ^"));
  // In a transaction, too, on the session's own connection.
  const auto b = shell(f.db, "BEGIN;\nSELECT 1 AS a;\nSELECT 2, nope;\n");
  CAF_CHECK_EQUAL(b.code, 1);
  CAF_CHECK(holds(b.err, "no such column: nope"));
  CAF_CHECK(holds(b.err, "^"));
  const auto c = shell(f.db, ".tabels\n");
  CAF_CHECK_EQUAL(c.code, 1);
  CAF_CHECK(holds(c.err, "did you mean '.tables'?"));
  CAF_CHECK_EQUAL(shell(f.db, ".import\n").code, 1);
  CAF_CHECK_EQUAL(shell(f.db, ".mode cvs\n").code, 1);
  f.write("no.db", "this is no database at all, however long one looks at it");
  CAF_CHECK_EQUAL(shell(f.at("no.db"), "SELECT 1;").code, 11);
  const db_engine holder(f.db);
  f.write("hurried.toml", "[engine]\nbusy_timeout = \"100ms\"\n");
  CAF_CHECK_EQUAL(shell(f.db, "SELECT 1;", {"-c", f.at("hurried.toml")}).code, 5);
  CAF_CHECK_EQUAL(shell(f.db, "SELECT 1 AS a;", {"--read-only"}).code, 0);
  CAF_CHECK_EQUAL(shell(f.db, "CREATE TABLE t(x);", {"--read-only"}).code, 1);
}

CAF_TEST(dot commands do what they say) {
  const files f;
  f.write("in.csv", "x,y\n1,one\n2,two\n");
  f.write("in.jsonl", "{\"x\":3,\"y\":\"three\"}\n");
  f.write("bad.csv", "x,y\n4,four\n5\n");
  f.write("s.sql",
          "BEGIN; INSERT INTO t VALUES (10, 'ten'); COMMIT;\nCREATE VIEW w AS SELECT x FROM t;");
  const auto a = shell(f.db, ".import " + f.at("in.csv") + " t\n.import '" + f.at("in.jsonl") +
                                 "' t\n.read " + f.at("s.sql") +
                                 "\n.tables\n.tables w%\n.schema w\n.mode\n.mode jsonl\n"
                                 "SELECT * FROM t WHERE x > 2;\n.backup " +
                                 f.at("copy.db") + "\n.timer on\nSELECT 1;\n.quit\nSELECT nope;\n");
  CAF_CHECK_EQUAL(a.code, 0);
  CAF_CHECK_EQUAL(a.out, "t\nw\nw\nCREATE VIEW w AS SELECT x FROM t;\ncsv\n"
                         "{\"x\":3,\"y\":\"three\"}\n{\"x\":10,\"y\":\"ten\"}\n{\"1\":1}\n");
  CAF_CHECK(holds(a.err, "2 rows imported into t"));
  CAF_CHECK(holds(a.err, "1 row in "));
  CAF_CHECK_EQUAL(shell(f.at("copy.db"), "SELECT count(*) AS n FROM t;").out, "n\n4\n");
  const auto bad = shell(f.db, ".import " + f.at("bad.csv") + " t\n");
  CAF_CHECK_EQUAL(bad.code, 1);
  CAF_CHECK(holds(bad.err, f.at("bad.csv") + ":3: "));
  const auto inside = shell(f.db, "BEGIN;\n.import " + f.at("in.csv") + " t\n");
  CAF_CHECK_EQUAL(inside.code, 1);
  CAF_CHECK(holds(inside.err, "not inside a transaction"));
  const auto help = shell(f.db, ".help\n");
  for (const char* name : {".tables", ".schema", ".mode", ".timer", ".import", ".backup", ".read",
                           ".watch", ".help", ".quit"})
    CAF_CHECK(holds(help.out, name));
}

CAF_TEST(a long script is read in time that grows with its length) {
  const files f;
  std::string script = "CREATE TABLE t(v);BEGIN;\n";
  for (int i = 0; i < 50'000; ++i)
    script += "INSERT INTO t VALUES ('" + std::string(100, 'x') + "');\n";
  f.write("long.sql", script + "COMMIT;\n");
  const auto a = shell(f.db, ".read " + f.at("long.sql") + "\nSELECT count(*) AS n FROM t;\n");
  CAF_CHECK_EQUAL(a.code, 0);
  CAF_CHECK_EQUAL(a.out, "n\n50000\n");
}

CAF_TEST(signals end a shell that reads a pipe) {
  const files f;
  for (const int number : {SIGINT, SIGTERM}) {
    program p({"shell", f.db, "-o", "csv"});
    p.write(
        "CREATE TABLE IF NOT EXISTS t(v);\nBEGIN;\nINSERT INTO t VALUES (1);\nSELECT 'in' AS x;\n");
    CAF_CHECK(wait_until([&] { return holds(p.out(), "in\n"); }));
    p.signal(number);
    CAF_CHECK_EQUAL(p.wait(), 130);
  }
  CAF_CHECK_EQUAL(shell(f.db, "SELECT count(*) AS n FROM t;").out, "n\n0\n");
}
