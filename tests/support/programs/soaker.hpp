// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A client of the soak test, and the counters of all clients.
// Thread safety: a client belongs to its thread; any thread uses the counters.

#pragma once

#include "support/engine/answer_box.hpp"
#include "support/engine/facade_internals.hpp"
#include "support/engine/write_log.hpp"

#include <dbengine/db_engine.hpp>

#include <dbengine/actors/messages.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <thread>

#include <sqlite3.h>

namespace dbengine::test {

using namespace std::chrono_literals;

inline constexpr int clients = 8; // every second one over the typed handle
inline constexpr std::int64_t rows_per_client = 500;
inline constexpr std::size_t leases = 8;
inline constexpr const char* add_one = "UPDATE ring SET n = n + 1 WHERE k = ?";

inline std::atomic<bool> stop{false};
inline std::atomic<std::uint64_t> requests{0}, failures{0}, unknown{0}, wrong{0};

// One client, with rows that only it changes, and whose expected values it records.
class soaker {
public:
  soaker(db_engine& db, engine_actor handle, int number, unsigned seed)
      : db_(&db), handle_(std::move(handle)), number_(number), random_(seed),
        expected_(rows_per_client, 0) {
    if (number_ % 2 == 1)
      box_ = answer_box::make(engine_system_of(db)->system());
  }

  void run() {
    while (!stop.load(std::memory_order_relaxed)) {
      const auto i = static_cast<std::size_t>(random_() / 16 % rows_per_client);
      const auto j = (i + 1) % static_cast<std::size_t>(rows_per_client);
      const auto dice = random_() / 16 % 20;
      if (dice < 10)
        change({i}, [&] { execute(key(i)); });
      else if (dice < 13)
        change({i, j}, [&] {
          db_->execute_transaction(
              {operation::execute(add_one, key(i)), operation::execute(add_one, key(j))});
        });
      else if (dice < 15)
        change({i, j}, [&] {
          const std::vector<params> sets{params::of(key(i)), params::of(key(j))};
          db_->execute_many(add_one, sets);
        });
      else if (dice < 16)
        change({i}, [&] { db_->write([&](transaction& tx) { tx.execute(add_one, key(i)); }); });
      else if (dice < 17)
        change({}, [&] { // rows that are inserted and deleted
          db_->execute_script("INSERT INTO churn (v) VALUES (randomblob(500)); DELETE FROM churn "
                              "WHERE id < (SELECT max(id) FROM churn) - 2000");
        });
      check(i);
    }
  }

  /// Makes the last reads of changes with an unknown outcome, then releases the engine.
  void close() {
    while (!adopt_.empty())
      check(adopt_.begin()->first);
    box_ = {};
    handle_ = nullptr;
  }
  /// Compares all rows with the file, at the end of the run.
  void compare_with(sqlite3* db) const {
    for (std::size_t i = 0; i < expected_.size(); ++i) {
      const auto there = dbengine::sqlite::column_of(
          db, "SELECT n FROM ring WHERE k = " + std::to_string(key(i)), "the end");
      if (there.size() != 1 || std::stoll(there[0]) != expected_[i])
        ++wrong;
    }
  }

private:
  std::int64_t key(std::size_t i) const {
    return number_ * rows_per_client + static_cast<std::int64_t>(i);
  }

  // Waits for an answer over the handle and reports errors as the facade does.
  caf::message ask(std::uint64_t number) {
    caf::message m;
    if (!box_->wait(number, 60s, m))
      throw error(errc::internal, "no answer");
    if (auto e = failure_in(m); e.code != errc::none)
      throw error(std::move(e));
    return m;
  }

  void execute(std::int64_t k) {
    if (box_)
      ask(box_->send(handle_, execute_request{add_one, params::of(k)}));
    else
      db_->execute(add_one, k);
  }

  std::int64_t read(std::int64_t k) {
    constexpr const char* sql = "SELECT n FROM ring WHERE k = ?";
    if (!box_)
      return db_->fetch_value<std::int64_t>(sql, k).value_or(-1);
    const auto m = ask(box_->send(handle_, fetch_request{sql, params::of(k)}));
    return m.get_as<rows>(0)[0][0].as<std::int64_t>();
  }

  template <class F>
  void change(std::initializer_list<std::size_t> changed, F&& f) {
    ++requests;
    try {
      std::forward<F>(f)();
      for (const auto i : changed)
        ++expected_[i];
    } catch (const error& e) {
      note(e);
      if (e.outcome() == outcome::unknown) {
        ++unknown;
        for (const auto i : changed)
          adopt_[i] = true;
      }
    }
  }

  void check(std::size_t i) {
    ++requests;
    try {
      const auto n = read(key(i));
      // The first read shows the result of a change with an unknown outcome: done at most once.
      if (const auto it = adopt_.find(i); it != adopt_.end()) {
        wrong += n != expected_[i] && n != expected_[i] + 1;
        expected_[i] = n;
        adopt_.erase(it);
      }
      if (n != expected_[i] && ++wrong < 5)
        std::fprintf(stderr, "row %lld is %lld, not %lld\n", static_cast<long long>(key(i)),
                     static_cast<long long>(n), static_cast<long long>(expected_[i]));
    } catch (const error& e) {
      note(e);
    }
  }

  static void note(const error& e) {
    ++failures;
    if (e.code() != errc::unavailable && e.code() != errc::poison && ++wrong < 5)
      std::fprintf(stderr, "an answer that was not foreseen: %s\n", e.what());
  }

  db_engine* db_;
  engine_actor handle_;
  int number_;
  std::minstd_rand random_;
  std::vector<std::int64_t> expected_;
  std::map<std::size_t, bool> adopt_;
  answer_box_ptr box_;
};

} // namespace dbengine::test
