// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of the limit on named parameters. For each name, SQLite scans its whole list of parameters,
// in a preparation that nothing interrupts. Statements with too many are refused before;
// `parameter_lookups` counts the lookups that a text needs.

#include "sqlite/sql_text.hpp"
#include "support/engine/backends.hpp"

#include <dbengine/defaults.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

struct question {
  std::string sql;
  params values;
};

question in_list(int n) {
  question q{"SELECT 1 WHERE 0 IN (:p0", {}};
  std::vector<std::string> names;
  std::vector<value> values;
  for (int i = 0; i < n; ++i) {
    names.push_back("p" + std::to_string(i));
    values.emplace_back(i);
    if (i > 0)
      q.sql += ",:p" + std::to_string(i);
  }
  q.sql += ")";
  q.values = params::from(names, values);
  return q;
}

std::size_t lookups(const std::string& sql) {
  return dbengine::sqlite::parameter_lookups(sql, 1'000'000'000);
}

// A sanitizer makes each of 40,000 names many times slower. A refusal still takes far less than the
// hours of all lookups.
#ifdef __SANITIZE_ADDRESS__
constexpr auto at_once = 1min;
#else
constexpr auto at_once = 100ms;
#endif

} // namespace

CAF_TEST(many named parameters are refused at once) {
  on_every_backend([](target& db) {
    const auto fits = in_list(1'500);
    CAF_CHECK_EQUAL(db.fetch(fits.sql, fits.values).size(), 1u);
    const auto far_too_many = in_list(40'000);
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 20 && best > at_once; ++i) {
      const auto start = std::chrono::steady_clock::now();
      CAF_CHECK_EQUAL(code_of([&] { db.fetch(far_too_many.sql, far_too_many.values); }), "too_big");
      CAF_CHECK_EQUAL(code_of([&] { db.execute(far_too_many.sql, far_too_many.values); }),
                      "too_big");
      CAF_CHECK_EQUAL(code_of([&] { db.execute_script(far_too_many.sql); }), "too_big");
      best = std::min(best, std::chrono::steady_clock::now() - start);
    }
    CAF_CHECK(best < at_once);
  });
}

CAF_TEST(positional parameters are as many as SQLite takes) {
  on_every_backend([](target& db) {
    std::string sql = "SELECT 1 WHERE 29999 IN (?";
    std::vector<value> values{value(0)};
    for (int i = 1; i < 30'000; ++i) {
      sql += ",?";
      values.emplace_back(i);
    }
    CAF_CHECK_EQUAL(db.fetch(sql + ")", params(values)).size(), 1u);
  });
}

CAF_TEST(the names that SQLite passes are counted in the text) {
  CAF_CHECK_EQUAL(lookups("SELECT ?, ?, ?"), 0u);
  CAF_CHECK_EQUAL(lookups("SELECT :a, :b, :c"), 2u + 4u + 6u);
  CAF_CHECK_EQUAL(lookups("SELECT :a, :a, :a"), 6u);
  CAF_CHECK_EQUAL(lookups("SELECT ?1, ?2, ?3"), 1u + 2u + 3u);
  CAF_CHECK_EQUAL(lookups("SELECT @a, $b::c(d), :e"), 2u + 4u + 6u);
  CAF_CHECK_EQUAL(lookups("SELECT ':a', \":b\", [:c], `:d`, a$b -- :e\n/* :f */"), 0u);
  CAF_CHECK_EQUAL(lookups("SELECT 'it''s :a', ':b"), 0u);
  CAF_CHECK_EQUAL(lookups("SELECT $a::b(;), :c; SELECT :d"), 2u + 4u);
  std::string many = "SELECT :p0";
  for (int i = 1; i < 100'000; ++i)
    many += ",:p" + std::to_string(i);
  CAF_CHECK(sqlite::parameter_lookups(many, 1'000) < 1'200); // the count stops there
}
