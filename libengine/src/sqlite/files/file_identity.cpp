// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/files/file_identity.hpp"

#include "base/fault.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <thread>
#include <utility>

namespace dbengine::sqlite {

namespace {

// The time for which a check of the paths is valid.
constexpr std::chrono::milliseconds trusted_for{1};
// How often, 1 ms apart, the path of a file that is open and has links must be missing before the
// file counts as moved.
constexpr int tries_without_file = 20;
// The WAL index is mapped in regions of this size, and always has the first one ("WAL-Index Format"
// on sqlite.org).
constexpr off_t min_index_bytes = 32'768;
// Another process that commits continuously may prevent a consistent check of index and WAL.
constexpr int max_tries = 64;

// The minimum size of the WAL in bytes, by its index.
off_t min_wal_bytes(const wal_index::header& h) noexcept {
  const auto frames = wal_index::last_frame(h);
  return frames == 0 ? 0 : 32 + off_t{frames} * (24 + wal_index::page_size(h));
}

} // namespace

void file_identity::tracked_file::record(std::string name) {
  path = std::move(name);
  exists = ::stat(path.c_str(), &last_stat) == 0;
  if (!exists)
    return;
  handle = os::unique_fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
  struct stat opened {}; // another file by now, or no descriptor: only its path is checked
  if (handle && (::fstat(handle.get(), &opened) != 0 || !is_same(opened)))
    handle.reset();
}

bool file_identity::tracked_file::is_same(const struct stat& now) const noexcept {
  return now.st_ino == last_stat.st_ino && now.st_dev == last_stat.st_dev;
}

// Sets `now` to the state of the open file, whatever its name is. If the path cannot be checked
// (rights, memory, a server that does not answer), the result is unknown: only a missing name or
// another file is a proof.
file_identity::found file_identity::tracked_file::stat_check(struct stat& now) const noexcept {
  for (int i = 1;; ++i) {
    if (::stat(path.c_str(), &now) == 0)
      return is_same(now) ? found::same : found::other;
    const bool missing = errno == ENOENT || errno == ENOTDIR;
    const bool open = handle && ::fstat(handle.get(), &now) == 0;
    if (!missing)
      return open ? found::same : found::unknown;
    if ((open && now.st_nlink == 0) || i == tries_without_file)
      return found::none;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void file_identity::record(const std::string& database) {
  database_.record(database);
  wal_.record(database + "-wal");
  index_.record(database + "-shm");
}

// True if the names are unchanged: the number of links is the same, and so is the time of the
// database's last status change, which a new name sets, too. (Each write sets that of the WAL.)
bool file_identity::fstat_check(struct stat& file, struct stat& wal) noexcept {
  if (!database_.handle || ::fstat(database_.handle.get(), &file) != 0 ||
      file.st_nlink != database_.last_stat.st_nlink ||
      file.st_ctim.tv_sec != database_.last_stat.st_ctim.tv_sec ||
      file.st_ctim.tv_nsec != database_.last_stat.st_ctim.tv_nsec)
    return false;
  return !wal_.exists || (wal_.handle && ::fstat(wal_.handle.get(), &wal) == 0 &&
                          wal.st_nlink == wal_.last_stat.st_nlink);
}

std::string file_identity::stat_check(struct stat& file, struct stat& wal,
                                      truncation_check& length) {
  struct stat shm {};
  struct {
    tracked_file* what;
    struct stat* now;
    const char* name;
  } const all[] = {{&database_, &file, "the database file"},
                   {&wal_, &wal, "the write-ahead log"},
                   {&index_, &shm, "the index of the write-ahead log (-shm)"}};
  for (const auto& [what, now, name] : all) {
    if (!what->exists)
      continue;
    switch (what->stat_check(*now)) {
    case found::same: what->last_stat = *now; break;
    case found::other: return std::string(name) + " was replaced";
    case found::none:
      return std::string(name) + (what == &database_ ? " was moved or deleted" : " was deleted");
    case found::unknown: *now = what->last_stat; break;
    }
  }
  if (index_.exists && shm.st_size < min_index_bytes) {
    length.report_index_truncated(); // data that is read by this index must not be used
    return index_truncated;
  }
  return {};
}

// The index changes after the WAL is written and before it is truncated. So the WAL is damaged if
// it ends before its last frame and the index was the same before and after that check.
bool file_identity::is_wal_truncated(const wal_index& index) const noexcept {
  for (int i = 0; i < max_tries; ++i) {
    if (const auto before = index.consistent_header()) {
      std::atomic_thread_fence(std::memory_order_seq_cst);
      struct stat now {};
      if (wal_.stat_check(now) != found::same || now.st_size >= min_wal_bytes(*before))
        return false;
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (index.consistent_header() == before)
        return true;
    }
    std::this_thread::yield();
  }
  return false;
}

std::string file_identity::check(const wal_index& index, truncation_check& length, sqlite3* db) {
  const auto now = clock::now();
  struct stat file {};
  struct stat wal {};
  if (now - stat_checked_ >= trusted_for || !fstat_check(file, wal)) {
    if (auto why = stat_check(file, wal, length); !why.empty())
      return why;
    stat_checked_ = now;
  }
  checked_ = now;
  if (!length.check_size(file.st_size, index, db))
    return length.failure();
  if (!wal_.exists || !index.attached())
    return {};
  // The index is read after the WAL: it then includes the frames that another process's checkpoint
  // cut off. It also includes frames that the process wrote in between, so if the WAL seems short,
  // both are checked together.
  const bool first_check = DBENGINE_MUTANT("believes the first look");
  if (first_check) // lengthens the time in which others can commit
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  if (wal.st_size < min_wal_bytes(index.read()) && (first_check || is_wal_truncated(index)))
    return "the write-ahead log was cut short";
  return {};
}

std::string file_identity::check_if_stale(const wal_index& index, truncation_check& length,
                                          sqlite3* db) {
  return clock::now() - checked_ < trusted_for ? std::string() : check(index, length, db);
}

} // namespace dbengine::sqlite
