// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of a disk that fails at COMMIT while workers die, above all during the resolution of a
// failed commit. A write answered as not done does not reappear when the file is opened again.
//
//   16 clients     disk (the WAL)       writer
//   writes ---------------------------> COMMIT
//                  a sync fails ------> a checkpoint, else a commit, resolves it
//                                       killed there, or before, or after
//                  ... for long ------> cannot: `fenced`, `unknown`
//   compare answers and file, closed by an engine whose disk works, or fails to the end

#include "base/fault.hpp"
#include "support/engine/engine_system_fixture.hpp"
#include "support/faults/faulty_vfs.hpp"
#include "support/faults/kill_round.hpp"
#include "support/faults/memory_folder.hpp"

#include <dbengine/db_engine.hpp>

#include <sqlite3.h>

#include <cstdio>
#include <random>

#include "support/test.hpp" // last

#ifdef DBENGINE_FAULTS

using namespace dbengine;
using namespace dbengine::test;
namespace fs = std::filesystem;

namespace {

std::string url_of(const fs::path& file) {
  return "sqlite:///file:" + file.string() + "?vfs=" + faulty_vfs::name();
}

options durable() {
  options o;
  o.synchronous = synchronous::full;
  return o;
}

std::int64_t rows_after_crash(const fs::path& file) {
  return db_engine("sqlite:///" + crash_image(file).string())
      .fetch_value<std::int64_t>("SELECT count(*) FROM t")
      .value();
}

} // namespace

CAF_TEST(a group that cannot be resolved says so although its writer dies) {
  //   writer: COMMIT, not resolved, dies before the answers
  //   next writer: cannot resolve it either
  const memory_folder folder;
  const auto file = folder.path / "test.db";
  engine_system_fixture f(durable(), quick_restarts(), url_of(file));
  CAF_REQUIRE(f.done("CREATE TABLE t (x)"));
  std::atomic<int> deaths{0};
  base::fault::set_hook([&](std::string_view name) {
    if (name == "writer.before_answer" && deaths.fetch_add(1) == 0)
      throw std::runtime_error("killed");
  });
  faulty_vfs::arm_gone(1);
  CAF_REQUIRE(eventually([&] { return f.core().writer().try_lock(); }));
  std::vector<counted_ptr> all;
  for (int i = 0; i < 3; ++i)
    all.push_back(f.write("INSERT INTO t VALUES (1)"));
  f.core().writer().unlock();
  for (const auto& r : all) {
    CAF_REQUIRE(engine_system_fixture::answered(r));
    CAF_CHECK_EQUAL(to_string(r->code()), to_string(errc::fenced));
    CAF_CHECK_EQUAL(to_string(r->outcome_info().outcome), to_string(outcome::unknown));
    CAF_CHECK_EQUAL(r->answers.load(), 1);
  }
  CAF_CHECK(deaths > 0);
  CAF_CHECK_EQUAL(rows_after_crash(file), 3); // outcome::not_run would have been wrong
  faulty_vfs::disarm();
  base::fault::set_hook({});
}

CAF_TEST(a statement of a script that goes on is resolved if its commit failed) {
  const memory_folder folder;
  const auto file = folder.path / "test.db";
  db_engine db(url_of(file), durable());
  db.execute("CREATE TABLE t (x)");
  const auto script = [&] {
    return db.execute_script("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)",
                             script_mode::continue_on_error);
  };
  faulty_vfs::arm(faulty_vfs::call::sync, 2, SQLITE_IOERR_FSYNC, false);
  const auto r = script();
  CAF_CHECK_EQUAL(faulty_vfs::disarm(), 1);
  CAF_REQUIRE_EQUAL(r.steps.size(), 2u);
  CAF_CHECK(!r.steps[0].failure);
  CAF_REQUIRE(r.steps[1].failure);
  CAF_CHECK_EQUAL(to_string(r.steps[1].failure->code), to_string(errc::io));
  CAF_CHECK_EQUAL(rows_after_crash(file), 1);
  // If the commit cannot be resolved, nothing more is written, and no caller gets an answer of "not
  // done". (An empty WAL could be truncated again, so it has a row first.)
  db.execute("INSERT INTO t VALUES (0)");
  faulty_vfs::arm(faulty_vfs::call::sync, 2, SQLITE_IOERR_FSYNC, true);
  const auto e = failure_of(script);
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
  CAF_CHECK_EQUAL(to_string(e.outcome), to_string(outcome::unknown));
  CAF_CHECK(e.index == std::size_t{1});
  CAF_CHECK_EQUAL(to_string(failure_of(script).outcome), to_string(outcome::not_run));
  faulty_vfs::disarm();
  CAF_CHECK_EQUAL(script().steps.size(), 2u);
  CAF_CHECK_EQUAL(db.fetch_value<int>("SELECT count(*) FROM t").value_or(0), 5);
}

CAF_TEST(a statement on a raw connection is resolved if its commit failed) {
  const memory_folder folder;
  const auto file = folder.path / "test.db";
  db_engine db(url_of(file), durable());
  db.execute("CREATE TABLE t (x)");
  const std::vector<params> sets{params::of(1), params::of(2)};
  const std::function<void(raw_connection&)> ways[] = {
      [](raw_connection& c) { c.execute("INSERT INTO t VALUES (1)"); },
      [](raw_connection& c) { c.fetch("INSERT INTO t VALUES (1) RETURNING x"); },
      [&](raw_connection& c) { c.execute_many("INSERT INTO t VALUES (?)", sets); },
      [](raw_connection& c) {
        c.execute("BEGIN");
        c.execute("INSERT INTO t VALUES (1)");
        c.execute("COMMIT");
      }};
  for (const auto& way : ways) {
    auto c = db.raw_connection();
    faulty_vfs::arm(faulty_vfs::call::sync, 1, SQLITE_IOERR_FSYNC, false);
    const auto e = failure_of([&] { way(c); });
    CAF_CHECK_EQUAL(faulty_vfs::disarm(), 1);
    CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::io));
    CAF_CHECK_EQUAL(rows_after_crash(file), 0);
  }
  db.execute("INSERT INTO t VALUES (0)"); // an empty WAL could be truncated again
  {
    auto c = db.raw_connection();
    faulty_vfs::arm(faulty_vfs::call::sync, 1, SQLITE_IOERR_FSYNC, true);
    const auto e = failure_of([&] { ways[0](c); });
    CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::fenced));
    CAF_CHECK_EQUAL(to_string(e.outcome), to_string(outcome::unknown));
  }
  faulty_vfs::disarm();
  db.execute("INSERT INTO t VALUES (3)");
  CAF_CHECK(db.health().ok);
}

CAF_TEST(a commit that runs out of memory does not reappear) {
  // All its frames are in the WAL when the WAL index, which must grow for so many, gets no memory.
  const memory_folder folder;
  const auto file = folder.path / "test.db";
  db_engine db(url_of(file), durable());
  db.execute("CREATE TABLE t (x)");
  const auto large = [&] { db.execute("INSERT INTO t VALUES (zeroblob(20000000))"); };
  faulty_vfs::arm(faulty_vfs::call::map, 1, SQLITE_NOMEM, false);
  const auto e = failure_of(large);
  CAF_CHECK_EQUAL(faulty_vfs::disarm(), 1);
  CAF_CHECK_EQUAL(to_string(e.code), to_string(errc::too_big));
  CAF_CHECK_EQUAL(to_string(e.outcome), to_string(outcome::rolled_back));
  CAF_CHECK_EQUAL(rows_after_crash(file), 0);
  large();
  CAF_CHECK_EQUAL(rows_after_crash(file), 1);
}

namespace {

// From disks that fail once to disks on which nothing can be resolved for a while. With and without
// a reader that prevents a restart of the WAL.
kill_round next_round(unsigned seed, unsigned number, std::minstd_rand& random) {
  const auto below = [&random](unsigned n) { return static_cast<unsigned>(random()) / 16 % n; };
  const unsigned kind = number % 8;
  const bool resolved = kind < 2; // by the checkpoint, each time: no outcome is unknown
  kill_round next{.seed = seed + number,
                  .disk = failing_disk{.every = 10 + static_cast<int>(below(20)),
                                       .in_a_row = 1 + static_cast<int>(kind) / 2,
                                       .pinned = kind % 4 == 3,
                                       .broken_at_the_end = !resolved && below(2) == 0}};
  const auto how = [&] { return below(3) == 0 ? death::exits : death::throws; };
  if (kind == 5) // one worker is blocked, and no other is killed before its release
    next.plans = {{below(2) == 0 ? std::string("writer.settle")
                                 : writer_points[below(std::size(writer_points))],
                   death::stalls, below(3)}};
  for (int i = 0; i < (kind == 5 ? 0 : 12); ++i)
    next.plans.push_back({writer_points[below(std::size(writer_points))], how(), below(10)});
  if (resolved) {
    next.plans.push_back({"writer.before_statement", death::throws, 3}); // so that a writer opens
    next.plans.push_back({"writer.open", how(), 0});
  }
  for (int i = 0; i < (resolved || kind == 5 ? 0 : 6); ++i)
    next.plans.push_back({below(6) == 0 ? "writer.checkpoint" : "writer.settle", how(), below(2)});
  return next;
}

} // namespace

CAF_TEST(kills while commits fail leave every answer true) {
  const auto wanted = static_cast<std::uint64_t>(number_from("DBENGINE_SETTLE_KILLS", 500));
  const auto seed = static_cast<unsigned>(
      number_from("DBENGINE_SEED", static_cast<long>(std::random_device{}() & 0x7fff'ffff)));
  std::fprintf(stderr, "DBENGINE_SEED=%u\n", seed);
  const memory_folder folder;
  std::minstd_rand random(seed);
  round_result sum;
  unsigned rounds = 0;
  while (sum.kills < wanted) {
    const auto next = next_round(seed, rounds++, random);
    const auto r = run(next, folder.path);
    sum.kills += r.kills;
    sum.restarts += r.restarts;
    sum.requests += r.requests;
    sum.failed_calls += r.failed_calls;
    sum.fences += r.fences;
    sum.found.done += r.found.done;
    sum.found.not_done += r.found.not_done;
    sum.found.either += r.found.either;
    CAF_CHECK(r.right());
    if (!r.right()) {
      report(next, r);
      break;
    }
  }
  CAF_CHECK(sum.kills >= wanted);
  CAF_CHECK(sum.fences > 0);
  std::fprintf(
      stderr,
      "%llu kills and %llu restarts in %u engines, %llu failed writes and syncs, %llu "
      "fences, %llu requests; writes %llu done, %llu not done, %llu unknown\n",
      static_cast<unsigned long long>(sum.kills), static_cast<unsigned long long>(sum.restarts),
      rounds, static_cast<unsigned long long>(sum.failed_calls),
      static_cast<unsigned long long>(sum.fences), static_cast<unsigned long long>(sum.requests),
      static_cast<unsigned long long>(sum.found.done),
      static_cast<unsigned long long>(sum.found.not_done),
      static_cast<unsigned long long>(sum.found.either));
}

CAF_TEST(a failed commit that is not resolved is found out) {
  const memory_folder folder;
  base::fault::set_mutant("does not settle");
  std::uint64_t ghosts = 0;
  for (unsigned i = 0; i < 20 && ghosts == 0; ++i)
    ghosts = run({.plans = {{"writer.after_commit", death::throws, 5}},
                  .seed = i,
                  .disk = failing_disk{.every = 10, .broken_at_the_end = true}},
                 folder.path)
                 .crashed.ghosts;
  base::fault::set_mutant({});
  CAF_CHECK(ghosts > 0);
}

#else

CAF_TEST(workers can be killed in this build) {
  DBENGINE_SKIP("this build has no fault points");
}

#endif
