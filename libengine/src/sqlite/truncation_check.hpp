// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Is the database file still as long as it must be? What was read behind its end is nothing that anybody wrote.
// Thread rule: any thread. Ownership: the connections of an engine share one.
//
// Asked after each statement, so it may cost next to nothing. A statement that read a page from the file looks, for what a read
// pays for anyway. Mapped pages are no reads: there the guard sees a page that was cut off whole, and a look once in a tick of the
// kernel's coarse clock (1 to 10 ms, mostly 4), by whichever thread comes first, sees the page that was cut in its middle.
//
// A file is condemned for good, so only by a proof. In WAL mode only checkpoints change its length, those of other programs, too,
// and the WAL index tells how far they have come:
//
//   no checkpoint since the last look, none at work    the file is not shorter than it was then
//   one was made since, and every frame is copied      it has the pages that its own header names
//   one was made since, and there are frames left      nothing is known: from now on it is as long as it is
//   one is at work, or was given up half way           nothing is known yet: the next look asks again

#pragma once

#include "os/directory.hpp"
#include "os/guarded_mapping.hpp"
#include "sqlite/wal_index.hpp"

#include <atomic>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <utility>

struct sqlite3;

namespace dbengine::sqlite {

/// What became of the files, in words.
inline constexpr const char* database_truncated = "the database file was cut short";
inline constexpr const char* index_truncated =
    "the index of the write-ahead log (-shm) was cut short";

class truncation_check {
public:
  explicit truncation_check(std::filesystem::path file) : path_(std::move(file)) {}

  /// The file is there and open, by the connection of `db`: it is watched from now on, and so is the file of the WAL index once
  /// a connection has it. Idempotent.
  void track(const wal_index& index, sqlite3* db);
  /// What its size is now, from whoever looked: false where that proves that it was cut short, from then on for ever.
  /// `index` and `db` are the caller's connection's.
  bool check_size(off_t size, const wal_index& index, sqlite3* db) noexcept;
  /// The database or the WAL index was cut short while it was open. Looks where something was `read`, or the last look was a
  /// tick ago.
  bool is_truncated(const wal_index& index, sqlite3* db, bool read) noexcept {
    if (failure() != nullptr)
      return true;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    const auto tick = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    return (read || tick_.load(std::memory_order_relaxed) != tick) && fstat_check(tick, index, db);
  }
  /// It is longer than that, as far as anybody knows.
  bool is_longer_than(std::size_t bytes) const noexcept;
  /// Somebody saw that the file of the WAL index was cut short.
  void report_index_truncated() noexcept {
    failure_.store(index_truncated, std::memory_order_relaxed);
  }
  /// What somebody saw already, in words; null where all is well.
  const char* failure() const noexcept {
    if (const char* seen = failure_.load(std::memory_order_relaxed); seen != nullptr)
      return seen;
    if (!os::guarded_mapping::any_page_faulted()) [[likely]]
      return nullptr;
    if (guard_.page_faulted())
      return database_truncated;
    return index_guard_.page_faulted() ? index_truncated : nullptr;
  }

private:
  bool fstat_check(std::int64_t tick, const wal_index& index, sqlite3* db) noexcept;
  bool check_with_index(const wal_index& index, sqlite3* db) noexcept;
  bool check_without_index(sqlite3* db) noexcept;
  void remember(off_t size, const wal_index::progress& checkpoints) noexcept;

  const std::filesystem::path path_;
  os::unique_fd handle_; // for the path only (O_PATH): closing it drops none of SQLite's locks
  os::guarded_mapping guard_;
  os::guarded_mapping index_guard_;
  // The last look that counts. Changed under the mutex; read without it, a mixture of two looks only asks for another one.
  std::atomic<off_t> size_{0};
  std::atomic<std::uint64_t> salts_{0};
  std::atomic<std::uint32_t> backfilled_{0};
  std::atomic<std::int64_t> tick_{0};
  std::atomic<const char*> failure_{nullptr};
  std::mutex mutex_;
  std::string index_path_;
};

} // namespace dbengine::sqlite
