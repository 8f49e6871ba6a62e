// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the commands: query, script, schema, check, vacuum, stats, config, demo.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/process/program.hpp"

#include <csignal>

#include <nlohmann/json.hpp>

#include "support/test.hpp"

using namespace dbengine::test;

namespace {

struct fixture {
  engine_folder folder;

  fixture() {
    good(
        {"script", "app.db", "-"},
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT); CREATE INDEX by_name ON users "
        "(name); CREATE VIEW names AS SELECT name FROM users; CREATE TABLE other (u REFERENCES users "
        "(id)); INSERT INTO users (name) VALUES ('Ada'), ('Bob');");
  }

  run_result go(const std::vector<std::string>& words, const std::string& input = {}) const {
    return run(words, {.input = input, .folder = folder.path});
  }
  std::string good(const std::vector<std::string>& words, const std::string& input = {}) const {
    const auto r = go(words, input);
    CAF_CHECK_EQUAL(std::to_string(r.code) + " " + words[0] + (r.code == 0 ? "" : r.err),
                    "0 " + words[0]);
    return r.out;
  }
  std::string csv(const std::string& sql, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"query", "app.db", sql, "-o", "csv"};
    words.insert(words.end(), more.begin(), more.end());
    return good(words);
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_commands, fixture)

CAF_TEST(stats are shown again and again as JSON until an interrupt) {
  program watch({"stats", (folder.path / "app.db").string(), "--watch", "100ms", "-o", "json"});
  const auto documents = [&] {
    std::size_t n = 0;
    const auto out = watch.out();
    for (auto at = out.find("\n}\n"); at != std::string::npos; at = out.find("\n}\n", at + 1))
      ++n;
    return n;
  };
  CAF_CHECK(dbengine::test::wait_until([&] { return documents() >= 2; }));
  watch.signal(SIGINT);
  CAF_CHECK_EQUAL(watch.wait(), 0);
  const auto out = watch.out();
  const auto first = out.substr(0, out.find("\n}\n") + 3);
  CAF_CHECK(nlohmann::json::parse(first, nullptr, false).contains("statistics"));
}

CAF_TEST(CSV of another shape is imported when its shape is given) {
  good({"import", "app.db", "-", "-t", "shape", "--separator", ";", "--no-header"},
       "1;a,b\n2;\"x;y\"\n");
  CAF_CHECK_EQUAL(csv("SELECT * FROM shape"), "column_1,column_2\n1,\"a,b\"\n2,x;y\n");
  for (const char* separator : {"", ";;", "\"", "\n"}) {
    const auto r = go({"import", "app.db", "-", "-t", "no", "--separator", separator}, "1\n");
    CAF_CHECK_EQUAL(r.code, 2);
  }
}

CAF_TEST(a statement is read or written by what it is) {
  good({"query", "app.db", "PRAGMA user_version(7)"});
  CAF_CHECK_EQUAL(csv("PRAGMA main.user_version"), "user_version\n7\n");
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n FROM pragma_table_info('users')"), "n\n2\n");
  CAF_CHECK(has(csv("PRAGMA table_info(users)"), "0,id,INTEGER"));
  CAF_CHECK(has(csv("PRAGMA main . foreign_key_list ( other )"), "users"));
  good({"query", "app.db", "WITH x AS (SELECT 9 AS i) REPLACE INTO users SELECT i, 'Eve' FROM x"});
  CAF_CHECK_EQUAL(
      csv("WITH x AS (SELECT 9 AS i) SELECT replace(name, 'E', 'A') AS n FROM users JOIN x "
          "ON id = i"),
      "n\nAve\n");
  for (const char* name : {":update", "@delete", "$insert"})
    CAF_CHECK_EQUAL(csv(std::string("WITH x AS (SELECT ") + name + " AS n) SELECT n FROM x",
                        {"-p", std::string(name + 1) + ":=1"}),
                    "n\n1\n");
}

CAF_TEST(parameters are bound by name and by number and as JSON) {
  CAF_CHECK_EQUAL(csv("SELECT id FROM users WHERE name = :n", {"-p", "n=Bob"}), "id\n2\n");
  CAF_CHECK_EQUAL(csv("SELECT typeof(:a) AS a, typeof(@b) AS b, typeof($c) AS c, :d AS d",
                      {"-p", "a=1", "-p", "b:=1", "-p", "c:=null", "--param", "d=x=y"}),
                  "a,b,c,d\ntext,integer,null,x=y\n");
  CAF_CHECK_EQUAL(
      csv("SELECT ? + ?2 AS s, typeof(?3) AS t", {"-p", "2:=2", "-p", "1:=40", "-p", "3:=1.5"}),
      "s,t\n42,real\n");
  CAF_CHECK_EQUAL(csv("SELECT :j AS j", {"-p", "j:={\"a\": [1, 2]}"}),
                  "j\n\"{\"\"a\"\":[1,2]}\"\n");
  CAF_CHECK_EQUAL(csv("SELECT hex(:b) AS h", {"-p", "b:={\"$blob\": \"AP8=\"}"}), "h\n00FF\n");
  // A parameter is never pasted into the text.
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n FROM users WHERE name = :n", {"-p", "n=' OR 1=1 --"}),
                  "n\n0\n");
  const auto missing = go({"query", "app.db", "SELECT :name", "-p", "nme=1"});
  CAF_CHECK_EQUAL(missing.code, 1);
  CAF_CHECK(has(missing.err, ":name"));
}

CAF_TEST(a statement from standard input and one that writes and returns) {
  CAF_CHECK_EQUAL(
      good({"query", "app.db", "-", "-o", "csv"}, "\xef\xbb\xbf-- two\nSELECT 2 AS n;\n"),
      "n\n2\n");
  CAF_CHECK_EQUAL(csv("INSERT INTO users (name) VALUES ('Eve') RETURNING id, name"),
                  "id,name\n3,Eve\n");
  good({"query", "app.db", "PRAGMA user_version = 7"});
  CAF_CHECK_EQUAL(csv("PRAGMA user_version"), "user_version\n7\n");
  const auto changed = go({"query", "app.db", "UPDATE users SET name = upper(name)"});
  CAF_CHECK(changed.err.starts_with("3 rows changed in "));
}

CAF_TEST(reading makes no file and changes none) {
  CAF_CHECK_EQUAL(go({"query", "none.db", "SELECT 1"}).code, 1);
  CAF_CHECK_EQUAL(go({"query", "sqlite:///none.db", "SELECT 1"}).code, 1);
  CAF_CHECK(!std::filesystem::exists(folder.path / "none.db"));
  CAF_CHECK_EQUAL(good({"query", ":memory:", "SELECT 1 AS a", "-o", "csv"}), "a\n1\n");
  good({"query", "new.db", "CREATE TABLE t (a)"});
  if (!has_program("sqlite3"))
    DBENGINE_SKIP("no sqlite3 here");
  const auto file = folder.path / "plain.db";
  run({file.string(), "CREATE TABLE t (a); INSERT INTO t VALUES (1)"},
      {.program = "/usr/bin/sqlite3"});
  const auto before = content_of(file);
  CAF_CHECK_EQUAL(good({"query", "plain.db", "SELECT a FROM t", "-o", "csv"}), "a\n1\n");
  good({"check", "plain.db"});
  good({"schema", "plain.db"});
  good({"dump", "plain.db"});
  good({"stats", "plain.db"});
  good({"export", "plain.db", "-t", "t", "-"});
  CAF_CHECK(content_of(file) == before);
}

CAF_TEST(a script is all or nothing or goes on) {
  const std::string sql = "INSERT INTO users (name) VALUES ('Eve');\nINSERT INTO nope VALUES (1);\n"
                          "SELECT count(*) AS n FROM users;\n";
  const auto whole = go({"script", "app.db", "-", "-o", "csv"}, sql);
  CAF_CHECK_EQUAL(whole.code, 1);
  CAF_CHECK_EQUAL(whole.out, "");
  CAF_CHECK(has(whole.err, "no such table: nope"));
  CAF_CHECK(has(whole.err, "  line 2: INSERT INTO nope VALUES (1);\n                      ^\n"));
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n FROM users"), "n\n2\n");
  const auto on = go({"script", "app.db", "-", "-o", "csv", "--continue"}, sql);
  CAF_CHECK_EQUAL(on.code, 1);
  CAF_CHECK_EQUAL(on.out, "n\n3\n");
  CAF_CHECK(has(on.err, "  line 2: "));
  CAF_CHECK(has(on.err, "3 statements, 1 failed\n"));
}

CAF_TEST(a script with transactions of its own) {
  const auto r = go({"script", "app.db", "-", "-o", "jsonl"},
                    "BEGIN; DELETE FROM users; SELECT count(*) AS n FROM users; ROLLBACK; "
                    "SELECT count(*) AS n FROM users;");
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK_EQUAL(r.out, "{\"n\":0}\n{\"n\":2}\n");
  CAF_CHECK_EQUAL(r.err, "5 statements\n");
  const auto open = go({"script", "app.db", "-"}, "BEGIN; DELETE FROM users;");
  CAF_CHECK_EQUAL(open.code, 1);
  CAF_CHECK(has(open.err, "leaves a transaction open"));
  CAF_CHECK_EQUAL(csv("SELECT count(*) AS n FROM users"), "n\n2\n");
}

CAF_TEST(a schema as a whole and of one table) {
  const auto all = good({"schema", "app.db"});
  CAF_CHECK(has(all, "CREATE TABLE users ("));
  CAF_CHECK(has(all, "CREATE VIEW names"));
  CAF_CHECK_EQUAL(good({"schema", "app.db", "USERS"}),
                  "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n"
                  "CREATE INDEX by_name ON users (name);\n");
  const auto wrong = go({"schema", "app.db", "user"});
  CAF_CHECK_EQUAL(wrong.code, 1);
  CAF_CHECK_EQUAL(wrong.err, "error: there is no table 'user'; did you mean 'users'?\n");
  good({"script", "copy.db", "-"}, all);
  CAF_CHECK_EQUAL(good({"schema", "copy.db"}), all);
}

CAF_TEST(a quick check leaves references out) {
  CAF_CHECK_EQUAL(good({"check", "app.db"}), "ok\n");
  good({"script", "app.db", "-"},
       "PRAGMA foreign_keys = OFF; BEGIN; INSERT INTO other VALUES (9); COMMIT;");
  CAF_CHECK_EQUAL(good({"check", "--quick", "app.db"}), "ok\n");
  CAF_CHECK_EQUAL(go({"check", "app.db"}).code, 7);
}

CAF_TEST(vacuum gives space back) {
  good({"query", "app.db", "CREATE TABLE fat AS SELECT randomblob(2000000) AS b"});
  good({"query", "app.db", "DROP TABLE fat"});
  CAF_REQUIRE(std::filesystem::file_size(folder.path / "app.db") > 1'000'000);
  good({"vacuum", "app.db"});
  CAF_CHECK(std::filesystem::file_size(folder.path / "app.db") < 100'000);
}

CAF_TEST(statistics as a table and as JSON and watched) {
  CAF_CHECK(has(good({"stats", "app.db"}), "│ health"));
  const auto all = nlohmann::json::parse(good({"stats", "app.db", "-o", "json"}));
  CAF_CHECK_EQUAL(all["database"]["journal_mode"], "wal");
  CAF_CHECK_EQUAL(all["health"]["ok"], true);
  CAF_CHECK_EQUAL(all["statistics"]["errors"], 0);
  for (const char* key : {"requests", "errors", "backups", "queue_size", "backup_enabled",
                          "backup_interval", "last_backup_time", "backup_dir", "classes"})
    CAF_CHECK(all["statistics"].contains(key));
  // Ctrl-C is the normal end of watching, not a failure.
  std::size_t shown = 0;
  const auto watched =
      run({"stats", "app.db", "--watch", "100ms"}, {.folder = folder.path,
                                                    .signal = SIGINT,
                                                    .ready = [&](pid_t) { return ++shown > 15; },
                                                    .columns = 90});
  CAF_CHECK_EQUAL(watched.code, 0);
  CAF_CHECK(watched.out.find("health", watched.out.find("health") + 1) != std::string::npos);
}

CAF_TEST(a configuration is shown and checked and used) {
  const auto shown = good({"config", "show"});
  write_text(folder.path / "all.toml", shown);
  CAF_CHECK_EQUAL(good({"-c", "all.toml", "config", "show"}), shown);
  const auto checked = go({"config", "check", "all.toml"});
  CAF_CHECK_EQUAL(checked.code, 0);
  CAF_CHECK_EQUAL(checked.err, "all.toml: ok\n");
  write_text(
      folder.path / "mine.toml",
      "[engine]\nforeign_keys = false\nsynchronous = \"full\"\n[output]\nformat = \"jsonl\"\n");
  CAF_CHECK_EQUAL(good({"-c", "mine.toml", "query", "app.db", "SELECT 1 AS a"}), "{\"a\":1}\n");
  CAF_CHECK_EQUAL(good({"-c", "mine.toml", "query", "app.db", "SELECT 1 AS a", "-o", "csv"}),
                  "a\n1\n");
  CAF_CHECK_EQUAL(good({"-c", "mine.toml", "query", "app.db", "PRAGMA foreign_keys"}),
                  "{\"foreign_keys\":0}\n");
}

CAF_TEST(the demonstration agrees on a small index) {
  std::string index;
  for (int i = 0; i < 60; ++i) {
    const auto n = std::to_string(i);
    index += "Package: p" + n + "\nVersion: 1." + n + "\nInstalled-Size: " + n +
             "\nMaintainer: M <m@example.org>\nArchitecture: all\nSection: s" +
             std::to_string(i % 3) + "\nPriority: optional\nFilename: pool/p" + n +
             ".deb\nSize: 1" + n + "\nDepends: p" + std::to_string(i / 2) +
             ", libc6 (>= 2.1)\nDescription: the package " + n + "\n more\n\n";
  }
  write_text(folder.path / "index", index);
  const auto r = go({"demo", "--input", "index", "--database", "demo.db"});
  CAF_CHECK_EQUAL(r.code, 0);
  CAF_CHECK(has(r.out, "all answers agree"));
  CAF_CHECK_EQUAL(go({"demo", "--input", "none"}).code, 1);
  CAF_CHECK_EQUAL(go({"demo", "--input", "."}).err, "error: cannot open .: Is a directory\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
