// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a write's outcome is reported correctly: when it is stopped as it ends, when its
// result is unavailable, and when its error leaves a transaction.

#include "support/engine/backends.hpp"
#include "support/manual_reset_event.hpp"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

int count(target& db, const std::string& table = "t") {
  return db.fetch_value<int>("SELECT count(*) FROM " + table).value_or(-1);
}

// The stop source of the running request, by its number.
std::array<std::atomic<std::stop_source*>, 8> sources;

function cancel_me() {
  return {.name = "cancel_me",
          .arguments = 1,
          .deterministic = false,
          .call = [](std::span<const value_ref> a) -> value {
            if (auto* s = sources[static_cast<std::size_t>(a[0].integer)].load())
              s->request_stop();
            return value(a[0].integer);
          }};
}

// True if the error's outcome agrees with whether the row is there.
bool true_of(const error_info& e, bool there) {
  if (e.outcome == outcome::unknown)
    return true;
  return e.code == errc::none ? there : !there && e.outcome != outcome::partially_applied;
}

class less_memory {
public:
  explicit less_memory(std::size_t more) {
    getrlimit(RLIMIT_AS, &before_);
    std::size_t pages = 0;
    if (auto* f = std::fopen("/proc/self/statm", "r")) {
      if (std::fscanf(f, "%zu", &pages) != 1)
        pages = 0;
      std::fclose(f);
    }
    auto now = before_;
    now.rlim_cur = pages * 4096 + more;
    setrlimit(RLIMIT_AS, &now);
  }
  ~less_memory() { setrlimit(RLIMIT_AS, &before_); }
  less_memory(const less_memory&) = delete;
  less_memory& operator=(const less_memory&) = delete;

private:
  rlimit before_{};
};

} // namespace

// SQLite asks once more whether to stop when a statement has ended; in a group, its transaction
// continues.
//
//   stopping clients (4)            others (4)       writer
//   a write that stops itself ----> writes --------> all in one group: the write ends,
//                                                    then SQLite asks
//   done or not <------------------ done <---------- COMMIT
//   check whether it is there
CAF_TEST(a write that is stopped in the moment it ends is reported as it is) {
  options o{.num_workers = 2};
  o.functions.push_back(cancel_me());
  on_every_backend(o, [](target& db) {
    db.execute("CREATE TABLE t (a, u INTEGER PRIMARY KEY)");
    db.execute("CREATE TABLE other (a)");
    std::atomic<int> lies{0};
    std::atomic<int> stopping{4};
    std::vector<std::thread> clients;
    for (int n = 0; n < 4; ++n)
      clients.emplace_back([&, n] {
        for (int i = 0; i < 400; ++i) {
          std::stop_source s;
          sources[static_cast<std::size_t>(n)] = &s;
          const int u = n * 1'000'000 + i;
          const auto name = "n" + std::to_string(u);
          const bool table = i % 2 == 0;
          const auto as = db.with_cancel(s.get_token());
          const auto e = failure_of([&] {
            if (table)
              as.execute("CREATE TABLE " + name +
                         " AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
                         "WHERE i < " +
                         std::to_string(20 + i % 60) + ") SELECT cancel_me(" + std::to_string(n) +
                         ") AS x FROM c");
            else if (i % 4 == 1)
              as.execute("INSERT INTO t VALUES (cancel_me(?), ?)", n, u);
            else
              as.fetch("INSERT INTO t VALUES (cancel_me(?), ?) RETURNING u", n, u);
          });
          sources[static_cast<std::size_t>(n)] = nullptr;
          const bool there =
              db.fetch_value<int>(table ? "SELECT count(*) FROM sqlite_schema WHERE name = 'n' || ?"
                                        : "SELECT count(*) FROM t WHERE u = ?",
                                  u) == 1;
          lies += true_of(e, there) ? 0 : 1;
        }
        --stopping;
      });
    for (int n = 0; n < 4; ++n)
      clients.emplace_back([&] {
        while (stopping > 0)
          db.execute("INSERT INTO other VALUES (1)");
      });
    for (auto& c : clients)
      c.join();
    CAF_CHECK_EQUAL(lies.load(), 0);
  });
}

CAF_TEST(rows whose result finds no memory are undone) {
#ifdef __SANITIZE_ADDRESS__
  DBENGINE_SKIP("address space cannot be bounded under this sanitizer");
#else
  const engine_folder folder;
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  static_cast<void>(db.fetch("SELECT count(*) FROM t"));
  const std::string insert = "INSERT INTO t SELECT value FROM json_each('[1,2,3,4,5,6,7,8,9]') "
                             "RETURNING zeroblob(20000000)";
  const auto rows = [&] { return db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1); };
  const auto without_memory = [](auto&& f) {
    const less_memory bound(std::size_t{100} << 20);
    return code_and_outcome(failure_of(f));
  };
  CAF_CHECK_EQUAL(without_memory([&] { db.fetch(insert); }), "too_big, was rolled back");
  CAF_CHECK_EQUAL(rows(), 0);
  CAF_CHECK_EQUAL(without_memory([&] { db.with_id("a").fetch(insert); }),
                  "too_big, was rolled back");
  CAF_CHECK_EQUAL(without_memory([&] {
                    db.execute_transaction(
                        {operation::execute("INSERT INTO t VALUES (0)"), operation::fetch(insert)});
                  }),
                  "too_big, was rolled back");
  CAF_CHECK_EQUAL(without_memory([&] { db.execute_script("INSERT INTO t VALUES (0);" + insert); }),
                  "too_big, was rolled back");
  CAF_CHECK_EQUAL(rows(), 0);
  db.write([&](transaction& tx) {
    tx.execute("INSERT INTO t VALUES (1)");
    CAF_CHECK_EQUAL(without_memory([&] { tx.fetch(insert); }), "too_big, was rolled back");
    tx.execute("INSERT INTO t VALUES (2)");
  });
  CAF_CHECK_EQUAL(rows(), 2);
  {
    auto raw = db.raw_connection();
    CAF_CHECK_EQUAL(without_memory([&] { raw.fetch(insert); }), "too_big, was rolled back");
  }
  CAF_CHECK_EQUAL(rows(), 2);
#endif
}

// The refused request runs in the group's transaction, which holds the rows of the others.
CAF_TEST(a result that is refused in a group undoes its own rows alone) {
  manual_reset_event g;
  options o{.num_workers = 2, .max_rows = 3};
  o.functions.push_back(g.as_function());
  on_every_backend(o, [&g](target& db) {
    g.set();
    db.execute("CREATE TABLE t (x)");
    g.reset();
    std::thread first(
        [&] { db.with_priority(priority::background).execute("INSERT INTO t VALUES (hold())"); });
    CAF_CHECK(g.wait_for_arrivals(1));
    std::atomic<int> refused{0};
    std::vector<std::thread> others;
    for (int i = 0; i < 8; ++i)
      others.emplace_back([&, i] {
        if (i % 4 != 3)
          return static_cast<void>(db.execute("INSERT INTO t VALUES (?)", 10 + i));
        const auto e = failure_of([&] {
          db.fetch("INSERT INTO t SELECT value FROM json_each('[1,2,3,4,5]') RETURNING x");
        });
        refused += code_and_outcome(e) == "too_big, was rolled back" ? 1 : 0;
      });
    eventually([&] { return db.get_stats().queue_size >= 8 || db.remote; });
    g.set();
    first.join();
    for (auto& t : others)
      t.join();
    CAF_CHECK_EQUAL(refused.load(), 2);
    CAF_CHECK_EQUAL(count(db), 7);
  });
}

CAF_TEST(what a statement kept goes with the transaction that its error leaves) {
  const engine_folder folder;
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x UNIQUE)");
  const std::string fails = "INSERT OR FAIL INTO t VALUES (1), (1)";
  CAF_CHECK_EQUAL(
      to_string(failure_of([&] { db.write([&](transaction& tx) { tx.execute(fails); }); }).outcome),
      "was rolled back");
  db.write([&](transaction& tx) {
    const auto inner =
        failure_of([&] { tx.write([&](transaction& savepoint) { savepoint.execute(fails); }); });
    CAF_CHECK_EQUAL(to_string(inner.outcome), "was rolled back");
    // A caller that catches the statement's own error continues with the rows that the statement
    // kept.
    CAF_CHECK_EQUAL(to_string(failure_of([&] { tx.execute(fails); }).outcome), "was kept in part");
  });
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 1);
}

CAF_TEST(a commit that a foreign key forbids keeps nothing) {
  on_every_backend([](target& db) {
    db.execute_script(
        "CREATE TABLE parents (id INTEGER PRIMARY KEY); CREATE TABLE log (x);"
        "CREATE TABLE t (x, p REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);"
        "CREATE TRIGGER noted BEFORE INSERT ON t BEGIN INSERT INTO log VALUES (new.x);"
        "SELECT CASE WHEN new.x = 103 THEN RAISE(FAIL, 'no') END; END");
    CAF_CHECK_EQUAL(
        to_string(failure_of([&] { db.execute("INSERT INTO t VALUES (1, 7)"); }).outcome),
        "was rolled back");
    CAF_CHECK_EQUAL(count(db) + count(db, "log"), 0);
  });
}

CAF_TEST(a statement that only reads changes nothing) {
  on_every_backend([](target& db) {
    db.execute("CREATE TABLE t (x)");
    db.execute("INSERT INTO t VALUES (1), (2), (3)");
    const auto none = [](const write_result& w) {
      return w.changes == 0 && w.last_insert_rowid == 0;
    };
    const auto steps =
        db.execute_script("INSERT INTO t VALUES (4), (5); SELECT x FROM t; PRAGMA user_version;"
                          "EXPLAIN INSERT INTO t VALUES (1); PRAGMA user_version = 3")
            .steps;
    CAF_CHECK_EQUAL(steps[0].written.changes, 2);
    for (std::size_t i = 1; i < steps.size(); ++i)
      CAF_CHECK(none(steps[i].written));
    for (const char* sql :
         {"SELECT x FROM t", "PRAGMA user_version", "PRAGMA user_version = 4",
          "EXPLAIN INSERT INTO t VALUES (1)", "VALUES (1)", "UPDATE t SET x = 1 WHERE x = 99"}) {
      CAF_CHECK(none(db.execute(sql)));
      CAF_CHECK(none(db.execute_script(sql).steps[0].written));
      CAF_CHECK(none(db.execute_script(sql, script_mode::continue_on_error).steps[0].written));
      CAF_CHECK_EQUAL(db.execute_many(sql, std::vector<params>(2)).changes, 0);
      CAF_CHECK(none(db.execute_transaction({operation::execute(sql)})[0].write()));
    }
  });
}
