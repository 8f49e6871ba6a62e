// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Compares the SQL functions that the engine replaces with SQLite's, in one process. Arguments are
// random, of every type, in UTF-8 and UTF-16 databases, as columns, constants, parameters and
// expressions, in expression indexes and stored columns. DBENGINE_FUNCTION_CASES sets the number of
// calls, DBENGINE_SEED repeats a run.

#include "sqlite/functions/replaced_functions.hpp"

#include "base/fault.hpp"
#include "support/sqlite/function_cases.hpp"

#include <sqlite3.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct tally {
  std::size_t cases = 0;
  std::size_t different = 0;
};

tally compare(std::size_t most, std::uint64_t seed, bool quiet = false) {
  tally all;
  for (const std::string encoding : {"UTF-8", "UTF-16le", "UTF-16be"}) {
    function_cases c(encoding, seed);
    const auto share = all.cases + most / (encoding == "UTF-8" ? 2 : 4);
    for (std::size_t round = 0; all.cases < share; ++round)
      for (const auto& f : replaced_functions()) {
        all.cases += c.calls(f);
        if (round % 4 == 0)
          all.cases += c.constants(f);
        if (round % 32 == 0)
          all.cases += c.stored(f);
      }
    all.different += c.different();
    if (!quiet)
      for (const auto& d : c.differences())
        std::fprintf(stderr, "%s, DBENGINE_SEED=%llu: %s\n", encoding.c_str(),
                     static_cast<unsigned long long>(seed), d.c_str());
  }
  return all;
}

} // namespace

CAF_TEST(replaced functions answer as those of SQLite) {
  const auto seed = number("DBENGINE_SEED", std::random_device{}());
  const auto found = compare(number("DBENGINE_FUNCTION_CASES", 1'000'000), seed);
  std::printf("replaced functions: %zu calls compared, %zu different (DBENGINE_SEED=%llu)\n",
              found.cases, found.different, static_cast<unsigned long long>(seed));
  CAF_CHECK(found.cases >= 20'000);
  CAF_CHECK_EQUAL(found.different, 0u);
}

#ifdef DBENGINE_FAULTS
CAF_TEST(a function that breaks a rule is found) {
  for (const char* mutant : {"converts blobs in place", "escapes nothing"}) {
    base::fault::set_mutant(mutant);
    const auto found = compare(20'000, 1, true);
    base::fault::set_mutant({});
    std::printf("%s: %zu of %zu calls different\n", mutant, found.different, found.cases);
    CAF_CHECK(found.different > 0);
  }
}
#endif

CAF_TEST(long texts have the same answers piece by piece) {
  sqlite3* db[2] = {};
  for (auto& d : db)
    sqlite3_open(":memory:", &d);
  dbengine::sqlite::register_replaced_functions(db[1],
                                                std::make_shared<dbengine::sqlite::stop_test>());
  for (
      const std::string sql :
      {"SELECT instr(printf('%.*c', 200000, 'a') || 'b' || printf('%.*c', 9, 'a'), 'aaaab')",
       "SELECT instr(replace(printf('%.*c', 60000, 'a'), 'a', 'é'), 'éa')",
       "SELECT instr(replace(printf('%.*c', 60000, 'a'), 'a', 'é') || 'x', 'éx')",
       "SELECT instr(zeroblob(100000) || x'61', x'0061'), instr(zeroblob(100000), x'01')",
       "SELECT length(replace(printf('%.*c', 200001, 'ab'), 'aa', 'xyz'))",
       "SELECT replace(printf('%.*c', 40000, 'a') || 'bc', 'abc', '') = printf('%.*c', 39999, 'a')",
       "SELECT length(replace(replace(printf('%.*c', 9000, 'a'), 'a', 'abcabd'), 'cabd', ''))",
       "SELECT length(trim(printf('%.*c', 100000, 'a') || 'b' || printf('%.*c', 70000, 'c'), 'ca'))",
       "SELECT printf('%.*c', 100000, 'a') || 'b' LIKE '%a_b', printf('%.*c', 70000, 'a') LIKE '%b'",
       "SELECT length(trim(x'c3' || zeroblob(0) || replace(hex(zeroblob(300)), '00', x'80'), x'c3'))"}) {
    std::string answers[2];
    for (int i = 0; i < 2; ++i) {
      sqlite3_stmt* s = nullptr;
      CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db[i], sql.c_str(), -1, &s, nullptr), SQLITE_OK);
      CAF_CHECK_EQUAL(sqlite3_step(s), SQLITE_ROW);
      for (int k = 0; k < sqlite3_column_count(s); ++k)
        answers[i] += reinterpret_cast<const char*>(sqlite3_column_text(s, k)) + std::string("|");
      sqlite3_finalize(s);
    }
    CAF_CHECK_EQUAL(answers[1], answers[0]);
  }
  for (auto* d : db)
    sqlite3_close(d);
}

CAF_TEST(json_patch answers as that of SQLite and takes no hours) {
  sqlite3* db[2] = {};
  for (auto& d : db)
    sqlite3_open(":memory:", &d);
  dbengine::sqlite::register_replaced_functions(db[1],
                                                std::make_shared<dbengine::sqlite::stop_test>());
  const auto answer = [&](int i, const std::string& a, const std::string& b) {
    const auto sql = "SELECT json_patch(" + a + ", " + b + "), json_array(json_patch(" + a + ", " +
                     b + ")), typeof(json_patch(" + a + ", " + b + "))";
    sqlite3_stmt* s = nullptr;
    CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db[i], sql.c_str(), -1, &s, nullptr), SQLITE_OK);
    std::string text;
    if (sqlite3_step(s) != SQLITE_ROW)
      text = sqlite3_errmsg(db[i]);
    for (int k = 0; k < sqlite3_data_count(s); ++k) {
      const auto* t = reinterpret_cast<const char*>(sqlite3_column_text(s, k));
      text += (t == nullptr ? "NULL" : t) + std::string("|");
    }
    sqlite3_finalize(s);
    return text;
  };
  std::mt19937 r(1);
  const auto document = [&r](auto& self, int depth) -> std::string {
    static const char* const plain[] = {"1",     "null", "\"a:\\\"b\"", "[1,{\"a\":2}]",
                                        "-1.50", "true"};
    if (depth == 0 || r() % 3 == 0)
      return plain[r() % std::size(plain)];
    std::string text = "{";
    for (auto n = r() % 4; n > 0; --n)
      text += (text == "{" ? "\"" : ",\"") + std::string(1, "abc"[r() % 3]) +
              "\":" + self(self, depth - 1);
    return text + "}";
  };
  const auto argument = [&]() -> std::string {
    static const char* const odd[] = {"NULL", "x'7b7d'", "1", "1.5", "'{'", "''", "x'00'", "'[1'"};
    return r() % 12 == 0 ? odd[r() % std::size(odd)] : "'" + document(document, 3) + "'";
  };
  for (int i = 0; i < 5'000; ++i) {
    const auto a = argument();
    const auto b = argument();
    CAF_REQUIRE_EQUAL(answer(1, a, b), answer(0, a, b));
  }
  const std::string many =
      "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) "
      "SELECT json_group_object('k' || i, 1) FROM n)";
  CAF_CHECK_EQUAL(answer(1, "'{}'", many), "json_patch: too many members");
  CAF_CHECK(answer(1, many, "'{\"k7\":null}'") == answer(0, many, "'{\"k7\":null}'"));
  for (auto* d : db)
    sqlite3_close(d);
}

CAF_TEST(an index is searched for a prefix as with the functions of SQLite) {
  sqlite3* db = nullptr;
  sqlite3_open(":memory:", &db);
  dbengine::sqlite::register_replaced_functions(db,
                                                std::make_shared<dbengine::sqlite::stop_test>());
  sqlite3_exec(db,
               "CREATE TABLE t (n TEXT COLLATE NOCASE, b TEXT);"
               "CREATE INDEX tn ON t (n); CREATE INDEX tb ON t (b)",
               nullptr, nullptr, nullptr);
  const auto plan = [db](const char* where) {
    sqlite3_stmt* s = nullptr;
    const auto sql = std::string("EXPLAIN QUERY PLAN SELECT * FROM t WHERE ") + where;
    CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr), SQLITE_OK);
    sqlite3_step(s);
    const std::string text = reinterpret_cast<const char*>(sqlite3_column_text(s, 3));
    sqlite3_finalize(s);
    return text;
  };
  CAF_CHECK_EQUAL(plan("n LIKE 'abc%'"), "SEARCH t USING INDEX tn (n>? AND n<?)");
  CAF_CHECK_EQUAL(plan("n LIKE 'ab\\%c%' ESCAPE '\\'"), "SEARCH t USING INDEX tn (n>? AND n<?)");
  CAF_CHECK_EQUAL(plan("b GLOB 'abc*'"), "SEARCH t USING INDEX tb (b>? AND b<?)");
  CAF_CHECK_EQUAL(plan("n LIKE '%abc'"), "SCAN t");
  sqlite3_close(db);
}

CAF_TEST(a function that works for long stops when it is asked to) {
  struct asked {
    int times = 0;
    static int ask(void* self) { return ++static_cast<asked*>(self)->times >= 3 ? 1 : 0; }
  };
  for (
      const std::string sql :
      {"SELECT printf('%.*c', 100000, 'a') LIKE '%' || printf('%.*c', 20000, 'a') || 'b'",
       "SELECT printf('%.*c', 200000, 'a') LIKE '%é'",
       "SELECT printf('%.*c', 100000, 'a') LIKE '%' || printf('%.*c', 9000, 'a') || '!b' ESCAPE '!'",
       "SELECT trim(printf('%.*c', 100000, 'a'), printf('%.*c', 20000, 'b') || 'a')",
       "SELECT rtrim(printf('%.*c', 100000, 'a'), printf('%.*c', 20000, 'b') || 'a')",
       "SELECT replace(printf('%.*c', 1000000, 'a'), 'a', 'bc')",
       "SELECT replace(printf('%.*c', 1000000, 'a'), printf('%.*c', 9000, 'a') || 'b', 'bc')",
       "SELECT instr(printf('%.*c', 1000000, 'a'), printf('%.*c', 9000, 'a') || 'b')",
       "SELECT randomblob(1000000)"}) {
    sqlite3* db = nullptr;
    sqlite3_open(":memory:", &db);
    asked a;
    dbengine::sqlite::register_replaced_functions(
        db, std::make_shared<dbengine::sqlite::stop_test>(&asked::ask, &a));
    sqlite3_stmt* s = nullptr;
    CAF_REQUIRE_EQUAL(sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr), SQLITE_OK);
    CAF_MESSAGE(sql);
    CAF_CHECK_EQUAL(sqlite3_step(s), SQLITE_INTERRUPT);
    CAF_CHECK_EQUAL(a.times, 3);
    sqlite3_finalize(s);
    sqlite3_close(db);
  }
}
