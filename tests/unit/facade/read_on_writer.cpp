// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Short reads on the idle write connection: they are fresh, block no write, and do not run there if
// they must not.

#include "base/fault.hpp"
#include "support/engine/engine_fixture.hpp"
#include "support/eventually.hpp"

#include <dbengine/db_engine.hpp>

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* count_to =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) "
    "SELECT count(*) FROM c";

struct fixture {
  explicit fixture(options o = {}) : db(folder.url(), std::move(o)) {
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
    for (int i = 0; i < 4; ++i) { // until both reads are known to be cheap
      rows();
      count(3);
    }
  }
  ~fixture() {
#ifdef DBENGINE_FAULTS
    base::fault::set_hook({});
#endif
  }
  std::int64_t rows() {
    return db.fetch("SELECT count(*) FROM t")[0][0].as<std::int64_t>();
  }
  std::int64_t count(std::int64_t n) {
    return db.fetch(count_to, n)[0][0].as<std::int64_t>();
  }
  void insert() {
    db.execute("INSERT INTO t (x) VALUES (1)");
  }
  std::uint64_t on_writer() {
    return db.get_stats().reads_on_writer;
  }

  engine_folder folder;
  db_engine db;
};

} // namespace

CAF_TEST(a read after a commit runs on the write connection and sees it) {
  fixture f;
  const auto before = f.on_writer();
  for (int i = 1; i <= 50; ++i) {
    f.insert();
    CAF_CHECK_EQUAL(f.rows(), i);
  }
  // A sweep that checks the writer lock at the same moment may direct a read to its lease.
  CAF_CHECK(f.on_writer() > before + 25);
}

CAF_TEST(without commits reads go back to their leases) {
  fixture f;
  f.insert();
  for (int i = 0; i < 10; ++i)
    CAF_CHECK_EQUAL(f.rows(), 1);
  const auto reused = f.db.get_stats().snapshots_reused;
  const auto settled = f.on_writer();
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(f.rows(), 1);
  // A sweep in between may direct some reads to the writer.
  CAF_CHECK(f.on_writer() <= settled + 10);
  CAF_CHECK(f.db.get_stats().snapshots_reused > reused);
}

CAF_TEST(what depends on the connection or may take long stays on its lease) {
  fixture f;
  const auto before = f.on_writer();
  for (const std::string sql : {"PRAGMA query_only", "SELECT * FROM pragma_query_only",
                                "SELECT x FROM t WHERE x LIKE 'a%'", "SELECT hex(zeroblob(10))"}) {
    CAF_MESSAGE(sql);
    const auto on_lease = f.db.fetch(sql);
    for (int i = 0; i < 10; ++i) {
      f.insert();
      CAF_CHECK(f.db.fetch(sql) == on_lease);
    }
  }
  CAF_CHECK_EQUAL(f.on_writer(), before);
}

CAF_TEST(an engine with functions of its host reads on leases) {
  options o;
  o.functions.push_back(
      {.name = "one", .arguments = 0, .call = [](std::span<const value_ref>) { return value(1); }});
  fixture f(std::move(o));
  for (int i = 1; i <= 10; ++i) {
    f.insert();
    CAF_CHECK_EQUAL(f.rows(), i);
  }
  CAF_CHECK_EQUAL(f.on_writer(), 0u);
}

CAF_TEST(many threads read their own writes) {
  fixture f;
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          const auto id = static_cast<std::int64_t>(t) * 1'000 + i + 1;
          f.db.execute("INSERT INTO t (id, x) VALUES (?, ?)", id, id);
          const auto found = f.db.fetch("SELECT x FROM t WHERE id = ?", id);
          if (found.size() != 1 || found[0][0].as<std::int64_t>() != id)
            ++wrong;
        }
      });
  }
  CAF_CHECK_EQUAL(wrong.load(), 0);
  CAF_CHECK_EQUAL(f.rows(), 8 * 500);
}

CAF_TEST(nothing uncommitted is read while a transaction holds the write connection) {
  fixture f;
  f.insert();
  f.db.write([&](transaction& t) {
    t.execute("INSERT INTO t (x) VALUES (2)");
    std::int64_t seen = -1;
    std::jthread([&] { seen = f.rows(); }).join();
    CAF_CHECK_EQUAL(seen, 1);
  });
  CAF_CHECK_EQUAL(f.rows(), 2);
}

CAF_TEST(a read on the write connection keeps its deadline) {
  fixture f;
  f.insert();
  const auto why =
      failure_of([&] { f.db.with_timeout(50ms).fetch(count_to, std::int64_t{1} << 40); });
  CAF_CHECK_EQUAL(std::string(to_string(why.code)), "timeout");
  f.insert();
  CAF_CHECK_EQUAL(f.rows(), 2);
}

#ifdef DBENGINE_FAULTS

CAF_TEST(a read that turns out long gives way to a write) {
  fixture f;
  f.insert();
  std::jthread writing;
  std::atomic<int> reads{0};
  base::fault::set_hook([&](std::string_view point) {
    if (point != "read_on_writer.before_statement" || reads++ > 0)
      return;
    writing = std::jthread([&] { f.insert(); });
    // The write finds the connection in use and waits in the queue.
    CAF_CHECK(eventually([&] { return f.db.get_stats().queue_size > 0; }));
  });
  const auto before = f.on_writer();
  CAF_CHECK_EQUAL(f.count(300'000), 300'000);
  CAF_CHECK_EQUAL(reads.load(), 1);
  CAF_CHECK_EQUAL(f.on_writer(), before); // the read ended on its lease
  if (writing.joinable())
    writing.join();
  CAF_CHECK_EQUAL(f.rows(), 2);
}

CAF_TEST(a failure of the write connection under a read is not the readers) {
  fixture f;
  f.insert();
  std::atomic<int> strikes{0};
  base::fault::set_hook([&](std::string_view point) {
    if (point == "read_on_writer.before_statement" && strikes++ == 0)
      throw std::runtime_error("the worker fails");
  });
  CAF_CHECK_EQUAL(f.rows(), 1);
  CAF_CHECK_EQUAL(strikes.load(), 1);
  f.insert(); // on the next writer
  CAF_CHECK_EQUAL(f.rows(), 2);
}

#else
CAF_TEST(fault points are compiled in) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}
#endif

CAF_TEST(an idle engine lets others truncate the log) {
  fixture f;
  f.insert();
  CAF_CHECK_EQUAL(f.rows(), 1);
  sqlite3* other = nullptr;
  CAF_REQUIRE_EQUAL(sqlite3_open((f.folder.path / "test.db").c_str(), &other), SQLITE_OK);
  // Before its first read, a connection does not know the log.
  CAF_REQUIRE_EQUAL(sqlite3_exec(other, "SELECT count(*) FROM t", nullptr, nullptr, nullptr),
                    SQLITE_OK);
  const auto truncated = [&] {
    return sqlite3_wal_checkpoint_v2(other, "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) ==
           SQLITE_OK;
  };
  f.db.read([&](snapshot& s) { // the control: an open snapshot prevents it
    CAF_CHECK_EQUAL(s.fetch("SELECT count(*) FROM t")[0][0].as<std::int64_t>(), 1);
    f.insert();
    CAF_CHECK(!truncated());
  });
  CAF_CHECK(eventually(truncated));
  sqlite3_close(other);
  f.insert();
  CAF_CHECK_EQUAL(f.rows(), 3);
}
