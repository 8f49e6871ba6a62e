// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Snapshots that are kept open. None is older than any answer, from any process; none keeps the WAL
// from a restart; none is lost with its thread.
//
//   another process              the engine's readers
//   COMMIT n
//   prints n             ---->   reads: at least n

#include "support/engine/engine_fixture.hpp"

#include <dbengine/db_engine.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sqlite3.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::test;

namespace {

// A child that commits 1, 2, 3 … through SQLite alone and prints each number after its commit,
// until its output is closed.
class foreign_writer {
public:
  explicit foreign_writer(const std::string& file) {
    int ends[2];
    if (::pipe(ends) != 0)
      throw std::system_error(errno, std::generic_category(), "pipe");
    child_ = ::fork();
    if (child_ == 0) {
      ::close(ends[0]);
      ::_exit(write(file, ends[1]));
    }
    ::close(ends[1]);
    from_ = ends[0];
  }
  foreign_writer(const foreign_writer&) = delete;
  foreign_writer& operator=(const foreign_writer&) = delete;
  ~foreign_writer() {
    ::close(from_);
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

  /// The newest number printed; waits if none has been printed since the last call.
  int told() const {
    int numbers[256];
    const auto n = ::read(from_, numbers, sizeof numbers);
    return n < static_cast<ssize_t>(sizeof(int)) ? 0 : numbers[n / sizeof(int) - 1];
  }

private:
  static int write(const std::string& file, int to) {
    sqlite3* db = nullptr;
    if (sqlite3_open(file.c_str(), &db) != SQLITE_OK)
      return 1;
    sqlite3_busy_timeout(db, 30'000);
    for (int n = 1;; ++n) {
      const auto sql = "UPDATE n SET x = " + std::to_string(n);
      if (sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return 2;
      if (::write(to, &n, sizeof n) != sizeof n)
        return 0;
    }
  }

  pid_t child_ = -1;
  int from_ = -1;
};

} // namespace

CAF_TEST(what another process has committed is seen by the next read) {
  const engine_folder folder;
  {
    db_engine db(folder.url());
    db.execute("CREATE TABLE n (x INTEGER)");
    db.execute("INSERT INTO n VALUES (0)");
  }
  // Started before the engine: a forked process has none of its parent's threads.
  const foreign_writer other((folder.path / "test.db").string());
  db_engine db(folder.url());
  std::atomic<int> known{0};
  std::atomic<int> stale{0};
  std::atomic<bool> stop{false};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      while (!stop) {
        const int at_least = known;
        stale += db.fetch_value<int>("SELECT x FROM n").value() < at_least;
      }
    });
  int last = 0;
  for (int i = 0; i < 400; ++i) {
    last = other.told();
    CAF_REQUIRE(last > 0);
    known = last;
    stale += db.fetch_value<int>("SELECT x FROM n").value() < last;
  }
  stop = true;
  readers.clear();
  CAF_CHECK_EQUAL(stale.load(), 0);
  CAF_CHECK(last >= 400);
}

namespace {

// The WAL's header counts its restarts.
std::uint32_t number_of(const std::filesystem::path& wal) {
  std::ifstream in(wal, std::ios::binary);
  unsigned char header[16] = {};
  in.read(reinterpret_cast<char*>(header), sizeof header);
  return static_cast<std::uint32_t>(header[12] << 24 | header[13] << 16 | header[14] << 8 |
                                    header[15]);
}

} // namespace

CAF_TEST(readers that never pause do not keep the WAL from a restart) {
  const engine_folder folder;
  db_engine db(folder.url(), {.cache_size = 4 << 20});
  db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB)");
  const auto wal = folder.path / "test.db-wal";
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> reads{0};
  std::vector<std::jthread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&, i] {
      for (int n = i; !stop; ++n, ++reads)
        db.fetch("SELECT length(b) FROM t WHERE id = ?", 1 + n % 1'000);
    });
  const std::string text(60'000, 'x');
  // Writes follow each other without a pause in which the WAL would be truncated. The WAL's length
  // depends on how long a busy machine delays the end of a reader's statement; its restart does
  // not.
  int anew = 0;
  auto number = number_of(wal);
  for (std::int64_t i = 0; anew < 3 && i < 20'000; ++i) {
    db.execute("INSERT OR REPLACE INTO t VALUES (?, ?)", 1 + i % 1'000, text);
    const auto now = number_of(wal);
    anew += now == number + 1;
    number = now;
  }
  stop = true;
  readers.clear();
  CAF_CHECK_EQUAL(anew, 3);
  CAF_CHECK(reads.load() > 0);
}

CAF_TEST(threads that come and go leave every lease to those that follow) {
  const engine_folder folder;
  constexpr std::size_t leases = 3;
  db_engine db(folder.url(), {.max_leases = leases});
  db.execute("CREATE TABLE t (x)");
  db.execute("INSERT INTO t VALUES (1)");
  for (int round = 0; round < 20; ++round) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 2 * leases; ++i)
      threads.emplace_back([&] {
        for (int n = 0; n < 20; ++n)
          db.fetch("SELECT x FROM t");
      });
  }
  // Opens all leases at once: each cursor occupies one.
  std::vector<cursor> cursors;
  for (std::size_t i = 0; i < leases; ++i)
    cursors.push_back(db.with_timeout(std::chrono::seconds(10)).cursor("SELECT x FROM t"));
  for (auto& c : cursors)
    CAF_CHECK_EQUAL(c.next().size(), 1u);
}
