// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/interrupt.hpp"

#include "cli/exit_code.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace dbengine::app {

interrupt::interrupt() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  const auto ignored = [](int signal) {
    struct sigaction now {};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
  };
  ignore_hangup_ = ignored(SIGHUP);
  ignore_interrupt_ = ignored(SIGINT);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  const int signals = ::signalfd(-1, &set, SFD_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (signals < 0 || wake_ < 0)
    throw std::system_error(errno, std::generic_category(), "cannot wait for signals");
  watcher_ = std::thread([this, signals] { watch(signals); });
}

interrupt::~interrupt() {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) == sizeof one)
    watcher_.join();
  else
    watcher_.detach();
  ::close(wake_);
}

void interrupt::divert(std::function<bool(int)> taker) {
  const std::lock_guard lock(mutex_);
  taker_ = std::move(taker);
}

void interrupt::watch(int signals) {
  pollfd polled[2] = {{signals, POLLIN, 0}, {wake_, POLLIN, 0}};
  for (;;) {
    if (::poll(polled, 2, -1) < 0 && errno != EINTR)
      break;
    if ((polled[1].revents & POLLIN) != 0)
      break;
    if ((polled[0].revents & POLLIN) == 0)
      continue;
    signalfd_siginfo info{};
    if (::read(signals, &info, sizeof info) != sizeof info)
      continue;
    if (ignore_interrupt_ && info.ssi_signo == SIGINT)
      continue;
    {
      const std::lock_guard lock(mutex_);
      if (taker_ && taker_(static_cast<int>(info.ssi_signo)))
        continue;
    }
    if (ignore_hangup_ && info.ssi_signo == SIGHUP)
      continue;
    if (stop_.stop_requested())
      ::_exit(static_cast<int>(exit_code::interrupted));
    stop_.request_stop();
  }
  ::close(signals);
}

} // namespace dbengine::app
