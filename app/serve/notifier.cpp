// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/notifier.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

namespace dbengine::app::serve {

namespace {

std::string take_variable(const char* name) {
  const char* found = std::getenv(name);
  std::string text = found == nullptr ? "" : found;
  ::unsetenv(name);
  return text;
}

std::uint64_t number(const std::string& text) {
  std::uint64_t n = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n);
  return code == std::errc() && end == text.data() + text.size() ? n : 0;
}

} // namespace

notifier::notifier() {
  const auto name = take_variable("NOTIFY_SOCKET");
  const auto limit = number(take_variable("WATCHDOG_USEC"));
  const auto process = take_variable("WATCHDOG_PID");
  if (name.empty())
    return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if ((name[0] != '/' && name[0] != '@') || name.size() >= sizeof to.sun_path)
    throw std::system_error(EINVAL, std::generic_category(), "NOTIFY_SOCKET " + name);
  std::memcpy(to.sun_path, name.data(), name.size());
  if (name[0] == '@')
    to.sun_path[0] = '\0'; // an abstract name
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 || ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), size) != 0) {
    const int code = errno;
    if (socket_ >= 0)
      ::close(socket_);
    throw std::system_error(code, std::generic_category(), "NOTIFY_SOCKET " + name);
  }
  if (limit > 0 && (process.empty() || number(process) == static_cast<std::uint64_t>(::getpid())))
    interval_ =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::microseconds(limit)) / 2;
}

notifier::~notifier() {
  if (socket_ >= 0)
    ::close(socket_);
}

void notifier::reloading() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void notifier::stopping(std::chrono::milliseconds most) const {
  send("STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=" +
       std::to_string(std::chrono::microseconds(most).count()));
}

void notifier::send(const std::string& message) const {
  if (socket_ < 0)
    return;
  // A service manager that does not read its socket must not stop the server.
  while (::send(socket_, message.data(), message.size(), MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

} // namespace dbengine::app::serve
