// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of `dbengine --connect`: the commands over the wire, and their exit codes.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/wire/remote_fixture.hpp"

#include <fstream>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;
  server s{folder.url(), {"--allow-backup"}};

  fixture() { CAF_REQUIRE_EQUAL(s.trouble(), ""); }

  run_result far(const std::string& line, const std::string& input = {}) const {
    return run_line("--connect " + s.address() + " " + line,
                    {.input = input, .folder = folder.path});
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(remote_cli, fixture)

CAF_TEST(each command works on a served engine) {
  CAF_CHECK_EQUAL(
      far("script -", "CREATE TABLE t (a INTEGER, b TEXT); CREATE INDEX i ON t (b);").code, 0);
  CAF_CHECK_EQUAL(far("import - -t t --format csv", "a,b\n1,x\n2,y\n").code, 0);
  CAF_CHECK_EQUAL(far("query 'SELECT * FROM t WHERE a > :a' -p a:=0 -o csv").out,
                  "a,b\n1,x\n2,y\n");
  CAF_CHECK_EQUAL(far("query 'INSERT INTO t VALUES (3, NULL)'").code, 0);
  CAF_CHECK_EQUAL(far("query 'UPDATE t SET b = 4 WHERE a = 3 RETURNING b' -o csv").out,
                  "b\n\"4\"\n");
  CAF_CHECK(has(far("export -t t - --format csv").out, "1,x"));
  CAF_CHECK(has(far("schema").out, "CREATE INDEX i"));
  CAF_CHECK_EQUAL(far("check").out, "ok\n");
  CAF_CHECK_EQUAL(far("vacuum").code, 0);
  CAF_CHECK(has(far("stats -o json").out, "\"requests\""));
  CAF_CHECK_EQUAL(far("backup now").code, 0);
  CAF_CHECK(has(far("backup list").out, "backup_"));
}

CAF_TEST(a failure is reported as of a file) {
  CAF_CHECK_EQUAL(far("query 'SELECT nope'").code, 1);
  CAF_CHECK_EQUAL(far("query --read-only 'CREATE TABLE u (x)'").code, 1);
  CAF_CHECK_EQUAL(far("query --read-only 'SELECT 1 AS x' -o csv").out, "x\n1\n");
  CAF_CHECK_EQUAL(far("backup list --dir x").code, 2);
  CAF_CHECK_EQUAL(
      far("query --timeout 100ms 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) "
          "SELECT count(*) FROM c'")
          .code,
      5);
  CAF_CHECK_EQUAL(run_line("--connect nowhere query 'SELECT 1'").code, 2);
  CAF_CHECK_EQUAL(run_line("--connect 127.0.0.1:1 query 'SELECT 1'").code, 6);
  const auto half = far("--tls-cert x.crt query 'SELECT 1'");
  CAF_CHECK_EQUAL(half.code, 2);
  CAF_CHECK(has(half.err, "all three"));
}

CAF_TEST(a shell works on a served engine) {
  const auto all =
      far("shell -o csv", "CREATE TABLE t (x);\nINSERT INTO t VALUES (1); INSERT INTO t "
                          "VALUES (2);\nCREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; SELECT "
                          "';'; END;\nSELECT sum(x) AS s FROM t;;\n.tables\n");
  CAF_CHECK_EQUAL(all.code, 0);
  CAF_CHECK(has(all.out, "s\n3\n"));
  std::ofstream(folder.path / "more.sql")
      << "-- two\nINSERT INTO t VALUES (3); /* ; */\nINSERT INTO t VALUES (4)";
  CAF_CHECK_EQUAL(far("shell", ".read more.sql\n").code, 0);
  CAF_CHECK_EQUAL(far("query 'SELECT sum(x) AS s FROM t' -o csv").out, "s\n10\n");
}

CAF_TEST(a shell says what does not go over the wire) {
  CAF_CHECK_EQUAL(far("shell", "CREATE TABLE t (x);").code, 0);
  for (const auto* sql :
       {"BEGIN", "ATTACH 'other.db' AS o", "CREATE TEMP TABLE u (x)", "SAVEPOINT s"}) {
    const auto r = far("shell", std::string(sql) + ";\nINSERT INTO t VALUES (1);\n");
    CAF_CHECK_EQUAL(r.code, 1);
    CAF_CHECK(has(r.err, "with --connect"));
    CAF_CHECK(!has(r.err, "raw_connection"));
  }
  CAF_CHECK_EQUAL(far("query 'SELECT count(*) AS n FROM t' -o csv").out, "n\n0\n");
}

CAF_TEST(a shell that may only read writes nothing over the wire) {
  CAF_CHECK_EQUAL(far("shell", "CREATE TABLE t (x);").code, 0);
  std::ofstream(folder.path / "rows.csv") << "x\n1\n";
  for (const auto* line : {"INSERT INTO t VALUES (1);", "INSERT INTO t VALUES (1) RETURNING x;",
                           "DROP TABLE t;", "PRAGMA user_version = 7;", ".import rows.csv t"}) {
    const auto r = far("shell --read-only", std::string(line) + "\n");
    CAF_CHECK_NOT_EQUAL(r.code, 0);
    CAF_CHECK(has(r.err, "read"));
  }
  CAF_CHECK_EQUAL(far("shell --read-only -o csv", "SELECT count(*) AS n FROM t;").out, "n\n0\n");
}

CAF_TEST(what works on files refuses a served engine) {
  std::ofstream(folder.path / "mine.db") << "mine";
  for (const auto* line :
       {"restore backup.sqlite mine.db --force", "backup verify backup.sqlite", "demo --limit 1",
        "bench --tests single --operations 10", "serve mine.db"}) {
    const auto r = far(line);
    CAF_CHECK_EQUAL(r.code, 2);
    CAF_CHECK(has(r.err, "cannot be combined with --connect"));
  }
  std::string text;
  std::getline(std::ifstream(folder.path / "mine.db"), text);
  CAF_CHECK_EQUAL(text, "mine");
}

CAF_TEST(a server with TLS says what it wants) {
  CAF_REQUIRE(make_certificates(folder.path.string()));
  engine_folder other;
  server secure(other.url(), {"--tls=" + folder.path.string()});
  CAF_REQUIRE_EQUAL(secure.trouble(), "");
  const auto plain = run_line("--connect " + secure.address() + " query 'SELECT 1'");
  CAF_CHECK_EQUAL(plain.code, 6);
  CAF_CHECK(has(plain.err, "the server requires TLS"));
  const auto right = run_line("--connect " + secure.address() +
                                  " --tls-cert client.crt --tls-key client.key --tls-ca ca.crt "
                                  "query 'SELECT 7 AS x' -o csv",
                              {.folder = folder.path});
  CAF_CHECK_EQUAL(right.out, "x\n7\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
