// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of imports of odd files: every row is in the table or reported with its line.

#include "system/cli/import_outcome.hpp"

#include "cli/exit_code.hpp"

#include "support/test.hpp"

using namespace dbengine;
using namespace dbengine::test;
using app::import_format;
using app::import_settings;

namespace {

import_outcome csv(const std::string& text, import_settings s = {}) {
  const db_engine db("sqlite://");
  auto o = load(db, text, s);
  // The same in pieces of one byte: the result does not depend on where a piece ends.
  const db_engine again("sqlite://");
  const auto pieces = load(again, text, s, 1);
  CAF_CHECK_EQUAL(pieces.rows, o.rows);
  CAF_CHECK_EQUAL(pieces.bad, o.bad);
  return o;
}

import_outcome jsonl(const std::string& text, import_settings s = {}) {
  s.format = import_format::jsonl;
  return csv(text, s);
}

using list = std::vector<std::string>;

const import_settings skipping{.skip_bad = true};

} // namespace

CAF_TEST(a file of RFC 4180 with all it allows) {
  const auto o = csv("\xef\xbb\xbfid,name,\"no\"\"te\"\r\n"
                     "1,Ada,plain\r\n"
                     "2,\"x \"\"y\"\", z\",\"two\r\nlines\"\r\n"
                     "3,\"\",\r\n"
                     "4, spaces kept ,last");
  CAF_CHECK_EQUAL(o.schema,
                  "CREATE TABLE \"t\" (\"id\" INTEGER, \"name\" TEXT, \"no\"\"te\" TEXT)");
  CAF_CHECK_EQUAL(o.rows, (list{"1|'Ada'|'plain'", "2|'x \"y\", z'|'two\r\nlines'", "3|''|NULL",
                                "4|' spaces kept '|'last'"}));
  CAF_CHECK_EQUAL(o.bad, list{});
  CAF_CHECK_EQUAL(o.result.records, 4u);
}

CAF_TEST(a byte order mark before a quoted name and half of one) {
  CAF_CHECK_EQUAL(csv("\xef\xbb\xbf\"a\",b\n1,2\n").schema,
                  "CREATE TABLE \"t\" (\"a\" INTEGER, \"b\" INTEGER)");
  CAF_CHECK_EQUAL(csv("a,b\n\xef\xbb,2\n", skipping).bad.size(), 1u);
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (a, b)");
  CAF_CHECK_EQUAL(load(db, "\xef\xbb,2\n1,2\n", {.header = false, .skip_bad = true}, 1).rows,
                  (list{"1|2"}));
}

CAF_TEST(a lone CR is text and blank lines are none) {
  const auto o = csv("a,b\n\n1,x\ry\n\r\n2,\"\r\"\n\n");
  CAF_CHECK_EQUAL(o.rows, (list{"1|'x\ry'", "2|'\r'"}));
  CAF_CHECK_EQUAL(o.result.records, 2u);
  CAF_CHECK_EQUAL(csv("a\n1\n\n3\n").rows,
                  (list{"1", "NULL", "3"})); // in a single column, a blank line is NULL
}

CAF_TEST(ragged rows are reported with their line) {
  const auto o = csv("a,b,c\n1,2,3\n1,2\n\"x\ny\",2,3\n1,2,3,4\n7,8,9\n", skipping);
  CAF_CHECK_EQUAL(o.bad, (list{"3: 2 fields instead of 3", "6: 4 fields instead of 3"}));
  CAF_CHECK_EQUAL(o.rows, (list{"'1'|2|3", "'x\ny'|2|3", "'7'|8|9"}));
  CAF_CHECK_EQUAL(o.result.records, 5u);
  CAF_CHECK_EQUAL(o.result.bad, 2u);
}

CAF_TEST(stopping keeps what stands before the bad row) {
  const auto o = csv("a,b\n1,2\n3,4\n5\n6,7\n");
  CAF_CHECK_EQUAL(o.rows, (list{"1|2", "3|4"}));
  CAF_CHECK_EQUAL(o.bad, (list{"4: 1 field instead of 2"}));
  CAF_CHECK(o.result.stopped);
}

CAF_TEST(broken quotes are reported and all else is read) {
  const auto o = csv("a,b\n\"x\"y,1\n2,3\n\"never closed,4\n5,6\n", skipping);
  CAF_CHECK_EQUAL(o.rows, (list{"2|3"}));
  CAF_CHECK_EQUAL(o.bad, (list{"2: text after the closing quote of field 1",
                               "4: the quote opened in line 4 is never closed"}));
  // A quote inside an unquoted field is a character.
  CAF_CHECK_EQUAL(csv("a,b\n5\" disk,x\n").rows, (list{"'5\" disk'|'x'"}));
}

CAF_TEST(zero bytes arrive as they are) {
  using namespace std::string_literals;
  const auto o = csv("a,b\nx\0y,\"\0\"\n"s);
  CAF_CHECK_EQUAL(o.rows, (list{"'x\0y'|'\0'"s}));
}

CAF_TEST(types are guessed only where nothing is lost) {
  const auto o = csv("i,r,zeros,plus,inf,big,hex,date,zero,blob\n"
                     "1,1.5,007,+1,1e999,12345678901234567890,0x10,2024-01-02,-0,x'00ff'\n"
                     "-9223372036854775808,1e-5,0,2,3,9223372036854775807,1,2024-12-31,0,x''\n");
  CAF_CHECK_EQUAL(o.schema,
                  "CREATE TABLE \"t\" (\"i\" INTEGER, \"r\" REAL, \"zeros\" TEXT, \"plus\" TEXT, "
                  "\"inf\" TEXT, \"big\" TEXT, \"hex\" TEXT, \"date\" TEXT, \"zero\" TEXT, "
                  "\"blob\" BLOB)");
  CAF_CHECK_EQUAL(
      o.rows,
      (list{"1|r1.500000|'007'|'+1'|'1e999'|'12345678901234567890'|'0x10'|'2024-01-02'|'-0'|b2",
            "-9223372036854775808|r0.000010|'0'|'2'|'3'|'9223372036854775807'|'1'|'2024-12-31'|'0'|"
            "b0"}));
  // As many digits as a double holds; zeros at the ends do not count.
  CAF_CHECK_EQUAL(csv("a,b\n16143672589819254.0,0.00012345678901234567\n").rows,
                  (list{"r16143672589819254.000000|r0.000123"}));
  CAF_CHECK_EQUAL(csv("a,b\n1,x'0'\n", {.guess_types = false}).rows, (list{"'1'|'x'0''"}));
}

CAF_TEST(an empty field is null and an empty one in quotes is text however types are chosen) {
  const std::string text = "id,a,b\n1,,\"\"\n2,\"\",\n";
  CAF_CHECK_EQUAL(csv(text).rows, (list{"1|NULL|''", "2|''|NULL"}));
  CAF_CHECK_EQUAL(csv(text, {.guess_types = false}).rows, (list{"'1'|NULL|''", "'2'|''|NULL"}));
  CAF_CHECK_EQUAL(csv("a\nx\n\n\"\"\n", {.guess_types = false}).rows, (list{"'x'", "NULL", "''"}));
  // As in JSON lines, where null stays NULL and an empty text stays a text.
  CAF_CHECK_EQUAL(
      csv("{\"a\":null}\n{\"a\":\"\"}\n", {.format = import_format::jsonl, .guess_types = false})
          .rows,
      (list{"NULL", "''"}));
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL)");
  const auto o = load(db, "id,n\n1,\n2,\"\"\n", {.guess_types = false, .skip_bad = true});
  CAF_CHECK_EQUAL(o.rows, (list{"2|''"}));
  CAF_CHECK_EQUAL(o.bad, (list{"2: NOT NULL constraint failed: t.n"}));
}

CAF_TEST(a real has the digits of its text or is none) {
  const auto o =
      csv("long,short,all,zeros,tiny\n12345678901234.567,0.1,0.10000000000000001,1.10,4.94e-324\n");
  CAF_CHECK_EQUAL(o.schema, "CREATE TABLE \"t\" (\"long\" TEXT, \"short\" REAL, \"all\" REAL, "
                            "\"zeros\" REAL, \"tiny\" TEXT)");
  CAF_CHECK_EQUAL(o.rows[0].substr(0, 21), "'12345678901234.567'|");
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (r REAL)");
  CAF_CHECK_EQUAL(load(db, "r\n12345678901234.567\n0.10000000000000001\n", skipping).bad,
                  (list{"2: '12345678901234.567' would lose digits in column 'r'"}));
  const auto json = jsonl("{\"a\":0.30000000000000004}\n{\"a\":12345678901234.567}\n", skipping);
  CAF_CHECK_EQUAL(json.rows.size(), 1u);
  CAF_CHECK_EQUAL(json.bad, (list{"2: the number 12345678901234.567 would lose digits"}));
}

CAF_TEST(what a guessed type would change is a bad row) {
  std::string text = "n,r\n";
  for (int i = 0; i < 2000; ++i)
    text += "1,1.5\n";
  const auto o = csv(text + "007,1\n8,0.12345678901234567890\n2,9007199254740993\n"
                            "N/A,n/a\n12345678901234567890,1\n\" 5 \",1\n",
                     skipping);
  CAF_CHECK_EQUAL(o.bad,
                  (list{"2002: '007' is text and would become a number in column 'n'",
                        "2003: '0.12345678901234567890' is text and would become a number in "
                        "column 'r'",
                        "2004: 9007199254740993 would lose digits in column 'r'",
                        "2006: '12345678901234567890' is text and would become a number in column "
                        "'n'",
                        "2007: ' 5 ' is text and would become a number in column 'n'"}));
  CAF_CHECK_EQUAL(o.rows.back(), "'N/A'|'n/a'");
  CAF_CHECK_EQUAL(o.result.records, 2006u);
  CAF_CHECK_EQUAL(o.rows.size(), 2001u);
}

CAF_TEST(a table with types of its own converts and loses nothing) {
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (i INTEGER, r REAL, n NUMERIC, s TEXT)");
  const auto o = load(db,
                      "i,r,n,s\n007, 2.5 ,\"+3\",0.10\n\"1e3\",1,x,1e5\n"
                      "12345678901234567890,1,1,1\n1,9007199254740993,1,1\n1,1e999,1,1\n",
                      skipping);
  CAF_CHECK_EQUAL(o.rows, (list{"7|r2.500000|3|'0.10'", "1000|r1.000000|'x'|'1e5'"}));
  CAF_CHECK_EQUAL(o.bad, (list{"4: '12345678901234567890' would lose digits in column 'i'",
                               "5: 9007199254740993 would lose digits in column 'r'",
                               "6: '1e999' would lose digits in column 'r'"}));
}

CAF_TEST(headers that cannot be) {
  const auto refuses = [](const std::string& text, const std::string& why) {
    const db_engine db("sqlite://");
    try {
      load(db, text, {});
      CAF_ERROR("nothing was said about: " << text);
    } catch (const app::data_error& e) {
      CAF_CHECK_EQUAL(std::string(e.what()), why);
    }
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM sqlite_schema"), 0);
  };
  refuses("a,b,A\n1,2,3\n", "two columns are called 'A'");
  refuses("", "the input does not name any columns: create table 't' first");
  refuses("\"a,b\n1,2\n", "line 1 (the header): the quote opened in line 1 is never closed");
  refuses("\"a\"x,b\n1,2\n", "line 1 (the header): text after the closing quote of field 1");
  CAF_CHECK_EQUAL(csv("a,,c\n1,2,3\n").schema,
                  "CREATE TABLE \"t\" (\"a\" INTEGER, \"column_2\" INTEGER, \"c\" INTEGER)");
  const auto only = csv("a,b\n");
  CAF_CHECK_EQUAL(only.rows, list{});
  CAF_CHECK_EQUAL(only.result.records, 0u);
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (name TEXT, n INTEGER GENERATED ALWAYS AS (1))");
  try {
    load(db, "nme\nx\n", {});
    CAF_ERROR("a column that does not exist was taken");
  } catch (const app::data_error& e) {
    CAF_CHECK_EQUAL(std::string(e.what()),
                    "line 1 (the header): table 't' has no column 'nme'; did you mean 'name'?");
  }
  CAF_CHECK_EQUAL(csv("1,2\n3,4\n", {.header = false}).rows, (list{"1|2", "3|4"}));
}

CAF_TEST(a field of many megabytes) {
  const std::string large(20'000'000, 'x');
  const db_engine db("sqlite://");
  const auto o = load(db, "a,b\n1,\"" + large + "\"\n2,y\n", {});
  CAF_CHECK_EQUAL(o.result.imported, 2u);
  CAF_CHECK_EQUAL(db.fetch_value<std::int64_t>("SELECT length(b) FROM t WHERE a = 1"), 20'000'000);
}

CAF_TEST(rows that the table refuses are found one by one) {
  for (const std::size_t batch : {std::size_t{1}, std::size_t{3}, std::size_t{5000}}) {
    const db_engine db("sqlite://");
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT NOT NULL CHECK (n <> 'bad'))");
    const auto o = load(db, "id,n\n1,a\n2,bad\n3,c\n1,again\nx,e\n6,\n7,g\n",
                        {.batch = batch, .skip_bad = true});
    CAF_CHECK_EQUAL(o.rows, (list{"1|'a'", "3|'c'", "7|'g'"}));
    CAF_REQUIRE_EQUAL(o.bad.size(), 4u);
    CAF_CHECK_EQUAL(o.bad[0], "3: CHECK constraint failed: n <> 'bad'");
    CAF_CHECK_EQUAL(o.bad[1], "5: UNIQUE constraint failed: t.id");
    CAF_CHECK(o.bad[2].starts_with("6: "));
    CAF_CHECK_EQUAL(o.bad[3], "7: NOT NULL constraint failed: t.n");
    CAF_CHECK_EQUAL(o.result.records, o.result.imported + o.result.bad);
  }
}

CAF_TEST(JSON lines with all they allow) {
  const auto o = jsonl("\xef\xbb\xbf{\"a\":1,\"b\":\"x\"}\r\n"
                       "\n"
                       "  {\"b\":[1,{\"c\":12345678901234567890123,\"d\":\"\\\"\"}],\"a\":true}\n"
                       "{\"c\":null}\n"
                       "{\"a\":-1.5e300,\"b\":{\"$blob\":\"AP8=\"},\"c\":{\"$real\":\"-Inf\"}}\n"
                       "{\"b\":\"\\ud83c\\udf89\\u0000\"}\n"
                       "{}");
  using namespace std::string_literals;
  CAF_CHECK_EQUAL(o.bad, list{});
  CAF_REQUIRE_EQUAL(o.rows.size(), 6u);
  CAF_CHECK_EQUAL(o.rows[0], "1|'x'|NULL");
  CAF_CHECK_EQUAL(o.rows[1], "1|'[1,{\"c\":12345678901234567890123,\"d\":\"\\\"\"}]'|NULL");
  CAF_CHECK_EQUAL(o.rows[2], "NULL|NULL|NULL");
  CAF_CHECK(o.rows[3].find("|b2|r-inf") != std::string::npos);
  CAF_CHECK_EQUAL(o.rows[4], "NULL|'\xf0\x9f\x8e\x89\0'|NULL"s);
  CAF_CHECK_EQUAL(o.rows[5], "NULL|NULL|NULL");
  CAF_CHECK_EQUAL(o.result.records, 6u);
}

CAF_TEST(a zero byte ends no line of JSON) {
  using namespace std::string_literals;
  const auto o = jsonl("{\"a\":1}\0,{\"a\":2}\n{\"a\":3}\n"s, skipping);
  CAF_CHECK_EQUAL(o.rows, (list{"3"}));
  CAF_CHECK_EQUAL(o.bad, (list{"1: column 8: a zero byte"}));
}

CAF_TEST(JSON lines that cannot be rows) {
  const std::string deep = std::string(1500, '[') + std::string(1500, ']');
  const auto o = jsonl("{\"a\":1}\n"
                       "{\"a\":1,\"a\":2}\n"
                       "nope\n"
                       "[1]\n"
                       "7\n"
                       "{\"a\":\"\\ud800\"}\n"
                       "{\"a\":9223372036854775808}\n"
                       "{\"a\":99999999999999999999999}\n"
                       "{\"a\":1e999}\n"
                       "{\"a\":\"\xff\"}\n"
                       "{\"a\":1} x\n"
                       "{\"a\":{\"$blob\":\"?\"}}\n"
                       "{\"a\":" +
                           deep +
                           "}\n"
                           "{\"a\":2}\n",
                       skipping);
  CAF_CHECK_EQUAL(o.rows, (list{"1", "2"}));
  const list lines{"2: the key \"a\" occurs twice",
                   "3: column 2: invalid literal",
                   "4: not an object",
                   "5: not an object",
                   "6: column 13: invalid string: surrogate",
                   "7: the integer 9223372036854775808 does not fit 64 bits",
                   "8: the integer 99999999999999999999999 does not fit 64 bits",
                   "9: number overflow",
                   "10: column 7: invalid string: ill-formed UTF-8 byte",
                   "11: column 9: invalid literal",
                   "12: \"$blob\" does not hold base64",
                   "13: nested deeper than 1000"};
  CAF_REQUIRE_EQUAL(o.bad.size(), lines.size());
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (!o.bad[i].starts_with(lines[i]))
      CAF_ERROR("expected " << lines[i] << ", got " << o.bad[i]);
}

CAF_TEST(lines of which none is JSON are refused with the first mistake) {
  const db_engine db("sqlite://");
  try {
    load(db, "\nid,name\n1,a\n", {.format = import_format::jsonl, .skip_bad = true});
    CAF_ERROR("nothing was said");
  } catch (const app::data_error& e) {
    CAF_CHECK_EQUAL(
        std::string(e.what()),
        "line 2: column 1: invalid literal; last read: 'i'; the input does not name any "
        "columns: create table 't' first");
  }
}

CAF_TEST(an empty key of JSON is one column) {
  const auto o = jsonl("{\"\":1,\"a\":2}\n{\"\":3}\n");
  CAF_CHECK_EQUAL(o.schema, "CREATE TABLE \"t\" (\"\" INTEGER, \"a\" INTEGER)");
  CAF_CHECK_EQUAL(o.rows, (list{"1|2", "3|NULL"}));
}

CAF_TEST(the type ANY keeps values only in a strict table) {
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE kept (a ANY) STRICT");
  db.execute("CREATE TABLE changed (a ANY)");
  const std::string text = "a\n\"12345678901234567890\"\n";
  CAF_CHECK_EQUAL(load(db, text, {.table = "kept"}).rows, (list{"'12345678901234567890'"}));
  CAF_CHECK_EQUAL(load(db, text, {.table = "changed", .skip_bad = true}).bad,
                  (list{"2: '12345678901234567890' would lose digits in column 'a'"}));
}

CAF_TEST(a JSON key that the table does not have) {
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (name TEXT)");
  const auto o = load(db, "{\"name\":\"x\"}\n{\"nme\":\"y\"}\n{\"NAME\":\"z\"}\n",
                      {.format = import_format::jsonl, .skip_bad = true});
  CAF_CHECK_EQUAL(o.rows, (list{"'x'", "'z'"}));
  CAF_CHECK_EQUAL(o.bad, (list{"2: table 't' has no column 'nme'; did you mean 'name'?"}));
}

CAF_TEST(JSON distinguishes text from numbers and a text column keeps the digits) {
  const auto mixed = jsonl("{\"a\":1}\n{\"a\":\"1\"}\n{\"a\":0.30000000000000004}\n");
  CAF_CHECK_EQUAL(mixed.schema, "CREATE TABLE \"t\" (\"a\")");
  CAF_CHECK_EQUAL(mixed.rows, (list{"1", "'1'", "r0.300000"}));
  const db_engine db("sqlite://");
  db.execute("CREATE TABLE t (a TEXT)");
  const auto text = load(db, "{\"a\":0.30000000000000004}\n{\"a\":9007199254740993}\n",
                         {.format = import_format::jsonl});
  CAF_CHECK_EQUAL(text.rows, (list{"'0.30000000000000004'", "'9007199254740993'"}));
}
