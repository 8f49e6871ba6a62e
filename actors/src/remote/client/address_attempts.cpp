// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/address_attempts.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace dbengine::actors::remote {

namespace {

using namespace std::chrono_literals;

/// The delay between the attempts at two addresses of a name (RFC 8305, 8).
constexpr auto stagger = 250ms;

/// The addresses of both families in turns, beginning with the first address's family (RFC 8305,
/// 4): if one family is not reachable, the other follows soon.
std::vector<socket_address> in_turns(std::vector<socket_address> all) {
  if (all.empty())
    return all;
  const auto family = all.front().family();
  const auto others = std::stable_partition(
      all.begin(), all.end(), [family](const auto& a) { return a.family() == family; });
  std::vector<socket_address> mixed;
  mixed.reserve(all.size());
  for (auto a = all.begin(), b = others; a != others || b != all.end();) {
    if (a != others)
      mixed.push_back(*a++);
    if (b != all.end())
      mixed.push_back(*b++);
  }
  return mixed;
}

} // namespace

address_attempts::address_attempts(std::vector<socket_address> to) : to_(in_turns(std::move(to))) {}

address_attempts::~address_attempts() {
  for (const auto& p : open_)
    ::close(p.fd);
}

std::string address_attempts::begin_due(clock::time_point now) {
  while (next_ < to_.size() && (open_.empty() || now >= due_)) {
    due_ = now + stagger;
    begin(to_[next_++]);
  }
  return open_.empty() ? why_.empty() ? "it has no address" : why_ : std::string();
}

int address_attempts::finish(clock::time_point until) {
  if (next_ < to_.size())
    until = std::min(until, due_);
  const auto left = std::max(until - clock::now(), clock::duration(0));
  ::poll(open_.data(), open_.size(),
         static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(left).count()));
  for (auto p = open_.begin(); p != open_.end();) {
    if (p->revents == 0) {
      ++p;
      continue;
    }
    int failed = 0;
    socklen_t size = sizeof failed;
    if (::getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0)
      failed = errno;
    const int fd = p->fd;
    p = open_.erase(p);
    if (failed == 0)
      return fd;
    fail(fd, failed);
  }
  return -1;
}

void address_attempts::begin(const socket_address& a) {
  open_.reserve(to_.size());
  const int fd = ::socket(a.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    why_ = std::strerror(errno);
  else if (::connect(fd, a.get(), a.size) != 0 && errno != EINPROGRESS)
    fail(fd, errno);
  else
    open_.push_back({fd, POLLOUT, 0});
}

void address_attempts::fail(int fd, int number) {
  ::close(fd);
  why_ = std::strerror(number);
  due_ = {}; // the next one need not wait
}

} // namespace dbengine::actors::remote
