// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/wire/long_wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <list>
#include <vector>

namespace dbengine::test {

namespace {

using clock = std::chrono::steady_clock;

/// The bytes that may be in flight in one direction. Beyond that the sender waits, as for a
/// receiver's window.
constexpr std::size_t most_under_way = std::size_t{4} << 20;
/// How often settings and due bytes are checked.
constexpr int look_every_ms = 2;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons(port);
  return a;
}

struct piece {
  clock::time_point due;
  std::string bytes;
};

/// One direction of one connection.
struct way {
  int from = -1;
  int to = -1;
  std::deque<piece> under_way;
  std::size_t bytes = 0;
  clock::time_point free{}; // when a throttled wire can take the next byte
  bool ended = false;       // the sender has closed
  bool shut = false;        // the receiver was notified

  /// Returns false if the connection has ended.
  bool take(std::chrono::milliseconds delay, std::size_t rate) {
    std::array<char, 64 << 10> buffer;
    const auto size =
        rate != 0 ? std::min(buffer.size(), std::max<std::size_t>(rate / 50, 512)) : buffer.size();
    const auto n = ::recv(from, buffer.data(), size, MSG_DONTWAIT);
    if (n < 0)
      return errno == EAGAIN || errno == EINTR;
    if (n == 0) {
      ended = true;
      return true;
    }
    const auto now = clock::now();
    free = std::max(free, now);
    if (rate != 0)
      free += std::chrono::nanoseconds(std::int64_t{1'000'000'000} * n /
                                       static_cast<std::int64_t>(rate));
    under_way.push_back({free + delay, std::string(buffer.data(), static_cast<std::size_t>(n))});
    bytes += static_cast<std::size_t>(n);
    return true;
  }

  bool give() {
    const auto now = clock::now();
    while (!under_way.empty() && under_way.front().due <= now) {
      auto& first = under_way.front();
      const auto n =
          ::send(to, first.bytes.data(), first.bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0)
        return errno == EAGAIN || errno == EINTR;
      bytes -= static_cast<std::size_t>(n);
      first.bytes.erase(0, static_cast<std::size_t>(n));
      if (!first.bytes.empty())
        return true;
      under_way.pop_front();
    }
    if (ended && under_way.empty() && !shut) {
      shut = true;
      ::shutdown(to, SHUT_WR);
    }
    return true;
  }
};

struct connection {
  int near = -1;
  int far = -1;
  way out; // near to far
  way in;

  connection(int n, int f) : near(n), far(f) {
    out.from = in.to = n;
    out.to = in.from = f;
  }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection() {
    ::close(near);
    ::close(far);
  }

  void reset() const {
    const linger now{1, 0};
    ::setsockopt(near, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::setsockopt(far, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
};

void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

} // namespace

long_wire::long_wire(std::uint16_t to) : to_(to) {
  listens_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto a = loopback(0);
  socklen_t size = sizeof a;
  if (::bind(listens_, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(listens_, 64) != 0 ||
      ::getsockname(listens_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
    return;
  port_ = ntohs(a.sin_port);
  thread_ = std::thread([this] { run(); });
}

long_wire::~long_wire() {
  stop_ = true;
  if (thread_.joinable())
    thread_.join();
  ::close(listens_);
}

void long_wire::run() {
  std::list<connection> all;
  while (!stop_) {
    const std::chrono::milliseconds delay(delay_);
    const std::size_t rate = rate_;
    if (torn_) {
      for (const auto& c : all)
        c.reset();
      all.clear();
    }
    std::vector<pollfd> wanted{{listens_, POLLIN, 0}};
    if (!mute_)
      for (const auto& c : all)
        for (const auto* w : {&c.out, &c.in})
          wanted.push_back({w->ended || w->bytes > most_under_way ? -1 : w->from, POLLIN, 0});
    ::poll(wanted.data(), wanted.size(), look_every_ms);
    if (!mute_) {
      auto ready = wanted.begin() + 1;
      for (auto c = all.begin(); c != all.end();) {
        bool alive = true;
        for (auto* w : {&c->out, &c->in}) {
          if (ready != wanted.end() && (ready++)->revents != 0)
            alive = w->take(delay, rate) && alive;
          alive = alive && w->give();
        }
        if (!alive)
          c->reset();
        if (!alive || (c->out.shut && c->in.shut))
          c = all.erase(c);
        else
          ++c;
      }
    }
    for (int near = 0;
         (near = ::accept4(listens_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0;) {
      ++accepted_;
      const int far = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const auto a = loopback(to_);
      const bool there =
          !torn_ && ::connect(far, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
      no_delay(near);
      no_delay(far);
      const auto& c = all.emplace_back(near, far);
      if (!there) {
        c.reset();
        all.pop_back();
      }
    }
  }
}

} // namespace dbengine::test
