// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/standard_error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <mutex>
#include <new>
#include <string>

namespace dbengine::detail {

namespace {

class never_waiting {
public:
  void write(std::string_view line) {
    const std::lock_guard lock(mutex_);
    look();
    if (!rest_.empty()) {
      const auto n = send(rest_);
      rest_.erase(0, n > 0 ? static_cast<std::size_t>(n) : 0);
      if (!rest_.empty()) {
        ++dropped_;
        return;
      }
    }
    if (dropped_ > 0 && put("(" + std::to_string(dropped_) +
                            " lines of the log were dropped: nobody read them in time)\n"))
      dropped_ = 0;
    if (dropped_ > 0 || !rest_.empty() || !put(line))
      ++dropped_;
  }

private:
  enum class kind { file, socket, own, shared };

  // What standard error is now: a host may have changed it since the last line.
  void look() {
    struct stat now {};
    if (::fstat(STDERR_FILENO, &now) != 0)
      now = {};
    if (looked_ && now.st_dev == device_ && now.st_ino == node_)
      return;
    looked_ = true;
    device_ = now.st_dev;
    node_ = now.st_ino;
    rest_.clear();
    if (own_ >= 0)
      ::close(own_);
    own_ = -1;
    what_ = S_ISREG(now.st_mode) ? kind::file : S_ISSOCK(now.st_mode) ? kind::socket : kind::shared;
    if (what_ != kind::shared)
      return;
    // Opened once more: O_NONBLOCK belongs to the open file, and this one is shared with other processes.
    own_ = ::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (own_ >= 0)
      what_ = kind::own;
  }

  // False where there is no room for any of it. What is left of a line that was begun is kept.
  bool put(std::string_view text) {
    const auto n = send(text);
    if (n <= 0)
      return false;
    const auto done = static_cast<std::size_t>(n);
    if (done < text.size())
      rest_ = text.substr(done);
    return true;
  }

  ssize_t send(std::string_view text) const {
    for (;;) {
      ssize_t n = -1;
      switch (what_) {
      case kind::socket:
        n = ::send(STDERR_FILENO, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        break;
      case kind::own: n = ::write(own_, text.data(), text.size()); break;
      case kind::file: n = ::write(STDERR_FILENO, text.data(), text.size()); break;
      case kind::shared: {
        pollfd p{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&p, 1, 0) != 1 || (p.revents & POLLOUT) == 0)
          return -1;
        // A pipe that is ready has room for so much.
        n = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
      }
      }
      if (n >= 0 || errno != EINTR)
        return n;
    }
  }

  std::mutex mutex_;
  bool looked_ = false;
  dev_t device_ = 0;
  ino_t node_ = 0;
  kind what_ = kind::shared;
  int own_ = -1;
  std::string rest_;
  std::uint64_t dropped_ = 0;
};

} // namespace

void write_to_standard_error(std::string_view line) noexcept {
  // Never destroyed: a worker that was left behind may log while the process ends.
  static auto* const to = new (std::nothrow) never_waiting;
  try {
    if (to != nullptr)
      to->write(line);
  } catch (...) { // no memory for the rest of a line: a log must not take the engine down
  }
}

} // namespace dbengine::detail
