// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/tls_question.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace dbengine::actors::remote {

namespace {

/// A TLS 1.2 ClientHello without extensions. A TLS server answers it, if only with an alert; a
/// dbengine without TLS closes the connection.
constexpr std::array<unsigned char, 52> tls_greeting = [] {
  std::array<unsigned char, 52> g{};
  const std::array<unsigned char, 11> head{0x16, 3, 1, 0, 47, 1, 0, 0, 43, 3, 3};
  const std::array<unsigned char, 9> tail{0, 0, 4, 0xc0, 0x2f, 0xc0, 0x2b, 1, 0};
  std::copy(head.begin(), head.end(), g.begin());
  std::copy(tail.begin(), tail.end(), g.begin() + 43); // after 32 bytes that should be random
  return g;
}();

} // namespace

tls_question::tls_question(int like) {
  sockaddr_storage to{};
  socklen_t size = sizeof to;
  if (::getpeername(like, reinterpret_cast<sockaddr*>(&to), &size) != 0)
    return;
  fd_ = ::socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ >= 0 && ::connect(fd_, reinterpret_cast<sockaddr*>(&to), size) != 0 &&
      errno != EINPROGRESS)
    end();
}

bool tls_question::step() {
  if (fd_ < 0)
    return false;
  if (!asked_) {
    asked_ = ::send(fd_, tls_greeting.data(), tls_greeting.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(tls_greeting.size());
    if (!asked_)
      end();
    return false;
  }
  unsigned char first = 0;
  const auto n = ::recv(fd_, &first, 1, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return false;
  end();
  return n == 1 && (first == 0x15 || first == 0x16); // an alert, or its own greeting
}

void tls_question::end() {
  if (fd_ >= 0)
    ::close(fd_);
  fd_ = -1;
}

} // namespace dbengine::actors::remote
