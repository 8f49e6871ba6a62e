// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "held_file.hpp"

#include <algorithm>
#include <cstddef>
#include <fcntl.h>
#include <mutex>
#include <new>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dbengine::detail {

namespace {

// Where it cannot be asked (a file system without these locks) there may be one.
bool may_be_locked(int fd) noexcept {
  try {
    return locked_by_sqlite(fd);
  } catch (...) {
    return true;
  }
}

// The descriptors that could not be closed. Never destroyed: engines end after it otherwise.
struct kept_files {
  std::mutex mutex;
  std::vector<unique_fd> fds;

  void close_the_free() noexcept {
    std::erase_if(fds, [](const unique_fd& fd) { return !may_be_locked(fd.get()); });
  }
};

kept_files& kept() {
  static auto* const files = new kept_files;
  return *files;
}

bool is_same(int a, int b) noexcept {
  struct stat one {};
  struct stat other {};
  return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino &&
         one.st_dev == other.st_dev;
}

} // namespace

held_file::held_file(unique_fd fd) noexcept : fd_(std::move(fd)), owner_(getpid()) {}

held_file& held_file::operator=(held_file&& other) noexcept {
  reset();
  fd_ = std::move(other.fd_);
  owner_ = other.owner_;
  return *this;
}

held_file held_file::open(const directory& folder, const std::string& name) {
  // For its identity only: closing this one drops no lock.
  const unique_fd path(openat(folder.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!path)
    return {};
  {
    auto& k = kept();
    const std::lock_guard lock(k.mutex);
    const auto again = std::find_if(k.fds.begin(), k.fds.end(),
                                    [&](const auto& fd) { return is_same(fd.get(), path.get()); });
    if (again != k.fds.end()) {
      held_file result(std::move(*again));
      k.fds.erase(again);
      return result;
    }
    k.close_the_free();
  }
  return held_file(folder.open_file(name));
}

void held_file::reset() noexcept {
  if (!fd_)
    return;
  // In a forked child the lock is the parent's.
  if (owner_ == getpid())
    (void)flock(fd_.get(), LOCK_UN);
  auto& k = kept();
  const std::lock_guard lock(k.mutex);
  k.close_the_free();
  if (!may_be_locked(fd_.get())) {
    fd_.reset();
    return;
  }
  try {
    k.fds.push_back(std::move(fd_));
  } catch (...) { // no memory for the list: a lost descriptor is the lesser evil
    alignas(unique_fd) std::byte lost[sizeof(unique_fd)];
    new (lost) unique_fd(std::move(fd_));
  }
}

} // namespace dbengine::detail
