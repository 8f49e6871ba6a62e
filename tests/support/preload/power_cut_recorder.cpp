// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A library for LD_PRELOAD that records what a process does to the files of one folder, in order.
//
//   POWER_CUT_FOLDER          the folder, as a path without links
//   POWER_CUT_LOG             the file for the records (power_cut_record.hpp)
//   POWER_CUT_FAILING_SYNC    the n-th sync (from 1) of a write-ahead log fails with EIO
//
// Writes through mapped memory are not recorded: SQLite uses them only for the index of a
// write-ahead log, which does not survive a power cut. Calls of the C library on open streams are
// not recorded either.
#include "support/faults/power_cut_record.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using dbengine::test::record_head;
using dbengine::test::record_kind;

namespace {

// Held over the call and its record, so that their orders agree.
std::mutex& guard() {
  static auto* m = new std::mutex;
  return *m;
}

const std::string& folder() {
  static const auto* f =
      new std::string(getenv("POWER_CUT_FOLDER") != nullptr ? getenv("POWER_CUT_FOLDER") : "");
  return *f;
}

int log_file() {
  static const int fd = [] {
    const char* path = getenv("POWER_CUT_LOG");
    return path == nullptr
               ? -1
               : static_cast<int>(syscall(SYS_openat, AT_FDCWD, path,
                                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }();
  return fd;
}

void put(record_kind kind, std::uint64_t file, std::uint64_t offset, std::string_view a,
         std::string_view b = {}) {
  const record_head head{.kind = kind,
                         .first = static_cast<std::uint32_t>(a.size()),
                         .second = static_cast<std::uint32_t>(b.size()),
                         .file = file,
                         .offset = offset};
  std::string bytes(reinterpret_cast<const char*>(&head), sizeof head);
  bytes.append(a).append(b);
  if (syscall(SYS_write, log_file(), bytes.data(), bytes.size()) != static_cast<long>(bytes.size()))
    abort(); // a missing record would make every image wrong
}

// The path below the folder; empty if it is elsewhere. `at` is the base of a relative path.
std::string below(int at, const char* path) {
  if (folder().empty() || path == nullptr)
    return {};
  std::string full = path;
  if (full.empty() || full[0] != '/') {
    char base[4096];
    const auto link =
        at == AT_FDCWD ? std::string("/proc/self/cwd") : "/proc/self/fd/" + std::to_string(at);
    const auto n = readlink(link.c_str(), base, sizeof base);
    if (n <= 0)
      return {};
    full = std::string(base, static_cast<std::size_t>(n)) + "/" + full;
  }
  while (full.size() > 2 && full.ends_with("/."))
    full.resize(full.size() - 2);
  if (full == folder())
    return ".";
  return full.starts_with(folder() + "/") ? full.substr(folder().size() + 1) : std::string();
}

struct open_file {
  std::string path; // below the folder; empty for a file outside it
  std::uint64_t file = 0;
  bool is_folder = false;
};

open_file looked_at(int fd) {
  if (folder().empty())
    return {};
  struct stat s {};
  if (fstat(fd, &s) != 0 || (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)))
    return {};
  char path[4096];
  const auto n = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  if (n <= 0)
    return {};
  // A file that has lost its name is lost after a power cut, too.
  return {below(AT_FDCWD, std::string(path, static_cast<std::size_t>(n)).c_str()), s.st_ino,
          S_ISDIR(s.st_mode)};
}

int opened(int at, const char* path, int flags, mode_t mode) {
  const auto name = (flags & (O_CREAT | O_TRUNC)) != 0 ? below(at, path) : std::string();
  const auto call = [&] { return static_cast<int>(syscall(SYS_openat, at, path, flags, mode)); };
  if (name.empty())
    return call();
  const std::lock_guard lock(guard());
  struct stat before {};
  const bool there = fstatat(at, path, &before, AT_SYMLINK_NOFOLLOW) == 0;
  const int fd = call();
  if (fd < 0)
    return fd;
  const int number = errno;
  struct stat s {};
  fstat(fd, &s);
  if (!there)
    put(record_kind::create, s.st_ino, 0, name);
  else if ((flags & O_TRUNC) != 0)
    put(record_kind::truncate, s.st_ino, 0, name);
  errno = number;
  return fd;
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, unsigned))
                                              : mode_t{0};
}

template <class F>
ssize_t written(int fd, const void* bytes, off_t offset, F&& call) {
  const std::lock_guard lock(guard());
  const auto where = looked_at(fd);
  const auto n = call();
  const int number = errno;
  if (n > 0 && !where.path.empty())
    put(record_kind::write, where.file, static_cast<std::uint64_t>(offset), where.path,
        {static_cast<const char*>(bytes), static_cast<std::size_t>(n)});
  errno = number;
  return n;
}

template <class F>
int truncated(int fd, off_t size, F&& call) {
  const std::lock_guard lock(guard());
  const auto where = looked_at(fd);
  const int rc = call();
  if (rc == 0 && !where.path.empty())
    put(record_kind::truncate, where.file, static_cast<std::uint64_t>(size), where.path);
  return rc;
}

int synced(int fd) {
  static const long failing =
      getenv("POWER_CUT_FAILING_SYNC") != nullptr ? atol(getenv("POWER_CUT_FAILING_SYNC")) : 0;
  static long of_logs = 0;
  const std::lock_guard lock(guard());
  const auto where = looked_at(fd);
  if (where.path.empty())
    return static_cast<int>(syscall(SYS_fsync, fd));
  if (where.path.ends_with("-wal") && ++of_logs == failing) {
    put(record_kind::failed_sync, where.file, 0, where.path);
    errno = EIO;
    return -1;
  }
  put(where.is_folder ? record_kind::sync_folder : record_kind::sync, where.file, 0, where.path);
  return 0;
}

template <class F>
int renamed(record_kind kind, int from_at, const char* from, int to_at, const char* to, F&& call) {
  const std::lock_guard lock(guard());
  const auto a = below(from_at, from);
  const auto b = to == nullptr ? std::string() : below(to_at, to);
  const int rc = call();
  const int number = errno;
  if (rc == 0 && !(a.empty() && b.empty()))
    put(kind, 0, 0, a, b);
  errno = number;
  return rc;
}

} // namespace

extern "C" {

// Adds a line of the program to the records: the answers so far.
void power_cut_mark(const char* text) {
  const std::lock_guard lock(guard());
  put(record_kind::mark, 0, 0, text);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened(at, path, flags, mode);
}
int openat64(int at, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const auto mode = mode_of(flags, arguments);
  va_end(arguments);
  return opened(at, path, flags, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  return written(fd, bytes, lseek(fd, 0, SEEK_CUR),
                 [&] { return syscall(SYS_write, fd, bytes, size); });
}
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return written(fd, bytes, offset, [&] { return syscall(SYS_pwrite64, fd, bytes, size, offset); });
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  return pwrite(fd, bytes, size, offset);
}
int ftruncate(int fd, off_t size) noexcept {
  return truncated(fd, size, [&] { return static_cast<int>(syscall(SYS_ftruncate, fd, size)); });
}
int ftruncate64(int fd, off64_t size) noexcept {
  return ftruncate(fd, size);
}
int fsync(int fd) {
  return synced(fd);
}
int fdatasync(int fd) {
  return synced(fd);
}
int rename(const char* from, const char* to) noexcept {
  return renamed(record_kind::rename, AT_FDCWD, from, AT_FDCWD, to, [&] {
    return static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
  });
}
int renameat(int from_at, const char* from, int to_at, const char* to) noexcept {
  return renamed(record_kind::rename, from_at, from, to_at, to, [&] {
    return static_cast<int>(syscall(SYS_renameat2, from_at, from, to_at, to, 0));
  });
}
int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  return renamed(record_kind::rename, from_at, from, to_at, to, [&] {
    return static_cast<int>(syscall(SYS_renameat2, from_at, from, to_at, to, flags));
  });
}
int link(const char* from, const char* to) noexcept {
  return renamed(record_kind::link, AT_FDCWD, from, AT_FDCWD, to, [&] {
    return static_cast<int>(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
  });
}
int linkat(int from_at, const char* from, int to_at, const char* to, int flags) noexcept {
  return renamed(record_kind::link, from_at, from, to_at, to, [&] {
    return static_cast<int>(syscall(SYS_linkat, from_at, from, to_at, to, flags));
  });
}
int unlink(const char* path) noexcept {
  return renamed(record_kind::remove, AT_FDCWD, path, AT_FDCWD, nullptr,
                 [&] { return static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0)); });
}
int unlinkat(int at, const char* path, int flags) noexcept {
  return renamed(record_kind::remove, at, path, AT_FDCWD, nullptr,
                 [&] { return static_cast<int>(syscall(SYS_unlinkat, at, path, flags)); });
}
}
