// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests which files can be imported: formats are detected by content, unsupported ones are refused
// by name, and every record is accounted for.

#include "support/engine/engine_fixture.hpp"
#include "support/process/command_line.hpp"
#include "support/sqlite/plain_sqlite.hpp"

#include <fstream>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::string_literals;

namespace {

struct fixture {
  engine_folder folder;

  run_result in_folder(const std::string& line) const {
    return run_line(line, {.folder = folder.path});
  }

  std::string file(const char* name) const { return (folder.path / name).string(); }

  // The table after an import into a new database, an object per row; the error output if the exit
  // code is not 0.
  std::string made_of(const std::string& name, const std::string& content,
                      const std::string& options = {}) const {
    std::filesystem::remove(folder.path / "new.db");
    std::ofstream(folder.path / name, std::ios::binary) << content;
    const auto r = in_folder("import new.db " + name + " -t t " + options);
    return r.code == 0 ? rows_of("new.db") : r.err;
  }

  std::string rows_of(const std::string& database) const {
    return in_folder("query " + database + " 'SELECT * FROM t' -o jsonl").out;
  }

  std::string said_of(const std::string& database, const std::string& table,
                      const std::string& input) const {
    const auto r =
        run({"import", database, "-", "-t", table}, {.input = input, .folder = folder.path});
    return r.err;
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string wide(const std::string& text, bool big) {
  std::string out;
  for (const char c : text)
    out += big ? "\0"s + c : c + "\0"s;
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(cli_import_kinds, fixture)

CAF_TEST(rows that the table ignores are reported and not counted as imported) {
  plain_sqlite(file("i.db"))
      .script(
          "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT IGNORE, v);"
          "CREATE TRIGGER g BEFORE INSERT ON t WHEN new.v = 'b' BEGIN SELECT raise(IGNORE); END");
  for (const std::string batch : {"1", "2", "5000"}) {
    plain_sqlite(file("i.db")).script("DELETE FROM t");
    const auto r = run({"import", "i.db", "-", "-t", "t", "--batch", batch},
                       {.input = "id,v\n1,a\n2,b\n3,c\n1,again\n4,d\n", .folder = folder.path});
    CAF_CHECK_EQUAL(r.code, 0);
    CAF_CHECK(has(r.err, "standard input:3: ignored by the table: a trigger or a conflict clause\n"
                         "standard input:5: ignored by the table"));
    CAF_CHECK(has(r.err, "3 rows imported into t in "));
    CAF_CHECK(has(r.err, ", 2 rows ignored by the table"));
    CAF_CHECK_EQUAL(rows_of("i.db"),
                    "{\"id\":1,\"v\":\"a\"}\n{\"id\":3,\"v\":\"c\"}\n{\"id\":4,\"v\":\"d\"}\n");
  }
  // Tables whose rows SQLite counts differently.
  plain_sqlite(file("v.db"))
      .script("CREATE VIRTUAL TABLE t USING fts5(b); CREATE VIRTUAL TABLE r USING rtree(id, x, y);"
              "CREATE VIEW w AS SELECT b FROM t;"
              "CREATE TRIGGER g INSTEAD OF INSERT ON w BEGIN INSERT INTO t VALUES (new.b); END");
  CAF_CHECK(has(said_of("v.db", "t", "b\nhello\nworld\n"), "2 rows imported into t in"));
  CAF_CHECK(has(said_of("v.db", "w", "b\nhello\nworld\n"), "2 rows imported into w in"));
  CAF_CHECK(has(said_of("v.db", "r", "id,x,y\n1,2,3\n"), "1 row imported into r in"));
}

CAF_TEST(JSON arrays and objects over several lines are imported by their content) {
  const std::string two = "{\"a\":1,\"b\":\"x\"}\n{\"a\":2.5,\"b\":\"[1,2]\"}\n";
  const std::string array =
      "\xef\xbb\xbf [ {\"a\":1,\n \"b\":\"x\"} , {\"a\":2.5,\"b\":[1,2]}\n]\n";
  for (const char* name : {"a.json", "a.jsonl", "a"})
    CAF_CHECK_EQUAL(made_of(name, array), two);
  CAF_CHECK_EQUAL(made_of("a.txt", array, "--format json"), two);
  CAF_CHECK_EQUAL(made_of("l.json", two), two);
  CAF_CHECK_EQUAL(
      made_of("v.json", "{\n \"a\": 1,\n \"b\": \"x\"\n}\n{\n \"a\": 2.5, \"b\": \"[1,2]\" }"),
      two);
  CAF_CHECK_EQUAL(made_of("e.json", "[]"), made_of("e.json", {})); // neither names columns
  // A file named .csv is CSV, even if it begins like JSON.
  CAF_CHECK_EQUAL(made_of("b.csv", "{\"}\n1\n"), "{\"{\\\"}\":1}\n");
  // Longer than the part that is checked for the format, and all in one line.
  std::string longer = "[";
  for (int i = 0; i < 60'000; ++i)
    longer += (i == 0 ? "" : ",") + "{\"id\":"s + std::to_string(i) + ",\"name\":\"abcdefghij\"}";
  CAF_REQUIRE(longer.size() > (std::size_t{1} << 20));
  made_of("long.json", longer + "]");
  CAF_CHECK_EQUAL(in_folder("query new.db 'SELECT count(*), sum(id) FROM t' -o csv").out,
                  "count(*),sum(id)\n60000,1799970000\n");
}

CAF_TEST(a broken array is reported and so is each element that is no row) {
  const auto reason = [&](const std::string& text) {
    std::ofstream(folder.path / "x.json") << text;
    std::filesystem::remove(folder.path / "new.db");
    const auto r = in_folder("import new.db x.json -t t --on-error skip");
    CAF_CHECK_EQUAL(rows_of("new.db"), "{\"a\":1}\n");
    return r.err.substr(0, r.err.rfind('\n', r.err.size() - 2) + 1);
  };
  const auto two = reason("[{\"a\":1},\n7, [1],\n{\"a\":}]");
  CAF_CHECK(two.starts_with("x.json:2: not an object\nx.json:2: not an object\nx.json:3: column "));
  CAF_CHECK_EQUAL(reason("[{\"a\":1}\n{\"a\":2}]"),
                  "x.json:2: neither a comma nor ] after an element of the array; nothing after "
                  "it is read\n");
  CAF_CHECK_EQUAL(reason("[{\"a\":1},"),
                  "x.json:1: the array is never closed; nothing after it is read\n");
  CAF_CHECK_EQUAL(reason("[{\"a\":1},]"),
                  "x.json:1: an element of the array is missing; nothing after it is read\n");
  CAF_CHECK_EQUAL(reason("[{\"a\":1}] []"),
                  "x.json:1: text after the end of the array; nothing after it is read\n");
  CAF_CHECK(has(reason("[{\"a\":1},{\"a\":\"x"), "x.json:1: column "));
}

CAF_TEST(digits of JSON stay as they are written with types text) {
  CAF_CHECK_EQUAL(
      made_of("d.jsonl",
              "{\"a\":18446744073709551615,\"b\":3.14159265358979323846,\"c\":-0}\n"
              "{\"a\":123456789012345678901234567890,\"b\":1.10,\"c\":[1.10,-0,true]}\n",
              "--types text"),
      "{\"a\":\"18446744073709551615\",\"b\":\"3.14159265358979323846\",\"c\":\"-0\"}\n"
      "{\"a\":\"123456789012345678901234567890\",\"b\":\"1.10\",\"c\":\"[1.10,-0,true]\"}\n");
  CAF_CHECK(has(made_of("d.jsonl", "{\"a\":18446744073709551615}\n"),
                "line 1: the integer 18446744073709551615 does not fit 64 bits"));
}

CAF_TEST(what cannot be read is refused by name and makes no table) {
  const std::pair<std::string, std::string> cases[] = {
      {"\xff\xfe" + wide("id,name\n1,Ada\n", false), "text in UTF-16"},
      {"\xfe\xff" + wide("id,name\n1,Ada\n", true), "text in UTF-16"},
      {wide("id,name\n1,Ada\n", false), "UTF-16LE"},
      {wide("id,name\n1,Ada\n", true), "UTF-16BE"},
      {"\xff\xfe\0\0i\0\0\0"s, "UTF-32"},
      {"\x1f\x8b\x08\0rest"s, "compressed by gzip"},
      {"\x28\xb5\x2f\xfdrest"s, "compressed by zstd"},
      {"PK\x03\x04rest"s, "a ZIP archive"},
      {"SQLite format 3\0rest"s, "an SQLite database"},
  };
  for (const auto& [content, name] : cases) {
    const auto said = made_of("x.csv", content);
    CAF_CHECK(has(said, "the input is ") && has(said, name));
    CAF_CHECK(!std::filesystem::exists(folder.path / "new.db"));
  }
  // Latin-1 is detected line by line.
  CAF_CHECK(has(made_of("l.csv", "id,name\n1,Ada\n2,caf\xe9\n"),
                "l.csv:3: field 2 is not UTF-8: convert the file; if it is Latin-1, with iconv"));
  CAF_CHECK(
      has(made_of("l.csv", "id,caf\xe9\n1,Ada\n"), "line 1 (the header): field 2 is not UTF-8"));
  CAF_CHECK(
      has(made_of("z.csv", "id,a\0b\n1,x\n"s), "line 1 (the header): a zero byte in field 2"));
}

CAF_TEST(text that is not UTF - 8 survives CSV in hexadecimal digits) {
  plain_sqlite(file("from.db"))
      .script("CREATE TABLE t (a); INSERT INTO t VALUES (CAST(x'ff00' AS TEXT)), ('t''ff''')");
  CAF_CHECK_EQUAL(in_folder("export from.db -t t t.csv").code, 0);
  CAF_CHECK_EQUAL(content_of(folder.path / "t.csv"), "a\nt'ff00'\n\"t'ff'\"\n");
  CAF_CHECK_EQUAL(in_folder("import to.db t.csv -t t").code, 0);
  CAF_CHECK_EQUAL(rows_of("to.db"), "{\"a\":{\"$text\":\"/wA=\"}}\n{\"a\":\"t'ff'\"}\n");
}

CAF_TEST(lines that end with CR alone) {
  CAF_CHECK_EQUAL(made_of("c.csv", "id,name\r1,Ada\r2,\"x\ny\"\r"),
                  "{\"id\":1,\"name\":\"Ada\"}\n{\"id\":2,\"name\":\"x\\ny\"}\n");
  CAF_CHECK(has(made_of("c.csv", "id,name\r1,Ada\r2\r"), "c.csv:3: 1 field instead of 2"));
  // A single LF ends a line, and a CR is text.
  CAF_CHECK_EQUAL(made_of("c.csv", "id,name\n1,A\rB\n"), "{\"id\":1,\"name\":\"A\\rB\"}\n");
}

CAF_TEST(the separator of the first line) {
  const std::string row = "{\"a\":1,\"b\":2.5}\n";
  CAF_CHECK_EQUAL(made_of("s.csv", "sep=;\r\na;b\r\n1;2.5\r\n"), row);
  CAF_CHECK_EQUAL(made_of("s.csv", "\xef\xbb\xbf\"sep=\t\"\na\tb\n1\t2.5\n"), row);
  CAF_CHECK_EQUAL(made_of("s.csv", "sep=;\na;b\n1;2.5\n", "--separator ;"), row);
  CAF_CHECK_EQUAL(made_of("s.csv", "sep=;\n1\n", "--separator ,"), "{\"sep=;\":1}\n");
  CAF_CHECK(has(made_of("s.csv", "sep=;\na;b\n1\n"), "s.csv:3: 1 field instead of 2"));
}

CAF_TEST(guessed types change no number and no name) {
  CAF_CHECK_EQUAL(made_of("n.csv", "a,b\n24,557e90\n1.5,314659\n"),
                  "{\"a\":24,\"b\":\"557e90\"}\n{\"a\":1.5,\"b\":\"314659\"}\n");
  CAF_CHECK_EQUAL(made_of("n.csv", "a,b,c\n1e+300,1.5e3,1e-7\n"),
                  "{\"a\":1e+300,\"b\":1500.0,\"c\":1e-07}\n");
  CAF_CHECK_EQUAL(made_of("n.jsonl", "{\"a\":24}\n{\"a\":24.0}\n{\"a\":1e5}\n"),
                  "{\"a\":24}\n{\"a\":24.0}\n{\"a\":1e+05}\n");
}

CAF_TEST(columns without a name get one of their own) {
  CAF_CHECK_EQUAL(made_of("h.csv", ",,column_1\n1,2,3\n"),
                  "{\"column_1_2\":1,\"column_2\":2,\"column_1\":3}\n");
  CAF_CHECK_EQUAL(in_folder("import new.db h.csv -t t").code, 0);
  plain_sqlite(file("e.db")).script("CREATE TABLE t (\"\", a); INSERT INTO t VALUES (1, 2)");
  CAF_CHECK_EQUAL(in_folder("export e.db -t t e.csv").code, 0);
  CAF_CHECK_EQUAL(in_folder("import e.db e.csv -t t").code, 0);
  CAF_CHECK_EQUAL(rows_of("e.db"), "{\"\":1,\"a\":2}\n{\"\":1,\"a\":2}\n");
}

CAF_TEST(a zero byte in a key is one bad record and a lone one is reported) {
  CAF_CHECK_EQUAL(made_of("k.jsonl", "{\"a\\u0000b\":1}\n{\"c\":2}\n", "--on-error skip"),
                  "{\"c\":2}\n");
  CAF_CHECK(
      has(made_of("k.jsonl", "{\"a\\u0000b\":1}\n"),
          "line 1: a zero byte in the key \"a\\u0000b\"; the input does not name any columns"));
  CAF_CHECK(has(made_of("k.csv", "\"x\n", "--no-header"),
                "line 1: the quote opened in line 1 is never closed; the input does not name"));
  CAF_CHECK(has(made_of("k.jsonl", "{\"a\":\"" + std::string(2'000'000, 'x') + "\"}\n"),
                "the first record is too long to determine the columns: create table 't' first"));
}

CAF_TEST(empty fields are null or text as is wanted) {
  const std::string text = "a,b\n1,\n,\"\"\n";
  CAF_CHECK_EQUAL(made_of("m.csv", text), "{\"a\":1,\"b\":null}\n{\"a\":null,\"b\":\"\"}\n");
  CAF_CHECK_EQUAL(made_of("m.csv", text, "--empty text"),
                  "{\"a\":\"1\",\"b\":\"\"}\n{\"a\":\"\",\"b\":\"\"}\n");
  plain_sqlite(file("m.db")).script("CREATE TABLE t (a, b TEXT NOT NULL)");
  std::ofstream(folder.path / "m.csv") << "a,b\n1,\n";
  CAF_CHECK_EQUAL(in_folder("import m.db m.csv -t t").code, 1);
  CAF_CHECK_EQUAL(in_folder("import m.db m.csv -t t --empty text").code, 0);
  CAF_CHECK_EQUAL(rows_of("m.db"), "{\"a\":1,\"b\":\"\"}\n");
}

CAF_TEST(a table without rows is made again by what is exported) {
  plain_sqlite(file("n.db")).script("CREATE TABLE t (id INTEGER, \"a \"\"b\")");
  for (const std::string name : {"n.csv", "n.json", "n.jsonl"}) {
    std::filesystem::remove(folder.path / "to.db");
    CAF_CHECK_EQUAL(in_folder("export n.db -t t " + name).code, 0);
    CAF_CHECK_EQUAL(in_folder("import to.db " + name + " -t t").code, 0);
    CAF_CHECK_EQUAL(
        in_folder("query to.db 'SELECT name FROM pragma_table_info(\"t\")' -o jsonl").out,
        "{\"name\":\"id\"}\n{\"name\":\"a \\\"b\"}\n");
    CAF_CHECK_EQUAL(rows_of("to.db"), std::string());
    const auto again = in_folder("import to.db " + name + " -t t"); // into an existing table
    CAF_CHECK_EQUAL(again.code, 0);
    CAF_CHECK(has(again.err, "0 rows imported"));
  }
  CAF_CHECK_EQUAL(content_of(folder.path / "n.jsonl"), "{\"$columns\":[\"id\",\"a \\\"b\"]}\n");
  // The output of a query without rows stays empty.
  CAF_CHECK_EQUAL(in_folder("query n.db 'SELECT * FROM t' -o jsonl").out, std::string());
  // With rows there is no such record, and a column may have that name.
  CAF_CHECK_EQUAL(made_of("c.jsonl", "{\"$columns\":\"[1]\"}\n{\"$columns\":[\"x\"]}\n"),
                  "{\"$columns\":\"[1]\"}\n{\"$columns\":\"[\\\"x\\\"]\"}\n");
}

CAF_TEST_FIXTURE_SCOPE_END()
