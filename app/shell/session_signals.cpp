// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/session_signals.hpp"

#include "cli/exit_code.hpp"
#include "cli/interrupt.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace dbengine::app::shell {

session_signals::session_signals(interrupt& from)
    : from_(from), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  from_.divert([this](int signal) { return take(signal); });
}

session_signals::~session_signals() {
  from_.divert({});
  ::close(wake_);
}

void session_signals::begin() {
  const std::lock_guard lock(mutex_);
  std::uint64_t count = 0;
  bool taken = false;
  while (::read(wake_, &count, sizeof count) == sizeof count)
    taken = true;
  // `take` may not have requested the stop yet; the signal was for the previous statement
  // nevertheless.
  if (taken || current_.stop_requested())
    current_ = std::stop_source();
  if (ended_)
    current_.request_stop();
}

std::stop_token session_signals::token() {
  const std::lock_guard lock(mutex_);
  return current_.get_token();
}

bool session_signals::take(int signal) {
  std::stop_source source;
  {
    const std::lock_guard lock(mutex_);
    if (signal != SIGINT && ended_.exchange(true))
      ::_exit(static_cast<int>(exit_code::interrupted)); // the second request: it does not end by
                                                         // itself
    source = current_;
    const std::uint64_t one = 1;
    // It cannot overflow: `begin` resets it, and 2^64 signals do not occur.
    static_cast<void>(::write(wake_, &one, sizeof one) == sizeof one);
  }
  source.request_stop(); // not under the lock: it runs callbacks
  return true;
}

} // namespace dbengine::app::shell
