// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Backups beside writers at full speed: each backup ends, and holds one state of all tables that
// existed at one moment. DBENGINE_BACKUP_ROWS sets the number of accounts (20,000 by default,
// 1000000 for the large run).

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

constexpr int writers = 2;
constexpr int backups = 5;
constexpr std::int64_t balance = 1000;

std::int64_t accounts() {
  const char* text = std::getenv("DBENGINE_BACKUP_ROWS");
  return std::max(text != nullptr ? std::atoll(text) : 20'000, 2LL);
}

/// The invariant of the tables: money only moves, and each move has its line and is counted.
struct figures {
  std::int64_t money = 0;
  std::int64_t lines = 0;
  std::int64_t last_line = 0;
  std::int64_t moves = 0;

  bool consistent() const {
    return money == accounts() * balance && lines == moves && last_line == moves;
  }
};

figures figures_of(const auto& db) {
  const auto get = [&](const char* sql) {
    return db.template fetch_value<std::int64_t>(sql).value();
  };
  return {.money = get("SELECT sum(balance) FROM account"),
          .lines = get("SELECT count(*) FROM line"),
          .last_line = get("SELECT coalesce(max(id), 0) FROM line"),
          .moves = get("SELECT moves FROM total")};
}

// Moves money until stopped, half of it as one transaction of several statements, half as two
// statements of one trigger.
class bank {
public:
  explicit bank(const db_engine& db) : db_(db) {
    db.execute_script("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, note TEXT);"
                      "CREATE TABLE line (id INTEGER PRIMARY KEY, source INTEGER, target INTEGER);"
                      "CREATE TABLE total (moves INTEGER); INSERT INTO total VALUES (0);"
                      "CREATE TRIGGER counted AFTER INSERT ON line BEGIN"
                      " UPDATE total SET moves = moves + 1;"
                      " UPDATE account SET balance = balance - 1 WHERE id = new.source;"
                      " UPDATE account SET balance = balance + 1 WHERE id = new.target; END");
    db.execute("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT ?)"
               "INSERT INTO account SELECT x, ?, printf('%0100d', x) FROM c",
               accounts(), balance);
  }
  ~bank() { close(); }

  void open() {
    for (int w = 0; w < writers; ++w)
      threads_.emplace_back([this, w] { work(w); });
  }
  void close() {
    stop_ = true;
    for (auto& t : threads_)
      t.join();
    threads_.clear();
  }
  std::int64_t begun() const { return begun_; }
  std::int64_t done() const { return done_; }
  const std::string& failure() const { return failure_; }

private:
  void work(int w) {
    try {
      for (std::int64_t i = w; !stop_; ++i) {
        const auto from = i * 7919 % accounts() + 1;
        const auto to = (i * 104729 + 1) % accounts() + 1;
        ++begun_;
        if (i % 2 == 0)
          db_.execute("INSERT INTO line (source, target) VALUES (?, ?)", from, to);
        else
          db_.write([&](transaction& tx) {
            tx.execute("UPDATE account SET note = 'x' || ? WHERE id = ?", i, from);
            tx.execute("INSERT INTO line (source, target) VALUES (?, ?)", from, to);
          });
        ++done_;
      }
    } catch (const error& e) {
      if (w == 0)
        failure_ = e.what();
    }
  }

  const db_engine& db_;
  std::atomic<bool> stop_{false};
  std::atomic<std::int64_t> begun_{0};
  std::atomic<std::int64_t> done_{0};
  std::string failure_;
  std::vector<std::thread> threads_;
};

} // namespace

//  writers x 2                        | this thread
//  -----------------------------------+----------------------------------------------------------
//  move money until stopped           | each backup: done before <= moves in it <= begun after
CAF_TEST(a backup under writers is one state that was true while it began) {
  const engine_folder folder;
  const db_engine db(folder.url(), {.backup_dir = folder.path / "backups"});
  bank b(db);
  b.open();
  while (b.done() < 10)
    std::this_thread::yield();
  for (int i = 0; i < backups; ++i) {
    const auto done_before = b.done();
    std::filesystem::path made;
    if (i % 2 == 0) {
      CAF_REQUIRE(db.request_backup());
      made = db.get_backup_info().backup_files.at(0).path;
    } else {
      made = folder.path / ("given" + std::to_string(i) + ".db");
      db.backup_to(made);
    }
    const auto begun_after = b.begun();
    CAF_CHECK(begun_after > done_before);
    const db_engine copy(made.string(), {.read_only = true});
    const auto found = figures_of(copy);
    CAF_MESSAGE(done_before << " <= " << found.moves << " <= " << begun_after);
    CAF_CHECK(found.consistent());
    CAF_CHECK(done_before <= found.moves && found.moves <= begun_after);
    CAF_CHECK(copy.integrity_check().empty());
  }
  b.close();
  CAF_CHECK_EQUAL(b.failure(), "");
  CAF_CHECK(figures_of(db).consistent());
}

CAF_TEST(figures read without a snapshot are not one state) {
  const engine_folder folder;
  const db_engine db(folder.url());
  bank b(db);
  b.open();
  bool seen = false;
  for (int i = 0; i < 1000 && !seen; ++i)
    seen = !figures_of(db).consistent();
  CAF_CHECK(seen);
}
