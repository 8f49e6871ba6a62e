// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/file_operations.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace dbengine::os {

namespace {

// The bytes of a database file that SQLite locks: pending, reserved and 510 shared ones, from 1 GiB
// on (file format).
constexpr off_t sqlite_lock_begin = 0x40000000;
constexpr off_t sqlite_lock_length = 512;

} // namespace

void refuse_nul(const std::filesystem::path& path) {
  if (path.native().find('\0') != std::string::npos)
    throw error(errc::invalid_option,
                "the path \"" + std::string(path.c_str()) + "\" has a NUL and more after it");
}

void throw_errno(int number, const std::string& what, errc fallback) {
  errc code = fallback;
  if (number == ENOSPC || number == EDQUOT || number == EFBIG)
    code = errc::disk_full;
  else if (number == EIO)
    code = errc::io;
  throw error(code, what + ": " + std::generic_category().message(number));
}

std::uint64_t file_size(int fd) {
  struct stat s {};
  if (fstat(fd, &s) != 0)
    throw_errno(errno, "cannot read the size of an open file");
  return static_cast<std::uint64_t>(s.st_size);
}

void sync_file(int fd, const std::string& name) {
  if (fsync(fd) != 0)
    throw_errno(errno, "cannot write " + name + " to the disk", errc::io);
}

bool try_lock(int fd, bool exclusive) {
  while (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return false;
    if (errno != EINTR)
      throw_errno(errno, "cannot lock a file");
  }
  return true;
}

bool locked_by_sqlite(int fd) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = sqlite_lock_begin;
  lock.l_len = sqlite_lock_length;
  // Of an open file description, because that sees this process's own locks too.
  if (fcntl(fd, F_OFD_GETLK, &lock) != 0)
    throw_errno(errno, "cannot query the locks of a file");
  return lock.l_type != F_UNLCK;
}

} // namespace dbengine::os
