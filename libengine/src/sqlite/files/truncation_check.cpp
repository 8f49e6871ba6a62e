// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/files/truncation_check.hpp"

#include "base/fault.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>

namespace dbengine::sqlite {

namespace {

// Each takes a microsecond. If another process changes the file for longer than that, the next
// check decides.
constexpr int max_tries = 16;

sqlite3_file* file_of(sqlite3* db) noexcept {
  sqlite3_file* file = nullptr;
  return sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
                 file != nullptr && file->pMethods != nullptr
             ? file
             : nullptr;
}

// The content of the file's own header ("Database File Format" on sqlite.org).
struct header {
  off_t length = 0; // in bytes; 0 if it names no valid number of pages
  bool wal = false;
};

// Reads by SQLite's own descriptor: closing another one would drop SQLite's locks. `size`: of the
// file. Nothing is read beyond its end, because SQLite may have the file mapped.
header header_of(sqlite3_file* file, off_t size) noexcept {
  constexpr off_t header_size = 100;
  if (size < header_size)
    return {.length = header_size};
  unsigned char b[80] = {}; // from byte 16 on
  if (file->pMethods->xRead(file, b, sizeof b, 16) != SQLITE_OK)
    return {};
  header h{.wal = b[2] == 2 || b[3] == 2};
  // The number of pages is valid if it was written together with the change counter.
  if (std::memcmp(b + 8, b + 76, 4) != 0)
    return h;
  const auto page = off_t{b[0]} << 8 | off_t{b[1]};
  const auto pages =
      static_cast<off_t>((std::uint32_t{b[12]} << 24) | (std::uint32_t{b[13]} << 16) |
                         (std::uint32_t{b[14]} << 8) | std::uint32_t{b[15]});
  h.length = (page == 1 ? off_t{65536} : page) * pages;
  return h;
}

// True for a rollback journal that SQLite would play back; by its rule, such a journal does not
// begin with zero.
bool is_hot(const char* journal) noexcept {
  const os::unique_fd fd(::open(journal, O_RDONLY | O_CLOEXEC));
  if (!fd)
    return errno != ENOENT;
  char first = 0;
  return ::read(fd.get(), &first, 1) == 1 && first != 0;
}

// Prevents other connections from writing to a file in rollback mode.
class shared_lock {
public:
  shared_lock(sqlite3* db, sqlite3_file* file) noexcept : file_(file) {
    const int state = sqlite3_txn_state(db, "main");
    own_ = state == SQLITE_TXN_NONE && file->pMethods->xLock(file, SQLITE_LOCK_SHARED) == SQLITE_OK;
    held_ = own_ || state == SQLITE_TXN_READ;
  }
  ~shared_lock() {
    if (own_)
      file_->pMethods->xUnlock(file_, SQLITE_LOCK_NONE);
  }
  shared_lock(const shared_lock&) = delete;
  shared_lock& operator=(const shared_lock&) = delete;

  bool held() const noexcept { return held_; }

private:
  sqlite3_file* file_;
  bool own_ = false;
  bool held_ = false;
};

} // namespace

void truncation_check::track(const wal_index& index, sqlite3* db) {
  {
    const base::scoped_lock lock(mutex_);
    struct stat file {};
    if (!handle_) {
      std::error_code ec;
      const auto real = std::filesystem::canonical(path_, ec);
      handle_ = os::unique_fd(::open(path_.c_str(), O_PATH | O_CLOEXEC));
      if (ec || !handle_ || ::fstat(handle_.get(), &file) != 0) {
        handle_.reset(); // no descriptor: not checked
        return;
      }
      guard_.set_file(real.string(), file);
      index_path_ = real.string() + "-shm";
      size_.store(file.st_size, std::memory_order_relaxed);
    }
    // Set each time: after the engine's last connection has closed, the index is another file.
    if (!index.attached())
      return;
    if (::stat(index_path_.c_str(), &file) == 0)
      index_guard_.set_file(index_path_, file);
  }
  static_cast<void>(check_with_index(index, db));
}

bool truncation_check::check_size(off_t size, const wal_index& index, sqlite3* db) noexcept {
  if (failure() != nullptr)
    return false;
  if (DBENGINE_MUTANT("believes the first look") && size < size_.load(std::memory_order_relaxed)) {
    auto* file = file_of(db);
    const bool shorter = file != nullptr && size < header_of(file, size).length;
    if (shorter)
      failure_.store(database_truncated, std::memory_order_relaxed);
    return !shorter;
  }
  if (!index.attached()) {
    if (size < size_.load(std::memory_order_relaxed))
      return check_without_index(db);
    size_.store(size, std::memory_order_relaxed);
    return true;
  }
  const auto now = index.checkpoints();
  if (!now.is_idle())
    return true;
  return (now.salts == salts_.load(std::memory_order_relaxed) &&
          now.backfilled == backfilled_.load(std::memory_order_relaxed) &&
          size == size_.load(std::memory_order_relaxed)) ||
         check_with_index(index, db);
}

void truncation_check::remember(off_t size, const wal_index::progress& checkpoints) noexcept {
  size_.store(size, std::memory_order_relaxed);
  salts_.store(checkpoints.salts, std::memory_order_relaxed);
  backfilled_.store(checkpoints.backfilled, std::memory_order_relaxed);
}

// Decides by the table at the head of the header file. The index is valid for the moment of the
// fstat if it is the same before and after it: a checkpoint's numbers never return to an earlier
// value.
bool truncation_check::check_with_index(const wal_index& index, sqlite3* db) noexcept {
  const base::scoped_lock lock(mutex_);
  for (int i = 0; i < max_tries; ++i) {
    if (failure_.load(std::memory_order_relaxed) != nullptr)
      return false;
    const auto before = index.checkpoints();
    const auto commit = index.consistent_header();
    std::atomic_thread_fence(std::memory_order_seq_cst);
    struct stat file {};
    if (!before.is_idle() || !handle_ || ::fstat(handle_.get(), &file) != 0)
      return true;
    const auto size = size_.load(std::memory_order_relaxed);
    const bool none_since = before.salts == salts_.load(std::memory_order_relaxed) &&
                            before.backfilled == backfilled_.load(std::memory_order_relaxed);
    bool shorter = none_since && file.st_size < size;
    if (!none_since && file.st_size < size) {
      if (!commit)
        continue;
      auto* opened = file_of(db);
      shorter = wal_index::last_frame(*commit) <= before.backfilled && opened != nullptr &&
                file.st_size < header_of(opened, file.st_size).length;
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (index.checkpoints() != before ||
        (shorter && !none_since && index.consistent_header() != commit))
      continue;
    if (!shorter)
      remember(file.st_size, before);
    else
      failure_.store(database_truncated, std::memory_order_relaxed);
    return !shorter;
  }
  return true;
}

// In rollback mode a writer changes header and length at different times, but only under a lock
// that excludes this one.
bool truncation_check::check_without_index(sqlite3* db) noexcept {
  const base::scoped_lock lock(mutex_);
  auto* opened = file_of(db);
  if (opened == nullptr)
    return true;
  const shared_lock lock_file(db, opened);
  struct stat file {};
  if (!lock_file.held() || is_hot(sqlite3_filename_journal(sqlite3_db_filename(db, "main"))) ||
      !handle_ || ::fstat(handle_.get(), &file) != 0)
    return true;
  const auto h = header_of(opened, file.st_size);
  if (h.wal || h.length == 0)
    return true;
  if (file.st_size < h.length) {
    failure_.store(database_truncated, std::memory_order_relaxed);
    return false;
  }
  size_.store(file.st_size, std::memory_order_relaxed);
  return true;
}

bool truncation_check::is_longer_than(std::size_t bytes) const noexcept {
  return size_.load(std::memory_order_relaxed) > static_cast<off_t>(bytes);
}

bool truncation_check::fstat_check(std::int64_t tick, const wal_index& index,
                                   sqlite3* db) noexcept {
  tick_.store(tick, std::memory_order_relaxed);
  struct stat file {};
  return handle_ && ::fstat(handle_.get(), &file) == 0 && !check_size(file.st_size, index, db);
}

} // namespace dbengine::sqlite
