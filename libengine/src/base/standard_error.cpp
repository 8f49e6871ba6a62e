// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/standard_error.hpp>

#include "base/thread_annotations.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <new>
#include <string>

namespace dbengine::detail {

namespace {

/// Standard error, written without blocking.
class non_blocking_writer {
public:
  void write(std::string_view line) {
    const base::scoped_lock lock(mutex_);
    reopen_if_replaced();
    if (!unsent_.empty()) {
      const auto n = send(unsent_);
      unsent_.erase(0, n > 0 ? static_cast<std::size_t>(n) : 0);
      if (!unsent_.empty()) {
        ++dropped_;
        return;
      }
    }
    if (dropped_ > 0 &&
        put("(" + std::to_string(dropped_) +
            " lines of the log were dropped: standard error was not read in time)\n"))
      dropped_ = 0;
    if (dropped_ > 0 || !unsent_.empty() || !put(line))
      ++dropped_;
  }

private:
  enum class kind { file, socket, own, shared };

  // Checks which file standard error is: the host may have replaced it since the last line.
  void reopen_if_replaced() DBENGINE_REQUIRES(mutex_) {
    struct stat now {};
    if (::fstat(STDERR_FILENO, &now) != 0)
      now = {};
    if (is_known_ && now.st_dev == device_ && now.st_ino == inode_)
      return;
    is_known_ = true;
    device_ = now.st_dev;
    inode_ = now.st_ino;
    unsent_.clear();
    if (own_fd_ >= 0)
      ::close(own_fd_);
    own_fd_ = -1;
    kind_ = S_ISREG(now.st_mode) ? kind::file : S_ISSOCK(now.st_mode) ? kind::socket : kind::shared;
    if (kind_ != kind::shared)
      return;
    // Opened again, because O_NONBLOCK belongs to the open file description, which other processes
    // share.
    own_fd_ = ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own_fd_ >= 0)
      kind_ = kind::own;
  }

  // Writes a line; returns false if no part of it was written. The unwritten end of a line is kept.
  bool put(std::string_view text) DBENGINE_REQUIRES(mutex_) {
    const auto n = send(text);
    if (n <= 0)
      return false;
    const auto done = static_cast<std::size_t>(n);
    if (done < text.size())
      unsent_ = text.substr(done);
    return true;
  }

  ssize_t send(std::string_view text) const DBENGINE_REQUIRES(mutex_) {
    for (;;) {
      ssize_t n = -1;
      switch (kind_) {
      case kind::socket:
        n = ::send(STDERR_FILENO, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        break;
      case kind::own: n = ::write(own_fd_, text.data(), text.size()); break;
      case kind::file: n = ::write(STDERR_FILENO, text.data(), text.size()); break;
      case kind::shared: {
        pollfd p{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0)
          return -1;
        // A pipe that is ready accepts PIPE_BUF bytes.
        n = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
      }
      }
      if (n >= 0 || errno != EINTR)
        return n;
    }
  }

  base::mutex mutex_;
  bool is_known_ DBENGINE_GUARDED_BY(mutex_) = false;
  dev_t device_ DBENGINE_GUARDED_BY(mutex_) = 0;
  ino_t inode_ DBENGINE_GUARDED_BY(mutex_) = 0;
  kind kind_ DBENGINE_GUARDED_BY(mutex_) = kind::shared;
  int own_fd_ DBENGINE_GUARDED_BY(mutex_) = -1;    // our own open file description, if kind::own
  std::string unsent_ DBENGINE_GUARDED_BY(mutex_); // the unwritten end of a line
  std::uint64_t dropped_ DBENGINE_GUARDED_BY(mutex_) = 0;
};

} // namespace

void write_to_standard_error(std::string_view line) noexcept {
  // never destroyed: an abandoned worker may log while the process ends
  static auto* const to = new (std::nothrow) non_blocking_writer;
  try {
    if (to != nullptr)
      to->write(line);
  } catch (...) { // no memory for the end of a line: a log must not stop the engine
  }
}

} // namespace dbengine::detail
