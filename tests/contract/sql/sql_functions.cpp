// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of SQL functions whose original in SQLite checks no deadline. They are interrupted like any
// other statement, with SQLite's answers (`unit.replaced_functions` compares them by the million)
// and SQLite's plans.

#include "support/engine/backends.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

// Each of these would run for seconds to hours.
const std::vector<std::string> endless{
    "SELECT printf('%.*c', 1000000, 'a') LIKE '%' || printf('%.*c', 40000, 'a') || 'b'",
    "SELECT printf('%.*c', 1000000, 'a') LIKE '%' || printf('%.*c', 40000, 'a') || '!%' ESCAPE '!'",
    "SELECT trim(printf('%.*c', 1000000, 'a'), printf('%.*c', 400000, 'b') || 'a')",
    "SELECT rtrim(printf('%.*c', 1000000, 'a'), printf('%.*c', 400000, 'b') || 'a')",
    "SELECT length(randomblob(900000000))"};

// How long after the deadline the interrupt may come. A sanitizer makes each step many times
// slower, and fills 900 MB before the allocation returns.
#ifdef __SANITIZE_ADDRESS__
constexpr auto promised = 1min;
#else
constexpr auto promised = 50ms;
#endif

} // namespace

CAF_TEST(a function that works for long is interrupted at the deadline) {
  on_every_backend([](target& db) {
    for (const auto& sql : endless) {
      auto best = steady::duration::max();
      for (int i = 0; i < 20 && best > promised; ++i) {
        const auto start = steady::now();
        CAF_CHECK_EQUAL(code_of([&] { db.with_timeout(60ms).fetch(sql); }), "timeout");
        best = std::min(best, steady::now() - start - 60ms);
      }
      CAF_MESSAGE(db.name << ": " << best.count() / 1'000'000 << " ms past the deadline: " << sql);
      CAF_CHECK(best < promised);
    }
  });
}

CAF_TEST(four such reads at once leave every other request answered) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    std::atomic<int> timed_out{0};
    std::vector<std::thread> hostile;
    for (int i = 0; i < 4; ++i)
      hostile.emplace_back([&] {
        if (code_of([&] { db.with_timeout(300ms).fetch(endless[0]); }) == "timeout")
          ++timed_out;
      });
    for (int i = 0; i < 20; ++i) {
      CAF_CHECK_EQUAL(code_of([&] { db.execute("INSERT INTO t VALUES (1)"); }), "none");
      CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), i + 1);
    }
    for (auto& h : hostile)
      h.join();
    CAF_CHECK_EQUAL(timed_out.load(), 4);
    CAF_CHECK_EQUAL(db.get_stats().restarts, 0u);
  });
}

CAF_TEST(a write that such a function holds up is undone and alone) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    const auto failed =
        failure_of([&] { db.with_timeout(60ms).execute("INSERT INTO t " + endless[0]); });
    CAF_CHECK_EQUAL(to_string(failed.code), to_string(errc::timeout));
    CAF_CHECK_EQUAL(to_string(failed.outcome), to_string(outcome::rolled_back));
    db.execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
  });
}

CAF_TEST(a constant keeps its type whatever a function asked of it) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, c)");
    db.execute("INSERT INTO t (c) VALUES ('xa'), (x'7861'), (12), ('a'), (x'61')");
    std::string answers;
    for (const auto& row : db.fetch("SELECT instr(c, x'61'), typeof(x'61') FROM t ORDER BY id"))
      answers += std::to_string(row[0].as<int>()) + row[1].as<std::string>() + " ";
    CAF_CHECK_EQUAL(answers, "2blob 2blob 0blob 1blob 1blob ");
  });
}

CAF_TEST(an index is searched for a prefix) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (n TEXT COLLATE NOCASE, b TEXT)");
    db.execute("CREATE INDEX tn ON t (n)");
    db.execute("CREATE INDEX tb ON t (b)");
    const auto plan = [&](const std::string& where) {
      return db.fetch("EXPLAIN QUERY PLAN SELECT * FROM t WHERE " + where)[0]["detail"]
          .as<std::string>();
    };
    CAF_CHECK_EQUAL(plan("n LIKE 'abc%'"), "SEARCH t USING INDEX tn (n>? AND n<?)");
    CAF_CHECK_EQUAL(plan("b GLOB 'abc*'"), "SEARCH t USING INDEX tb (b>? AND b<?)");
  });
}

CAF_TEST(a pattern of GLOB is short and one of LIKE may be long) {
  on_every_backend([](target& db) {
    const auto matches = [&](const char* operation, int length) {
      return code_of([&] {
        db.fetch("SELECT 'a' " + std::string(operation) + " ?", std::string(length, 'a'));
      });
    };
    CAF_CHECK_EQUAL(matches("GLOB", defaults::glob_pattern_bytes), "none");
    CAF_CHECK_EQUAL(matches("GLOB", defaults::glob_pattern_bytes + 1), "sql");
    CAF_CHECK_EQUAL(matches("LIKE", defaults::like_pattern_bytes), "none");
    CAF_CHECK_EQUAL(matches("LIKE", defaults::like_pattern_bytes + 1), "sql");
  });
}
