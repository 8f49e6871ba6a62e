// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/file_lock.hpp"

#include <dbengine/error.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

namespace dbengine::os {

namespace {

// Behind the 512 bytes from 1 GiB on that SQLite locks.
constexpr off_t engine_byte = 0x40000000 + 1024;

struct flock range_lock(short type, off_t begin, off_t length) {
  struct flock l {};
  l.l_type = type;
  l.l_whence = SEEK_SET;
  l.l_start = begin;
  l.l_len = length;
  return l;
}

bool is_named(const std::filesystem::path& path, int fd, struct stat& mine) noexcept {
  struct stat named {};
  return ::fstat(fd, &mine) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

[[noreturn]] void refuse_lock_file(const std::filesystem::path& path) {
  throw_errno(errno, "the lock file \"" + path.string() + "\"", errc::cannot_open);
}

// `flock` needs no permission to write, so the lock file that a killed process of another user left
// works as well.
unique_fd open_lock_file(const std::filesystem::path& path) {
  constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  unique_fd fd(::open(path.c_str(), O_RDWR | O_CREAT | flags, 0644));
  if (!fd && errno == EACCES) {
    fd = unique_fd(::open(path.c_str(), O_RDONLY | flags));
    if (!fd && errno == ENOENT) // its holder removed it in between, or no file may be created here
      fd = unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | flags, 0644));
  }
  struct stat s {};
  if (!fd || ::fstat(fd.get(), &s) != 0)
    refuse_lock_file(path);
  if (!S_ISREG(s.st_mode))
    throw error(errc::cannot_open, "the lock file \"" + path.string() + "\" is not a regular file");
  return fd;
}

bool try_flock(int fd, const std::filesystem::path& path) {
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return false;
    if (errno != EINTR)
      refuse_lock_file(path);
  }
  return true;
}

// The process id in a lock file; 0 if no such process exists.
pid_t holder_in(int fd) {
  char text[32] = {};
  if (::pread(fd, text, sizeof text - 1, 0) <= 0)
    return 0;
  const auto pid = static_cast<pid_t>(std::strtol(text, nullptr, 10));
  return pid <= 0 || (::kill(pid, 0) != 0 && errno == ESRCH) ? 0 : pid;
}

[[noreturn]] void refuse_second_engine(const std::filesystem::path& database, pid_t holder) {
  const bool ours = holder == ::getpid();
  throw error(errc::locked, "\"" + database.string() + "\" is open in another engine (process " +
                                (holder == 0 ? "unknown" : std::to_string(holder)) +
                                (ours ? ", this one" : "") + ")");
}

// Waits 1, 2, 4 … at most 10 ms, as a connection's busy handler does.
void back_off(int count) {
  std::this_thread::sleep_for(std::chrono::milliseconds(std::min(1 << std::min(count, 4), 10)));
}

// The lock of the open file description: it stays when SQLite closes its own descriptors of the
// file.
bool try_range(int fd, short type, off_t begin, off_t length) noexcept {
  auto l = range_lock(type, begin, length);
  while (::fcntl(fd, F_OFD_SETLK, &l) != 0)
    if (errno != EINTR)
      return false;
  return true;
}

bool is_empty(const std::string& path) noexcept {
  struct stat s {};
  return ::lstat(path.c_str(), &s) == 0 && S_ISREG(s.st_mode) && s.st_size == 0;
}

// Takes all of SQLite's locks: no connection reads or writes the database or has its write-ahead
// log open.
bool take_sqlite_locks(int fd) noexcept {
  return try_range(fd, F_WRLCK, 0x40000000, 512);
}

void drop_sqlite_locks(int fd) noexcept {
  try_range(fd, F_UNLCK, 0x40000000, 512);
}

// In SQLite's order: the index first.
void remove_if_empty(const std::string& database) {
  const auto wal = database + "-wal";
  if (!is_empty(wal))
    return;
  ::unlink((database + "-shm").c_str());
  ::unlink(wal.c_str());
}

// True for a database without content: no page, or an empty first page as SQLite makes it when it
// switches to a write-ahead log.
bool holds_nothing(int fd) noexcept {
  std::array<unsigned char, 108> head{};
  struct stat s {};
  if (::fstat(fd, &s) != 0)
    return false;
  if (s.st_size == 0)
    return true;
  const auto four = [&head](std::size_t at) {
    return std::uint32_t{head[at]} << 24 | std::uint32_t{head[at + 1]} << 16 |
           std::uint32_t{head[at + 2]} << 8 | head[at + 3];
  };
  // Pages, schema cookie, user version, application id; then the cells of the schema's page.
  return ::pread(fd, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size()) &&
         four(28) <= 1 && four(40) == 0 && four(60) == 0 && four(68) == 0 && head[103] == 0 &&
         head[104] == 0;
}

} // namespace

bool locked_by_engine(int fd) noexcept {
  auto l = range_lock(F_WRLCK, engine_byte, 1);
  return ::fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

file_lock::file_lock(const std::filesystem::path& database, clock::time_point deadline)
    : database_(database), path_(database.string() + ".lock") {
  // The last holder removes the file. A lock on a file that no longer has the name is worthless:
  // the next attempt follows.
  for (int waits = 0;;) {
    auto fd = open_lock_file(path_);
    if (!try_flock(fd.get(), path_)) {
      const auto holder = holder_in(fd.get());
      if (clock::now() >= deadline || pinned_file::has(fd.get()))
        refuse_second_engine(database, holder);
      back_off(waits++);
      continue;
    }
    struct stat s {};
    if (!is_named(path_, fd.get(), s))
      continue;
    const bool ours = (::fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDWR;
    // A lock file that cannot hold this process's id is replaced by one that can, if possible.
    if (!ours && ::unlink(path_.c_str()) == 0)
      continue;
    name_ = pinned_file(std::move(fd));
    owner_ = ::getpid();
    const auto text = std::to_string(owner_) + "\n";
    if (ours && (::ftruncate(name_.get(), 0) != 0 ||
                 ::pwrite(name_.get(), text.data(), text.size(), 0) < 0)) {
      // The process id is only informative: on a full disk the lock holds without it.
    }
    return;
  }
}

bool file_lock::take_file(bool create) {
  const auto shown = "\"" + database_.string() + "\"";
  for (;;) {
    bool made = false;
    auto fd = pinned_file::open_to_write(database_, create, made);
    if (!fd && (errno == EACCES || errno == EPERM || errno == EROFS) &&
        ::access(database_.c_str(), R_OK) == 0)
      throw error(errc::cannot_open,
                  shown + " may only be read: no permission to write it (an engine with the option "
                          "read_only can open it)");
    if (!fd)
      throw_errno(errno, shown, errc::cannot_open);
    struct stat s {};
    if (!is_named(database_, fd.get(), s))
      continue; // replaced in between
    if (!try_range(fd.get(), F_WRLCK, engine_byte, 1) && (errno == EAGAIN || errno == EACCES))
      throw error(errc::locked, shown +
                                    " is open in another engine, by another name of the file or "
                                    "with its lock file removed");
    if (s.st_nlink > 1)
      throw error(errc::cannot_open,
                  shown + " is one of " + std::to_string(s.st_nlink) +
                      " names of a file (hard links): its write-ahead log is beside one of them "
                      "and is not seen under another. Copy it, or remove the other names");
    file_ = std::move(fd);
    return made;
  }
}

void file_lock::remove_empty(bool made) noexcept {
  if (!file_ || owner_ != ::getpid() || !take_sqlite_locks(file_.get()))
    return;
  try {
    const auto database = database_.string();
    struct stat s {};
    remove_if_empty(database);
    if (made && is_named(database_, file_.get(), s) && holds_nothing(file_.get()) &&
        ::access((database + "-wal").c_str(), F_OK) != 0) {
      ::unlink(database.c_str());
      ::unlink((database + "-shm").c_str());
      if (is_empty(database + "-journal"))
        ::unlink((database + "-journal").c_str());
    }
  } catch (...) { // no memory for a name: empty files remain
  }
  drop_sqlite_locks(file_.get());
}

void remove_empty_wal(const std::filesystem::path& database) noexcept {
  try {
    if (!is_empty(database.string() + "-wal"))
      return;
    bool made = false;
    const auto fd = pinned_file::open_to_write(database, false, made);
    if (!fd || !take_sqlite_locks(fd.get()))
      return;
    struct stat s {};
    if (is_named(database, fd.get(), s))
      remove_if_empty(database.string());
    drop_sqlite_locks(fd.get());
  } catch (...) { // no memory, or no permission: they stay, as those of SQLite's own readers do
  }
}

file_lock::~file_lock() {
  release();
}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  release();
  database_ = std::move(other.database_);
  path_ = std::move(other.path_);
  name_ = std::move(other.name_);
  file_ = std::move(other.file_);
  owner_ = other.owner_;
  return *this;
}

void file_lock::release() noexcept {
  // First, so that the next holder of the lock file finds the database unlocked.
  file_.reset();
  struct stat s {};
  // In a forked child the names belong to the parent. A lock file that replaced this one belongs to
  // another engine.
  if (name_ && owner_ == ::getpid() && is_named(path_, name_.get(), s))
    ::unlink(path_.c_str());
  name_.reset();
}

} // namespace dbengine::os
