// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Detects that the database file or the WAL index was truncated while it was open.
// Thread safety: any thread. Ownership: shared by the connections of an engine.
//
// Data that was read beyond the end of a file was written by no connection. The check runs after
// each statement, so it must cost next to nothing:
//
// - A statement that read a page from the file checks at once; the read pays for that.
// - Mapped pages are not read by calls. The SIGBUS handler reports a page that was cut off as a
//   whole. For a page that was cut in its middle, one thread checks once in a tick of the kernel's
//   coarse clock (1 to 10 ms, mostly 4).
//
// The verdict is final, so it needs a proof. In WAL mode only checkpoints change the length, those
// of other programs included, and the WAL index records their progress. By the checkpoints:
//
//   none since the last check, none at work   the file is not shorter than it was then
//   one since, and every frame is copied      it has the pages that its own header names
//   one since, and frames are left            nothing is known: its length counts from now on
//   one is at work, or was given up half way  nothing is known yet: the next check decides

#pragma once

#include "base/thread_annotations.hpp"
#include "os/directory.hpp"
#include "os/guarded_mapping.hpp"
#include "sqlite/files/wal_index.hpp"

#include <atomic>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <string>
#include <sys/types.h>
#include <utility>

struct sqlite3;

namespace dbengine::sqlite {

/// The verdicts, as texts of errors.
inline constexpr const char* database_truncated = "the database file was cut short";
inline constexpr const char* index_truncated =
    "the index of the write-ahead log (-shm) was cut short";

/// The check of one database file and its WAL index, and the verdict on them.
class truncation_check {
public:
  explicit truncation_check(std::filesystem::path file) : path_(std::move(file)) {}

  /// Begins to check the file that the connection of `db` has open, and the file of the WAL index
  /// once a connection has it. Idempotent.
  void track(const wal_index& index, sqlite3* db);
  /// Reports the size of the file. Returns false, from then on for ever, if it proves a truncation.
  /// `index` and `db` are those of the caller's connection.
  bool check_size(off_t size, const wal_index& index, sqlite3* db) noexcept;
  /// True if the database or the WAL index was truncated while it was open. Checks if `read` is
  /// true (the file was read), or if the last check was a tick ago.
  bool is_truncated(const wal_index& index, sqlite3* db, bool read) noexcept {
    if (failure() != nullptr)
      return true;
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    const auto tick = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
    return (read || tick_.load(std::memory_order_relaxed) != tick) && fstat_check(tick, index, db);
  }
  /// True if the file was longer than that at the last check.
  bool is_longer_than(std::size_t bytes) const noexcept;
  /// Another check found that the file of the WAL index was truncated.
  void report_index_truncated() noexcept {
    failure_.store(index_truncated, std::memory_order_relaxed);
  }
  /// The verdict, in words; null if there is no truncation. Checks nothing.
  const char* failure() const noexcept {
    if (const char* known = failure_.load(std::memory_order_relaxed); known != nullptr)
      return known;
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
  void remember(off_t size, const wal_index::progress& checkpoints) noexcept
      DBENGINE_REQUIRES(mutex_);

  const std::filesystem::path path_;
  os::unique_fd handle_; // O_PATH: closing it drops none of SQLite's locks
  os::guarded_mapping guard_;
  os::guarded_mapping index_guard_;
  // The last check that counts. Changed under the mutex. A reader without it may see a mixture of
  // two checks, which only leads to another check.
  std::atomic<off_t> size_{0};
  std::atomic<std::uint64_t> salts_{0};
  std::atomic<std::uint32_t> backfilled_{0};
  std::atomic<std::int64_t> tick_{0};
  std::atomic<const char*> failure_{nullptr};
  base::mutex mutex_;
  std::string index_path_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::sqlite
