// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests that a snapshot and a cursor end with the failure that ends SQLite's transaction: they
// never continue on another snapshot, and never seem complete.

#include "support/engine/backends.hpp"

#include <csignal>
#include <string>

#include <sys/resource.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

// Limits the size of files, as if the temporary disk were full.
class small_files {
public:
  explicit small_files(rlim_t bytes) {
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    auto now = before_;
    now.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &now);
  }
  ~small_files() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  small_files(const small_files&) = delete;
  small_files& operator=(const small_files&) = delete;

private:
  rlimit before_{};
  void (*handler_)(int) = SIG_DFL;
};

} // namespace

//   read()                          a writer
//   count: n
//                                   INSERT
//   a sort: the disk is full
//   count: invalid_state
CAF_TEST(a snapshot ends with a statement that ended its transaction) {
  const engine_folder folder;
  options o;
  o.temp_store = temp_store::file;
  o.cache_size = 256 * 1024;
  db_engine db(folder.url(), o);
  db.execute("CREATE TABLE t (x, y)");
  db.execute("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000) "
             "INSERT INTO t SELECT n, hex(randomblob(50)) FROM c");
  const std::string sort =
      "SELECT max(z) FROM (SELECT y || x AS z, x FROM t ORDER BY y LIMIT 99999)";
  db.read([&](snapshot& s) {
    const auto count = [&] { return s.fetch_value<int>("SELECT count(*) FROM t").value_or(-1); };
    CAF_CHECK_EQUAL(count(), 100'000);
    db.execute("INSERT INTO t VALUES (2, 3)");
    CAF_CHECK_EQUAL(count(), 100'000);
    // A statement that fails for another reason leaves the snapshot as it is.
    CAF_CHECK_EQUAL(code_of([&] { s.fetch("SELECT nope"); }), "sql");
    CAF_CHECK_EQUAL(count(), 100'000);
    std::string code;
    {
      const small_files bound(1'000'000);
      code = code_of([&] { s.fetch(sort); });
    }
    CAF_CHECK(code == "disk_full" || code == "io"); // which of the two depends on the file system
    CAF_CHECK_EQUAL(code_of(count), "invalid_state");
    CAF_CHECK_EQUAL(code_of([&] { s.fetch("SELECT 1"); }), "invalid_state");
  });
  db.read([&](snapshot& s) {
    CAF_CHECK_EQUAL(s.fetch_value<int>("SELECT count(*) FROM t").value_or(-1), 100'001);
  });
}

CAF_TEST(a cursor that failed does not seem complete) {
  options o{.num_workers = 2};
  o.functions.push_back({.name = "fails_at",
                         .arguments = 2,
                         .deterministic = false,
                         .call = [](std::span<const value_ref> a) -> value {
                           if (a[0].integer == a[1].integer)
                             throw std::runtime_error("here");
                           return value(a[0].integer);
                         }});
  on_every_backend(o, [](target& db) {
    auto c = db.cursor("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 100) "
                       "SELECT fails_at(x, 15) FROM c",
                       {}, 10);
    CAF_CHECK_EQUAL(c.next().size(), 10u);
    CAF_CHECK_EQUAL(code_of([&] { c.next(); }), "sql");
    for (int i = 0; i < 2; ++i)
      CAF_CHECK_EQUAL(code_of([&] { c.next(); }), "invalid_state");
  });
}
