// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Failures on the caller's thread: on a lease, in an inline write, at the commit of a transaction.
//
//   caller                                   writer / reader
//   read on a lease: fails ---------------->  runs again on a reader
//   inline write fails before its commit -->  runs again on the next writer
//   ... after its commit                      done: the commit record proves it
//   write(): fails at COMMIT                  rolled back / done, by the record

#include "support/engine/engine_fixture.hpp"
#include "support/faults/fault_script.hpp"

#include <dbengine/db_engine.hpp>

#include <atomic>
#include <string>
#include <vector>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;

namespace {

const char* const count = "SELECT count(*) FROM t";

struct with_table {
  with_table() : db(folder.url()) { db.execute("CREATE TABLE t (x)"); }
  engine_folder folder;
  db_engine db;
};

} // namespace

CAF_TEST(a read whose lease fails is answered by a reader) {
  with_table w;
  const fault_script script("lease.before_statement", 1, fail_worker);
  CAF_CHECK(w.db.fetch_value<int>(count) == 0);
  CAF_CHECK_EQUAL(script.hits(), 1);
  CAF_CHECK(w.db.fetch_value<int>(count) == 0);
}

CAF_TEST(a read that fails its lease and a reader is poison and meets no third worker) {
  with_table w;
  std::atomic<int> leases{0};
  std::atomic<int> readers{0};
  base::fault::set_hook([&](std::string_view point) {
    if (point == "lease.before_statement" && leases.fetch_add(1) == 0)
      fail_worker();
    if (point == "reader.before_statement" && readers.fetch_add(1) < 2)
      fail_worker();
  });
  const auto code = code_of([&] { w.db.fetch(count); });
  base::fault::set_hook({});
  CAF_CHECK_EQUAL(code, "poison");
  CAF_CHECK_EQUAL(readers.load(), 1);
  CAF_CHECK(w.db.fetch_value<int>(count) == 0);
}

CAF_TEST(a lease that cannot be opened is unavailable and no foreign exception) {
  with_table w;
  {
    const fault_script script("reader.open", 1'000, fail_worker);
    CAF_CHECK_EQUAL(code_of([&] { w.db.cursor("SELECT 1"); }), "unavailable");
    CAF_CHECK_EQUAL(code_of([&] { w.db.read([](snapshot&) {}); }), "unavailable");
  }
  CAF_CHECK_EQUAL(code_of([&] { w.db.cursor("SELECT 1"); }), "none");
}

CAF_TEST(an inline write that fails is done once) {
  for (const std::string point : {"inline.before_statement", "inline.after_statement"}) {
    with_table w;
    const fault_script script(point, 1, fail_worker);
    int n = 0;
    // The first writes may still find the writer busy and go through its queue.
    for (; script.hits() == 0 && n < 1'000; ++n)
      CAF_REQUIRE_EQUAL(w.db.execute("INSERT INTO t VALUES (1)").changes, 1);
    CAF_CHECK_EQUAL(script.hits(), 1);
    CAF_CHECK(w.db.fetch_value<int>(count) == n);
    w.db.execute("INSERT INTO t VALUES (2)");
    CAF_CHECK(w.db.fetch_value<int>(count) == n + 1);
    CAF_CHECK(w.db.get_stats().restarts >= 1);
  }
}

CAF_TEST(an inline group that fails at any point is done once) {
  for (const std::string point :
       {"writer.before_begin", "writer.after_begin", "writer.before_statement",
        "writer.after_statement", "writer.before_commit", "writer.after_commit",
        "writer.before_answer", "writer.after_answer"}) {
    with_table w;
    const fault_script script(point, 1, fail_worker);
    CAF_CHECK_EQUAL(
        w.db.execute_many("INSERT INTO t VALUES (?)", std::vector<params>{params{1}, params{2}})
            .changes,
        2);
    CAF_CHECK_EQUAL(script.hits(), 1);
    CAF_CHECK(w.db.fetch_value<int>(count) == 2);
  }
}

CAF_TEST(a statement that fails its thread twice is poison) {
  with_table w;
  const fault_script script("writer.before_statement", 2, fail_worker);
  const auto e = failure_of(
      [&] { w.db.execute_many("INSERT INTO t VALUES (?)", std::vector<params>{params{1}}); });
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::poison));
  CAF_CHECK(e.outcome == outcome::rolled_back);
  CAF_CHECK_EQUAL(script.hits(), 2);
  CAF_CHECK(w.db.fetch_value<int>(count) == 0);
  w.db.execute("INSERT INTO t VALUES (1)");
}

CAF_TEST(a connection that fails inside a transaction is an error and is replaced) {
  for (const bool nested : {false, true}) {
    with_table w;
    std::atomic<int> passed{0};
    {
      // The first hit is that of BEGIN, the others precede statements.
      const fault_script script("writer.snapshot_renewed", 1'000, [&] {
        if (++passed == 3)
          fail_worker();
      });
      std::string later;
      const auto code = code_of([&] {
        w.db.write([&](transaction& tx) {
          tx.execute("INSERT INTO t VALUES (1)");
          try {
            if (nested)
              tx.write([&](transaction& inner) { inner.execute("INSERT INTO t VALUES (2)"); });
            else
              tx.execute("INSERT INTO t VALUES (2)");
          } catch (...) {
            later = code_of([&] { tx.execute("INSERT INTO t VALUES (3)"); });
            throw;
          }
        });
      });
      CAF_CHECK_EQUAL(code, "unavailable");
      CAF_CHECK_EQUAL(later, "invalid_state");
    }
    CAF_CHECK_EQUAL(w.db.fetch_value<int>(count), 0);
    w.db.write([](transaction& tx) { tx.execute("INSERT INTO t VALUES (4)"); });
    CAF_CHECK_EQUAL(w.db.fetch_value<int>(count), 1);
    CAF_CHECK_EQUAL(w.db.get_stats().restarts, 1u);
  }
}

CAF_TEST(a transaction that fails at its commit reports its outcome) {
  const auto commit = [](with_table& w) {
    return failure_of(
        [&] { w.db.write([](transaction& tx) { tx.execute("INSERT INTO t VALUES (1)"); }); });
  };
  {
    with_table w;
    const fault_script script("writer.before_commit", 1, fail_worker);
    const auto e = commit(w);
    CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::unavailable));
    CAF_CHECK(e.outcome == outcome::rolled_back);
    CAF_CHECK(w.db.fetch_value<int>(count) == 0);
    CAF_CHECK_EQUAL(to_string(commit(w).code), to_string(errc::none)); // on the next writer
    CAF_CHECK(w.db.fetch_value<int>(count) == 1);
  }
  {
    with_table w;
    const fault_script script("writer.after_commit", 1, fail_worker);
    CAF_CHECK_EQUAL(to_string(commit(w).code), to_string(errc::none));
    CAF_CHECK(w.db.fetch_value<int>(count) == 1);
    CAF_CHECK_EQUAL(to_string(commit(w).code), to_string(errc::none));
    CAF_CHECK(w.db.fetch_value<int>(count) == 2);
  }
}

#else

CAF_TEST(fault points are compiled in) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}

#endif
