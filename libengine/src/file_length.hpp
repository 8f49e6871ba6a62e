// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Is the database file still as long as it must be? What was read behind its end is nothing that anybody wrote.
// Thread rule: any thread. Ownership: the connections of an engine share one.
//
// Asked after each statement, so it may cost next to nothing. A statement that read a page from the file looks, for what a read
// pays for anyway. Mapped pages are no reads: there the guard sees a page that was cut off whole, and a look once in a tick of the
// kernel's coarse clock (1 to 10 ms, mostly 4), by whichever thread comes first, sees the page that was cut in its middle.

#pragma once

#include "bus_guard.hpp"
#include "directory.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <sys/types.h>
#include <utility>

struct sqlite3;

namespace dbengine::detail {

/// What became of the file, in words.
inline constexpr const char* file_cut = "the database file was cut short";

class file_length {
public:
  explicit file_length(std::filesystem::path file) : path_(std::move(file)) {}

  /// The file is there and open: it is watched from now on. Idempotent.
  void begin();
  /// What it is now, from whoever looked: false where it is shorter than SQLite's own checkpoints made it, from then on for ever.
  /// `db` is the caller's connection.
  bool seen(off_t size, sqlite3* db) noexcept;
  /// The file was cut short while it was open. Looks where something was `read`, or the last look was a tick ago.
  bool cut(sqlite3* db, bool read) noexcept;
  /// It is longer than that, as far as anybody knows.
  bool beyond(std::size_t bytes) const noexcept;
  /// Somebody saw it already.
  bool was_cut() const noexcept;

private:
  const std::filesystem::path path_;
  std::once_flag once_;
  unique_fd handle_; // for the path only (O_PATH): closing it drops none of SQLite's locks
  bus_guard guard_;
  std::atomic<off_t> size_{0};
  std::atomic<std::int64_t> tick_{0};
  std::atomic<bool> cut_{false};
};

} // namespace dbengine::detail
