// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/pinned_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <mutex>
#include <new>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dbengine::os {

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

// The one that was kept for this file, if it allows to write where that is wanted.
unique_fd take_kept(int same_as, bool to_write) {
  auto& k = kept();
  const std::lock_guard lock(k.mutex);
  const auto again = std::find_if(k.fds.begin(), k.fds.end(), [&](const auto& fd) {
    return is_same(fd.get(), same_as) &&
           (!to_write || (fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDWR);
  });
  unique_fd result;
  if (again != k.fds.end()) {
    result = std::move(*again);
    k.fds.erase(again);
  } else {
    k.close_the_free();
  }
  return result;
}

// The descriptors of all `pinned_file`s of the process. Never destroyed, as above.
struct held_descriptors {
  std::mutex mutex;
  std::vector<int> numbers;
};

held_descriptors& held() {
  static auto* const all = new held_descriptors;
  return *all;
}

// In a forked child, which has one thread, this one: only what may be called between fork and exec. The numbers stay in use,
// because the child's copies of their owners know them.
void let_go_in_child() {
  auto& h = held();
  const int nothing = h.numbers.empty() ? -1 : ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : h.numbers)
    if (nothing < 0 || dup3(nothing, fd, O_CLOEXEC) < 0)
      ::close(
          fd); // no descriptor left: better an owner with a wrong number than a lock without its owner
  if (nothing >= 0)
    ::close(nothing);
  h.numbers.clear();
  h.mutex.unlock();
}

void watch_forks() {
  static const int once = [] {
    held();
    return pthread_atfork([] { held().mutex.lock(); }, [] { held().mutex.unlock(); },
                          &let_go_in_child);
  }();
  (void)once;
}

} // namespace

pinned_file::pinned_file(unique_fd fd) : fd_(std::move(fd)), owner_(getpid()) {
  if (!fd_)
    return;
  watch_forks();
  auto& h = held();
  const std::lock_guard lock(h.mutex);
  h.numbers.push_back(fd_.get());
}

pinned_file& pinned_file::operator=(pinned_file&& other) noexcept {
  reset();
  fd_ = std::move(other.fd_);
  owner_ = other.owner_;
  return *this;
}

pinned_file pinned_file::open(const directory& folder, const std::string& name) {
  // For its identity only: closing this one drops no lock.
  const unique_fd path(openat(folder.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!path)
    return {};
  if (auto again = take_kept(path.get(), false))
    return pinned_file(std::move(again));
  return pinned_file(folder.open_file(name));
}

pinned_file pinned_file::open_to_write(const std::filesystem::path& path, bool create, bool& made) {
  made = false;
  constexpr int flags = O_NOFOLLOW | O_CLOEXEC;
  const unique_fd there(::open(path.c_str(), O_PATH | flags));
  if (there)
    if (auto again = take_kept(there.get(), true))
      return pinned_file(std::move(again));
  // Not blocking: somebody may have put a pipe there.
  unique_fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | flags));
  if (!fd && errno == ENOENT && create) {
    fd = unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | flags, 0644));
    made = static_cast<bool>(fd);
    if (!fd && errno == EEXIST) // made by somebody else in between
      fd = unique_fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | flags));
  }
  return pinned_file(std::move(fd));
}

bool pinned_file::has(int fd) {
  auto& h = held();
  const std::lock_guard lock(h.mutex);
  return std::any_of(h.numbers.begin(), h.numbers.end(),
                     [fd](int other) { return other != fd && is_same(other, fd); });
}

void pinned_file::reset() noexcept {
  if (!fd_)
    return;
  {
    auto& h = held();
    const std::lock_guard lock(h.mutex);
    std::erase(h.numbers, fd_.get());
  }
  // In a forked child the locks are the parent's.
  if (owner_ == getpid()) {
    (void)flock(fd_.get(), LOCK_UN);
    struct flock all {};
    all.l_type = F_UNLCK;
    all.l_whence = SEEK_SET;
    (void)fcntl(fd_.get(), F_OFD_SETLK, &all);
  }
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

} // namespace dbengine::os
