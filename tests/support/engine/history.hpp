// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A history of the requests of many clients and their answers, checked against the order that the
// database itself recorded.
// Thread safety: a client's records belong to its thread; any thread uses `frontier`; the check
// runs when all clients have ended.
//
// Every write inserts into the table `log`. Its rowid is the write's version: it counts the writes
// in the order of their commits (one writer, and nothing is deleted). A trigger makes the intended
// change, to a register or an append list, in the same statement. Every read asks for the newest
// version together with the value. So the true order is known without a search, and the check is
// linear:
//
//   strict serialisability  a write's version is above every version answered before its request
//   fresh reads             a read's version is above or equal: read-your-writes on any thread,
//                           and no read sees an older version
//   snapshots               the value is that of the version read beside it, replayed from the log
//   isolation               the rows of one request are neighbours in the log, and the versions of
//                           an interactive transaction follow each other
//   outcomes                done: there once; did not run, rolled back: not there;
//                           unknown: once or not at all

#pragma once

#include <dbengine/error.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace dbengine::test {

inline constexpr const char* history_schema =
    "CREATE TABLE log (v INTEGER PRIMARY KEY, client INTEGER NOT NULL, op INTEGER NOT NULL, "
    "list INTEGER NOT NULL, k INTEGER NOT NULL);"
    "CREATE TABLE registers (k INTEGER PRIMARY KEY, v INTEGER NOT NULL);"
    "CREATE TABLE lists (k INTEGER, n INTEGER, v INTEGER NOT NULL, PRIMARY KEY (k, n)) WITHOUT ROWID;"
    "CREATE TRIGGER to_register AFTER INSERT ON log WHEN NOT new.list BEGIN "
    "UPDATE registers SET v = new.v WHERE k = new.k; END;"
    "CREATE TRIGGER to_list AFTER INSERT ON log WHEN new.list BEGIN INSERT INTO lists VALUES (new.k, "
    "(SELECT coalesce(max(n), 0) + 1 FROM lists WHERE k = new.k), new.v); END;"
    "INSERT INTO registers SELECT value, 0 FROM json_each('[0,1,2,3,4,5,6,7]');";
inline constexpr int history_keys = 8;

/// The answer to a write. `either`: the engine reports that the outcome is unknown.
enum class told : std::uint8_t { nothing, done, not_done, either };

struct history {
  struct write {
    std::uint32_t op = 0;
    std::uint8_t rows = 1;
    told what = told::nothing;
    std::int64_t version = 0; ///< of its first row; 0 if it is not known
  };
  struct read {
    std::int64_t version = 0;
    std::int32_t k = 0;
    std::int32_t length = -1; ///< of a list; below 0: a register
    std::int64_t value = 0;   ///< of a register; a list's sum
  };

  int client = 0;
  std::vector<write> writes;
  std::vector<read> reads;
};

/// The highest version in any answer so far.
class frontier {
public:
  std::int64_t now() const noexcept { return version_.load(); }
  void seen(std::int64_t v) noexcept {
    for (auto known = version_.load(); known < v && !version_.compare_exchange_weak(known, v);) {
    }
  }
  /// Counts the rows whose insertion was requested. No version exceeds the count.
  void asks_for(int rows) noexcept { asked_.fetch_add(rows); }
  std::int64_t asked() const noexcept { return asked_.load(); }

private:
  std::atomic<std::int64_t> version_{0};
  std::atomic<std::int64_t> asked_{0};
};

struct history_settings {
  unsigned seed = 1;
  /// The operations of all clients together.
  std::uint64_t operations = 50'000;
  int facade_clients = 4, handle_clients = 4, remote_clients = 4;
  bool kills = false;     ///< workers are killed at fault points
  bool cancels = false;   ///< half of the requests, at a random moment
  bool stops = false;     ///< writes that cancel themselves while they run, by a function
  bool deadlines = false; ///< some are a few milliseconds
  std::chrono::milliseconds timeout{30'000};
};

struct history_result {
  std::uint64_t operations = 0, done = 0, not_done = 0, either = 0, reads = 0, repeated = 0;
  std::uint64_t kills = 0;
  std::uint64_t wrong = 0;
  std::string first_wrong;

  void add(const history_result& other);
  /// Counts a failure, and keeps the text of the first.
  void note(const std::string& what) {
    if (++wrong == 1)
      first_wrong = what;
  }
  std::string text() const;
};

/// Checks all histories against the file of the closed engine. Throws `error` if the file cannot be
/// read.
void check_histories(const std::vector<const history*>& all, const std::filesystem::path& database,
                     history_result& r);

/// Runs one engine on a new file in `folder`, its clients and the check. Available only if the
/// build has fault points.
history_result run_history(const history_settings& s, const std::filesystem::path& folder);

} // namespace dbengine::test
