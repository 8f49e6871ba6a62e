// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A commit that fails with an I/O error may reappear when the file is opened again. The engine
// resolves the commit before any caller gets "not done". If that is impossible, it writes nothing
// more.
//
//   writer                               answer
//   COMMIT: I/O error
//   checkpoint empties the WAL -------->  the group runs again: done
//   a reader keeps the WAL: a commit
//   replaces the failed one ----------->  the same
//   neither is possible --------------->  `fenced`, `unknown`; the next write tries again

#include "support/engine/engine_system_fixture.hpp"

#include "support/faults/fault_script.hpp"

#include <dbengine/db_engine.hpp>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;

namespace {

[[noreturn]] void io_error() {
  throw error(
      error_info{.code = errc::io, .extended_code = 1034, .message = "disk I/O error on purpose"});
}

// A disk that can be broken: while it is, every COMMIT, checkpoint and resolving commit fails.
class broken_disk {
public:
  explicit broken_disk(std::vector<std::string> points) : points_(std::move(points)) {
    base::fault::set_hook([this](std::string_view name) {
      if (broken && std::find(points_.begin(), points_.end(), name) != points_.end()) {
        ++errors;
        if (--left <= 0)
          broken = false;
        io_error();
      }
    });
  }
  ~broken_disk() { base::fault::set_hook({}); }
  std::atomic<bool> broken{false};
  std::atomic<int> left{1'000'000};
  std::atomic<int> errors{0};

private:
  const std::vector<std::string> points_;
};

std::vector<counted_ptr> group(engine_system_fixture& f) {
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  std::vector<counted_ptr> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(f.write("INSERT INTO t VALUES (1)"));
  f.core().writer().unlock();
  for (const auto& r : all)
    CAF_REQUIRE(engine_system_fixture::answered(r));
  return all;
}

} // namespace

CAF_TEST(a failed commit that is resolved runs again) {
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  broken_disk disk({"writer.before_commit"});
  disk.left = 1;
  disk.broken = true;
  for (const auto& r : group(f)) {
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
    CAF_CHECK_EQUAL(r->answers.load(), 1);
  }
  CAF_CHECK_EQUAL(disk.errors.load(), 1);
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 3);
  CAF_CHECK(f.health().ok);
}

CAF_TEST(a reader that keeps the WAL does not keep a failed commit from being resolved) {
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  CAF_REQUIRE(f.done("INSERT INTO t VALUES (0)"));
  const auto reader = f.core().file().open_reader();
  reader->snapshot().refresh();
  dbengine::sqlite::request_control ctl(10s, {});
  CAF_REQUIRE(reader->fetch("SELECT count(*) FROM t", {}, ctl)[0][0].as<int>() == 1);
  broken_disk disk({"writer.before_commit"});
  disk.left = 1;
  disk.broken = true;
  for (const auto& r : group(f))
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::none));
  CAF_CHECK(f.core().fence().reason().empty());
  CAF_CHECK(reader->fetch("SELECT count(*) FROM t", {}, ctl)[0][0].as<int>() ==
            1); // still in its snapshot
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 4);
}

CAF_TEST(a failed commit that cannot be resolved fences writing until it can) {
  std::vector<escalation_kind> told;
  std::mutex telling;
  options o;
  o.on_escalation = [&](const escalation& e) {
    const std::lock_guard lock(telling);
    told.push_back(e.what);
  };
  engine_system_fixture f(o);
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  broken_disk disk({"writer.before_commit", "writer.checkpoint", "writer.settle"});
  disk.broken = true;
  for (const auto& r : group(f)) {
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::fenced));
    CAF_CHECK(r->outcome_info().outcome == outcome::unknown); // no caller gets "not done"
    CAF_CHECK_EQUAL(r->answers.load(), 1);
  }
  const auto later = f.write("INSERT INTO t VALUES (2)");
  CAF_REQUIRE(engine_system_fixture::answered(later));
  CAF_CHECK_EQUAL(to_string(later->code()), to_string(errc::fenced));
  CAF_CHECK(later->outcome_info().outcome == outcome::not_run);
  CAF_CHECK(!f.health().ok);
  CAF_CHECK(f.health().fenced.find("could not be resolved") != std::string::npos);
  CAF_CHECK_EQUAL(f.number("SELECT count(*) FROM t"), 0); // reads continue
  disk.broken = false;
  CAF_CHECK(f.done("INSERT INTO t VALUES (3)")); // without any intervention
  CAF_CHECK(f.health().ok);
  CAF_CHECK_EQUAL(f.number("SELECT sum(x) FROM t"), 3);
  const std::lock_guard lock(telling);
  CAF_CHECK_EQUAL(told, (std::vector<escalation_kind>{escalation_kind::writing_fenced,
                                                      escalation_kind::writing_resumed}));
}

CAF_TEST(a writer that fails while it resolves loses no request) {
  for (const std::string point : {"writer.settle", "writer.checkpoint"}) {
    engine_system_fixture f({}, quick_restarts());
    CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
    std::atomic<bool> broken{true};
    std::atomic<bool> kills{false};
    base::fault::set_hook([&](std::string_view name) {
      if (kills && name == point)
        fail_worker();
      if (broken && (name == "writer.before_commit" || name == "writer.checkpoint" ||
                     name == "writer.settle"))
        io_error();
    });
    for (const auto& r : group(f))
      CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::fenced));
    kills = true;
    for (int i = 0; i < 3; ++i) {
      const auto later = f.write("INSERT INTO t VALUES (2)");
      CAF_REQUIRE(engine_system_fixture::answered(later));
      CAF_CHECK_EQUAL(to_string(later->code()), to_string(errc::fenced));
      CAF_CHECK(later->outcome_info().outcome == outcome::not_run);
      CAF_CHECK_EQUAL(later->answers.load(), 1);
    }
    kills = broken = false;
    CAF_CHECK(f.done("INSERT INTO t VALUES (3)"));
    CAF_CHECK_EQUAL(f.number("SELECT sum(x) FROM t"), 3);
    base::fault::set_hook({});
  }
}

CAF_TEST(a write whose failed commit is not resolved is answered by its deadline) {
  //   writer: fenced; pops the next write, blocks in the checkpoint
  //   watchdog: timeout
  //   the latch opens: resolved, written
  engine_system_fixture f;
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  blocking_point latch;
  std::atomic<bool> broken{true};
  std::atomic<bool> stands{false};
  base::fault::set_hook([&](std::string_view name) {
    if (stands && name == "writer.checkpoint")
      return latch.wait();
    if (broken &&
        (name == "writer.before_commit" || name == "writer.checkpoint" || name == "writer.settle"))
      io_error();
  });
  for (const auto& r : group(f))
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::fenced));
  stands = true;
  broken = false;
  const auto stuck = f.write("INSERT INTO t VALUES (2)", 300ms);
  CAF_REQUIRE(engine_system_fixture::answered(stuck));
  CAF_CHECK_EQUAL(to_string(stuck->code()), to_string(errc::timeout));
  CAF_CHECK(stuck->outcome_info().outcome != outcome::unknown); // it never reached its commit
  CAF_CHECK(eventually([&] { return !f.health().ok; }));
  stands = false;
  latch.open();
  CAF_CHECK(f.done("INSERT INTO t VALUES (3)"));
  CAF_CHECK_EQUAL(f.number("SELECT sum(x) FROM t"), 3);
  base::fault::set_hook({});
}

CAF_TEST(the facade gets the same) {
  engine_folder folder;
  db_engine db(folder.url());
  db.execute("CREATE TABLE t (x)");
  broken_disk disk({"writer.before_commit", "writer.checkpoint", "writer.settle"});
  const auto in_transaction = [&] {
    return failure_of(
        [&] { db.write([](transaction& tx) { tx.execute("INSERT INTO t VALUES (1)"); }); });
  };
  disk.broken = true;
  auto e = in_transaction();
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
  CAF_CHECK(e.outcome == outcome::unknown);
  e = in_transaction();
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
  CAF_CHECK(e.outcome == outcome::not_run);
  e = failure_of([&] { db.execute("INSERT INTO t VALUES (1)"); });
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
  CAF_CHECK(e.outcome == outcome::not_run);
  disk.broken = false;
  CAF_CHECK_EQUAL(to_string(in_transaction().code), to_string(errc::none));
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 1);
  // Resolved at once: the error reports the rollback.
  disk.left = 1;
  disk.broken = true;
  e = in_transaction();
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::io));
  CAF_CHECK(e.outcome == outcome::rolled_back || e.outcome == outcome::not_run);
  CAF_CHECK(db.fetch_value<int>("SELECT count(*) FROM t") == 1);
  db.execute("INSERT INTO t VALUES (2)");
}

#else

CAF_TEST(fault points are compiled in) {
  DBENGINE_SKIP("built without DBENGINE_FAULTS");
}

#endif
