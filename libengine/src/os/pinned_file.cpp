// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "os/pinned_file.hpp"

#include "base/thread_annotations.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <new>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace dbengine::os {

namespace {

// True also if the file system has no such locks to query.
bool may_be_locked(int fd) noexcept {
  try {
    return locked_by_sqlite(fd);
  } catch (...) {
    return true;
  }
}

bool is_same_file(int a, int b) noexcept {
  struct stat one {};
  struct stat other {};
  return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_ino == other.st_ino &&
         one.st_dev == other.st_dev;
}

/// The descriptors that could not be closed yet. Never destroyed, because engines may end later.
class deferred_closes {
public:
  static deferred_closes& instance() {
    static auto* const all = new deferred_closes;
    return *all;
  }

  /// Closes a descriptor now, or when SQLite has no lock on its file; also closes others that are
  /// free now.
  void close(unique_fd fd) noexcept {
    const base::scoped_lock lock(mutex_);
    close_unlocked();
    if (!may_be_locked(fd.get())) {
      fd.reset();
      return;
    }
    try {
      fds_.push_back(std::move(fd));
    } catch (...) { // no memory for the list: leak the descriptor rather than drop SQLite's locks
      alignas(unique_fd) std::byte leaked[sizeof(unique_fd)];
      new (leaked) unique_fd(std::move(fd));
    }
  }

  /// Returns the kept descriptor of the file that is open as `same_as`, if there is one and it can
  /// write if `to_write`. Otherwise closes those that are free now.
  unique_fd reuse(int same_as, bool to_write) {
    const base::scoped_lock lock(mutex_);
    const auto found = std::find_if(fds_.begin(), fds_.end(), [&](const auto& fd) {
      return is_same_file(fd.get(), same_as) &&
             (!to_write || (fcntl(fd.get(), F_GETFL) & O_ACCMODE) == O_RDWR);
    });
    unique_fd result;
    if (found != fds_.end()) {
      result = std::move(*found);
      fds_.erase(found);
    } else {
      close_unlocked();
    }
    return result;
  }

private:
  void close_unlocked() noexcept DBENGINE_REQUIRES(mutex_) {
    std::erase_if(fds_, [](const unique_fd& fd) { return !may_be_locked(fd.get()); });
  }

  base::mutex mutex_;
  std::vector<unique_fd> fds_ DBENGINE_GUARDED_BY(mutex_);
};

/// The descriptors of all `pinned_file`s of the process. Never destroyed, as above. A fork holds
/// its mutex, so that the child finds a complete list.
class pinned_descriptors {
public:
  static pinned_descriptors& instance() {
    static auto* const all = make();
    return *all;
  }

  void add(int fd) {
    const base::scoped_lock lock(mutex_);
    numbers_.push_back(fd);
  }
  void remove(int fd) noexcept {
    const base::scoped_lock lock(mutex_);
    std::erase(numbers_, fd);
  }
  bool has_other(int fd) noexcept {
    const base::scoped_lock lock(mutex_);
    return std::any_of(numbers_.begin(), numbers_.end(),
                       [fd](int other) { return other != fd && is_same_file(other, fd); });
  }

private:
  static pinned_descriptors* make() {
    all_ = new pinned_descriptors;
    (void)pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child);
    return all_;
  }

  // Not analysed: the mutex is held from the first of these functions to the second or third.
  static void before_fork() DBENGINE_NO_THREAD_SAFETY_ANALYSIS { all_->mutex_.lock(); }
  static void after_fork_in_parent() DBENGINE_NO_THREAD_SAFETY_ANALYSIS { all_->mutex_.unlock(); }

  // Runs in a forked child, which has this thread only: restricted to functions that are permitted
  // between fork and exec. The numbers stay in use, because the child's copies of their owners have
  // them.
  static void after_fork_in_child() noexcept DBENGINE_NO_THREAD_SAFETY_ANALYSIS {
    auto& numbers = all_->numbers_;
    const int nothing = numbers.empty() ? -1 : ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : numbers)
      if (nothing < 0 || dup3(nothing, fd, O_CLOEXEC) < 0)
        ::close(fd); // no descriptor: an owner with a wrong number is better than a stray lock
    if (nothing >= 0)
      ::close(nothing);
    numbers.clear();
    all_->mutex_.unlock();
  }

  static inline pinned_descriptors* all_ = nullptr;

  base::mutex mutex_;
  std::vector<int> numbers_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace

pinned_file::pinned_file(unique_fd fd) : fd_(std::move(fd)), owner_(getpid()) {
  if (fd_)
    pinned_descriptors::instance().add(fd_.get());
}

pinned_file& pinned_file::operator=(pinned_file&& other) noexcept {
  reset();
  fd_ = std::move(other.fd_);
  owner_ = other.owner_;
  return *this;
}

pinned_file pinned_file::open(const directory& folder, const std::string& name) {
  // Only for its identity: closing an O_PATH descriptor drops no lock.
  const unique_fd path(openat(folder.fd(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!path)
    return {};
  if (auto again = deferred_closes::instance().reuse(path.get(), false))
    return pinned_file(std::move(again));
  return pinned_file(folder.open_file(name));
}

pinned_file pinned_file::open_to_write(const std::filesystem::path& path, bool create, bool& made) {
  made = false;
  constexpr int flags = O_NOFOLLOW | O_CLOEXEC;
  const unique_fd there(::open(path.c_str(), O_PATH | flags));
  if (there)
    if (auto again = deferred_closes::instance().reuse(there.get(), true))
      return pinned_file(std::move(again));
  // Non-blocking: the name may be a pipe.
  unique_fd fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | flags));
  if (!fd && errno == ENOENT && create) {
    fd = unique_fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | flags, 0644));
    made = static_cast<bool>(fd);
    if (!fd && errno == EEXIST) // made by another process in between
      fd = unique_fd(::open(path.c_str(), O_RDWR | O_NONBLOCK | flags));
  }
  return pinned_file(std::move(fd));
}

bool pinned_file::has(int fd) {
  return pinned_descriptors::instance().has_other(fd);
}

void pinned_file::reset() noexcept {
  if (!fd_)
    return;
  pinned_descriptors::instance().remove(fd_.get());
  // In a forked child the locks belong to the parent.
  if (owner_ == getpid()) {
    (void)flock(fd_.get(), LOCK_UN);
    struct flock all {};
    all.l_type = F_UNLCK;
    all.l_whence = SEEK_SET;
    (void)fcntl(fd_.get(), F_OFD_SETLK, &all);
  }
  deferred_closes::instance().close(std::exchange(fd_, {}));
}

} // namespace dbengine::os
