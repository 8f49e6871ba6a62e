// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "file_lock.hpp"

#include <dbengine/error.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace dbengine::detail {

file_lock::file_lock(const std::filesystem::path& database) : path_(database.string() + ".lock") {
  // The last holder removes the file: whoever locked a file that no longer has the name must try again.
  for (;;) {
    const int fd = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
      throw error(errc::cannot_open,
                  "the lock file \"" + path_.string() + "\": " + std::strerror(errno));
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
      const int why = errno;
      char pid[32] = {};
      const auto n = ::pread(fd, pid, sizeof pid - 1, 0);
      ::close(fd);
      if (why != EWOULDBLOCK)
        throw error(errc::cannot_open,
                    "the lock file \"" + path_.string() + "\": " + std::strerror(why));
      std::string holder(pid, n > 0 ? static_cast<std::size_t>(n) : 0);
      while (!holder.empty() && holder.back() == '\n')
        holder.pop_back();
      throw error(errc::locked,
                  "\"" + database.string() + "\" is open in another engine (process " +
                      (holder.empty() ? "unknown" : holder) +
                      (holder == std::to_string(::getpid()) ? ", this one" : "") + ")");
    }
    struct stat mine {};
    struct stat named {};
    if (::fstat(fd, &mine) == 0 && ::stat(path_.c_str(), &named) == 0 &&
        mine.st_ino == named.st_ino && mine.st_dev == named.st_dev) {
      fd_ = fd;
      owner_ = ::getpid();
      break;
    }
    ::close(fd);
  }
  const auto text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, text.data(), text.size(), 0) < 0) {
    // The holder's number is a courtesy: on a full disk the lock holds all the same.
  }
}

file_lock::~file_lock() {
  release();
}

file_lock::file_lock(file_lock&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), owner_(other.owner_) {}

file_lock& file_lock::operator=(file_lock&& other) noexcept {
  release();
  path_ = std::move(other.path_);
  fd_ = std::exchange(other.fd_, -1);
  owner_ = other.owner_;
  return *this;
}

void file_lock::release() noexcept {
  if (fd_ < 0)
    return;
  // A fork has a copy of this object and of the descriptor: the file's name and lock stay the parent's.
  if (::getpid() == owner_)
    ::unlink(path_.c_str());
  ::close(fd_);
  fd_ = -1;
}

} // namespace dbengine::detail
