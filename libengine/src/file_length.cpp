// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "file_length.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <sqlite3.h>
#include <system_error>
#include <thread>

namespace dbengine::detail {

namespace {

// The header's own page size and number of pages ("Database File Format" on sqlite.org), in bytes; 0 where it has none. Through
// SQLite's own descriptor: to close another one would drop SQLite's locks.
off_t length_by_header(sqlite3* db) noexcept {
  sqlite3_file* file = nullptr;
  unsigned char b[16] = {};
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
      file == nullptr || file->pMethods == nullptr ||
      file->pMethods->xRead(file, b, sizeof b, 16) != SQLITE_OK)
    return 0;
  const auto page =
      (off_t{b[0]} << 8 | off_t{b[1]}) == 1 ? off_t{65536} : (off_t{b[0]} << 8 | off_t{b[1]});
  const auto pages =
      static_cast<off_t>((std::uint32_t{b[12]} << 24) | (std::uint32_t{b[13]} << 16) |
                         (std::uint32_t{b[14]} << 8) | std::uint32_t{b[15]});
  return page * pages;
}

} // namespace

void file_length::begin() {
  std::call_once(once_, [this] {
    std::error_code ec;
    const auto real = std::filesystem::canonical(path_, ec);
    handle_ = unique_fd(::open(path_.c_str(), O_PATH | O_CLOEXEC));
    struct stat file {};
    if (ec || !handle_ || ::fstat(handle_.get(), &file) != 0) {
      handle_.reset(); // no descriptor to be had: not watched
      return;
    }
    guard_ = bus_guard(real.string(), file);
    size_.store(file.st_size, std::memory_order_relaxed);
  });
}

bool file_length::seen(off_t size, sqlite3* db) noexcept {
  if (cut_.load(std::memory_order_relaxed))
    return false;
  if (size >= size_.load(std::memory_order_relaxed)) {
    size_.store(size, std::memory_order_relaxed);
    return true;
  }
  // Smaller: by a checkpoint, where it has the pages that its own header names. One that is on its way may have written the
  // header first.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  for (auto now = size;;) {
    const auto needed = length_by_header(db);
    if (needed != 0 && now >= needed) {
      size_.store(
          now, std::memory_order_relaxed); // not before: others that look meanwhile judge it, too
      return true;
    }
    if (std::chrono::steady_clock::now() >= patience)
      break;
    std::this_thread::yield();
    struct stat file {};
    if (handle_ && ::fstat(handle_.get(), &file) == 0)
      now = file.st_size;
  }
  cut_.store(true, std::memory_order_relaxed);
  return false;
}

bool file_length::was_cut() const noexcept {
  return cut_.load(std::memory_order_relaxed) || guard_.struck();
}

bool file_length::beyond(std::size_t bytes) const noexcept {
  return size_.load(std::memory_order_relaxed) > static_cast<off_t>(bytes);
}

bool file_length::cut(sqlite3* db, bool read) noexcept {
  if (was_cut())
    return true;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  const auto tick = std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  if (!read && tick_.load(std::memory_order_relaxed) == tick)
    return false;
  tick_.store(tick, std::memory_order_relaxed);
  struct stat file {};
  return handle_ && ::fstat(handle_.get(), &file) == 0 && !seen(file.st_size, db);
}

} // namespace dbengine::detail
