// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Tests of an engine beside other programs that use the file through plain SQLite. Whatever they do
// by SQLite's own rules, the engine continues, no outcome is unknown, and every row of every side
// is there once.
//
//   engine, three threads                      one to four programs (foreign_writer.cpp)
//   insert, alone, in groups, in scopes ...... insert
//   read what this thread has written ........ checkpoint in each mode, grow, shrink, VACUUM
//                                              alter tables, close, open
//   all of it fast for a second, slow for a second; in each fifth round only commits, and
//   the WAL grows

#include "support/engine/engine_fixture.hpp"
#include "support/faults/memory_folder.hpp"
#include "support/process/program.hpp"

#include "base/fault.hpp"

#include <dbengine/db_engine.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <sqlite3.h>
#include <sstream>
#include <thread>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;
using namespace std::chrono_literals;

namespace {

constexpr int threads = 3;

struct figures {
  std::atomic<long> writes{0}, reads{0}, fences{0}, unknown{0}, busy{0}, wrong{0};
  long foreign = 0, checkpoints = 0, vacuums = 0, schemas = 0, foreign_busy = 0;
  std::mutex mutex;
  std::string first; // the first error

  void say(const std::string& what) {
    const std::lock_guard lock(mutex);
    if (first.empty())
      first = what;
  }
  bool right() const { return fences == 0 && unknown == 0 && wrong == 0; }
};

void make_tables(db_engine& db, int writers) {
  db.execute_script(
      "CREATE TABLE e (who, n, b, UNIQUE (who, n)); CREATE TABLE f (who, n, b, UNIQUE (who, n));"
      "CREATE TABLE done (who INTEGER PRIMARY KEY, count);"
      "CREATE TRIGGER e_done AFTER INSERT ON e BEGIN"
      " UPDATE done SET count = count + 1 WHERE who = new.who; END;"
      "CREATE TRIGGER f_done AFTER INSERT ON f BEGIN"
      " UPDATE done SET count = count + 1 WHERE who = 100 + new.who; END");
  for (int t = 0; t < threads; ++t)
    db.execute("INSERT INTO done VALUES (?, 0)", t);
  for (int w = 0; w < writers; ++w) {
    db.execute("INSERT INTO done VALUES (?, 0)", 100 + w);
    db.execute("CREATE TABLE s" + std::to_string(w) + " (b)");
  }
}

// One thread that uses the engine. Its rows are 1, 2, 3 … up to `done`.
class worker {
public:
  worker(db_engine& db, int who, unsigned seed, figures& f)
      : db_(&db), who_(who), random_(seed), figures_(&f) {}

  void turn() {
    const auto before = done_;
    try {
      write();
      figures_->writes += done_ - before;
      if (done_ / 1000 != before / 1000)
        db_->execute("DELETE FROM e WHERE who = ? AND n < ?", who_, done_ - 500);
    } catch (const error& e) {
      done_ = before;
      failed(e);
      return;
    }
    try {
      const auto r = db_->fetch("SELECT count, (SELECT max(n) FROM e WHERE who = ?1) FROM done "
                                "WHERE who = ?1",
                                who_);
      ++figures_->reads;
      if (r.size() != 1 || r[0][0].as<long>() != done_ ||
          (done_ > 0 && r[0][1].as<long>() != done_)) {
        ++figures_->wrong;
        figures_->say("a read does not show what was written before");
      }
    } catch (const error& e) {
      failed(e);
    }
  }

  long done() const { return done_; }

private:
  int up_to(int n) { return std::uniform_int_distribution<int>(1, n)(random_); }

  void write() {
    const std::string insert = "INSERT INTO e VALUES (?, ?, randomblob(300))";
    switch (up_to(12)) {
    case 1:
      db_->write([&](transaction& tx) {
        tx.execute(insert, who_, done_ + 1);
        tx.execute(insert, who_, done_ + 2);
      });
      done_ += 2;
      break;
    case 2: {
      std::vector<params> sets;
      for (int i = 1; i <= 20; ++i)
        sets.push_back(params{who_, done_ + i});
      db_->execute_many(insert, sets);
      done_ += 20;
      break;
    }
    case 3:
      db_->with_id(std::to_string(who_) + "-" + std::to_string(done_ + 1))
          .execute(insert, who_, done_ + 1);
      ++done_;
      break;
    default: db_->execute(insert, who_, done_ + 1); ++done_;
    }
  }

  // Busy for longer than busy_timeout, or past the deadline: the write did not happen, and is tried
  // again.
  void failed(const error& e) {
    if (e.code() == errc::fenced)
      ++figures_->fences;
    else if (e.outcome() == outcome::unknown)
      ++figures_->unknown;
    else if (e.code() == errc::busy || e.code() == errc::timeout)
      ++figures_->busy;
    else
      ++figures_->wrong;
    if (e.code() != errc::busy && e.code() != errc::timeout)
      figures_->say(e.what());
  }

  db_engine* db_;
  int who_;
  std::minstd_rand random_;
  figures* figures_;
  long done_ = 0;
};

long number_in(sqlite3* db, const std::string& sql) {
  sqlite3_stmt* s = nullptr;
  long n = -1;
  if (sqlite3_prepare_v2(db, sql.c_str(), -1, &s, nullptr) == SQLITE_OK &&
      sqlite3_step(s) == SQLITE_ROW)
    n = static_cast<long>(sqlite3_column_int64(s, 0));
  sqlite3_finalize(s);
  return n;
}

// Checks with plain SQLite: each row once, none missing, none without an answer.
void compare(sqlite3* db, const char* table, int who, int counted_as, long done, figures& f) {
  const auto of = " FROM " + std::string(table) + " WHERE who = " + std::to_string(who);
  const auto counted =
      number_in(db, "SELECT count FROM done WHERE who = " + std::to_string(counted_as));
  const auto last = number_in(db, "SELECT ifnull(max(n), 0)" + of);
  const auto holes =
      number_in(db, "SELECT ifnull(max(n) - min(n) + 1, 0) - count(DISTINCT n)" + of);
  if (counted == done && last == done && holes == 0)
    return;
  ++f.wrong;
  f.say(std::string(table) + " of " + std::to_string(who) + ": told " + std::to_string(done) +
        ", counted " + std::to_string(counted) + ", last " + std::to_string(last) + ", missing " +
        std::to_string(holes));
}

struct round {
  int writers = 1;
  std::chrono::milliseconds length{0};
  // All programs only commit, beside a snapshot that keeps the WAL from a restart: it grows with
  // each commit.
  bool grows = false;
  bool until_fenced = false;
};

// Adds the figures of another program. Returns the number of its writes.
long add_figures(const program& other, figures& f) {
  long done = -1, checkpoints = 0, vacuums = 0, schemas = 0, busy = 0;
  std::string wrong;
  std::istringstream out(other.out());
  out >> done >> checkpoints >> vacuums >> schemas >> busy;
  std::getline(out >> std::ws, wrong);
  f.foreign += done;
  f.checkpoints += checkpoints;
  f.vacuums += vacuums;
  f.schemas += schemas;
  f.foreign_busy += busy;
  if (!wrong.empty()) {
    ++f.wrong;
    f.say("a program: " + wrong);
  }
  return done;
}

std::string integrity_of(sqlite3* db) {
  sqlite3_stmt* check = nullptr;
  std::string found = "not checked";
  if (sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &check, nullptr) == SQLITE_OK &&
      sqlite3_step(check) == SQLITE_ROW)
    found = reinterpret_cast<const char*>(sqlite3_column_text(check, 0));
  sqlite3_finalize(check);
  return found;
}

void run_round(const round& r, unsigned seed, figures& f) {
  const engine_folder folder;
  const auto file = (folder.path / "test.db").string();
  std::vector<std::unique_ptr<program>> others;
  std::vector<worker> workers;
  {
    options o;
    o.busy_timeout = 30s;
    o.request_timeout = 60s;
    db_engine db(folder.url(), o);
    make_tables(db, r.writers);
    std::optional<cursor> snapshot;
    if (r.grows) {
      snapshot.emplace(db.cursor("SELECT who FROM done", params{}, 1));
      snapshot->next();
    }
    for (int t = 0; t < threads; ++t)
      workers.emplace_back(db, t, seed * 31U + static_cast<unsigned>(t), f);
    for (int w = 0; w < r.writers; ++w)
      others.push_back(std::make_unique<program>(
          std::vector<std::string>{file, std::to_string(w),
                                   std::to_string(seed * 17U + static_cast<unsigned>(w)),
                                   r.grows ? "commits" : "mixed"},
          std::map<std::string, std::string>{}, DBENGINE_BIN_DIR "/foreign_writer"));
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> all;
    for (auto& w : workers)
      all.emplace_back([&] {
        for (auto now = start; now - start < r.length && f.fences == 0;
             now = std::chrono::steady_clock::now()) {
          w.turn();
          if (!r.grows && (now - start) % 2s > 1s)
            std::this_thread::sleep_for(2ms);
        }
      });
    for (auto& t : all)
      t.join();
    for (auto& other : others)
      other->close_input();
    for (auto& other : others)
      if (other->wait() != 0)
        f.say("a program: " + other->out());
    if (!db.health().fenced.empty())
      ++f.fences;
  }
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  for (int t = 0; t < threads && !r.until_fenced; ++t)
    compare(db, "e", t, t, workers[static_cast<std::size_t>(t)].done(), f);
  for (int w = 0; w < r.writers; ++w) {
    const auto done = add_figures(*others[static_cast<std::size_t>(w)], f);
    compare(db, "f", w, 100 + w, done, f);
  }
  const auto found = integrity_of(db);
  sqlite3_close(db);
  if (found != "ok") {
    ++f.wrong;
    f.say("integrity_check: " + found);
  }
}

void report(const char* what, long seconds, const figures& f) {
  std::fprintf(stderr,
               "%s, %ld s: engine %ld writes %ld reads %ld busy, others %ld writes %ld "
               "checkpoints %ld vacuums %ld schema changes %ld busy: %ld fences, %ld unknown, "
               "%ld wrong %s\n",
               what, seconds, f.writes.load(), f.reads.load(), f.busy.load(), f.foreign,
               f.checkpoints, f.vacuums, f.schemas, f.foreign_busy, f.fences.load(),
               f.unknown.load(), f.wrong.load(), f.first.c_str());
}

unsigned seed_of_run() {
  const auto seed = static_cast<unsigned>(
      number_from("DBENGINE_SEED", static_cast<long>(std::random_device{}() & 0xff'ffff)));
  std::fprintf(stderr, "DBENGINE_SEED=%u\n", seed);
  return seed;
}

} // namespace

CAF_TEST(other programs on the file never fence the engine) {
  const auto seconds = number_from("DBENGINE_FOREIGN_SECONDS", 20);
  const auto seed = seed_of_run();
  figures f;
  // In rounds of at most ten seconds, so that a failure is located in time and the files stay
  // small.
  constexpr long longest = 10'000;
  const auto rounds = std::max(5L, seconds * 1000 / longest);
  for (long i = 0; i < rounds && f.right(); ++i)
    run_round({.writers = static_cast<int>(i % 4) + 1,
               .length = std::chrono::milliseconds(seconds * 1000 / rounds),
               .grows = i % 5 == 4},
              seed + static_cast<unsigned>(i), f);
  report("foreign writers", seconds, f);
  CAF_CHECK(f.right());
  CAF_CHECK(f.writes > 0 && f.reads > 0 && f.foreign > 0);
  CAF_CHECK(f.checkpoints > 0 && f.vacuums > 0 && f.schemas > 0);
}

// Negative control: the mutant restores an order of checks that mistook a commit in between for a
// truncation.
CAF_TEST(an engine that believes its first check is found out) {
#ifdef DBENGINE_FAULTS
  base::fault::set_mutant("believes the first look");
  figures f;
  run_round({.writers = 2, .length = 60s, .grows = true, .until_fenced = true}, seed_of_run(), f);
  base::fault::set_mutant({});
  report("the control", 60, f);
  CAF_CHECK(f.fences > 0);
#else
  DBENGINE_SKIP("this build has no mutants to switch on");
#endif
}
