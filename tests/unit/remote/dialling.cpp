// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A name with several addresses.
//
//   dial             127.0.0.2 (no answer)         127.0.0.1
//   SYN ------------>
//   250 ms later -------------------------------> accepts: used

#include "remote/client/dial.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <vector>

#include "support/test.hpp" // last

using namespace dbengine;
using namespace dbengine::actors;
using namespace std::chrono_literals;

namespace {

dbengine::actors::remote::socket_address at(const char* ip, std::uint16_t port) {
  dbengine::actors::remote::socket_address a;
  auto& in = reinterpret_cast<sockaddr_in&>(a.bytes);
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  ::inet_pton(AF_INET, ip, &in.sin_addr);
  a.size = sizeof in;
  return a;
}

class listener {
public:
  explicit listener(const char* ip, std::uint16_t port, int backlog)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto a = at(ip, port);
    if (::bind(fd_, a.get(), a.size) != 0 || ::listen(fd_, backlog) != 0)
      CAF_FAIL("cannot listen at " << ip);
  }
  ~listener() {
    for (const int fd : waiting_)
      ::close(fd);
    ::close(fd_);
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  int fd() const { return fd_; }
  std::uint16_t port() const {
    sockaddr_in in{};
    socklen_t size = sizeof in;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&in), &size);
    return ntohs(in.sin_port);
  }
  /// Makes the listener unresponsive: its queue is full, and further connections are dropped.
  void fill(const char* ip) {
    for (int i = 0; i < 4; ++i) {
      waiting_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      const auto a = at(ip, port());
      static_cast<void>(::connect(waiting_.back(), a.get(), a.size));
    }
  }

private:
  int fd_;
  std::vector<int> waiting_;
};

error_info failure_of_dial(const dbengine::actors::remote::resolver& resolve,
                           std::chrono::milliseconds most) {
  const std::atomic<bool> stop{false};
  try {
    dbengine::actors::remote::dial({"x", 1}, nullptr, std::chrono::steady_clock::now() + most, stop,
                                   resolve);
  } catch (const error& e) {
    return e.info();
  }
  return {};
}

} // namespace

CAF_TEST(the next address of a name is tried where the first one says nothing) {
  const listener live("127.0.0.1", 0, 8);
  listener dead("127.0.0.2", live.port(), 0);
  dead.fill("127.0.0.2");
  // The control: the dead address alone is not reached.
  auto e = failure_of_dial(
      [&](const dbengine::actors::remote::endpoint&) {
        return std::vector{at("127.0.0.2", dead.port())};
      },
      300ms);
  CAF_CHECK_EQUAL(to_string(e.code), "unreachable");
  // The peer that answers is not an engine; the error proves that it was reached.
  std::jthread answers([&] {
    const int fd = ::accept4(live.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    const std::vector<char> no_engine(64, 'x');
    static_cast<void>(::send(fd, no_engine.data(), no_engine.size(), MSG_NOSIGNAL));
    char c = 0;
    static_cast<void>(::recv(fd, &c, 1, 0));
    ::close(fd);
  });
  e = failure_of_dial(
      [&](const dbengine::actors::remote::endpoint&) {
        return std::vector{at("127.0.0.2", dead.port()), at("127.0.0.1", live.port())};
      },
      60s);
  CAF_CHECK_EQUAL(to_string(e.code), "protocol");
}

CAF_TEST(an address that refuses is no reason to wait) {
  std::uint16_t port = 0;
  {
    const listener gone("127.0.0.1", 0, 1);
    port = gone.port();
  }
  const auto e = failure_of_dial(
      [&](const dbengine::actors::remote::endpoint&) {
        return std::vector<dbengine::actors::remote::socket_address>(
            200, at("127.0.0.1", port)); // 50 s if each waited for its stagger
      },
      30s);
  CAF_CHECK_EQUAL(to_string(e.code), "unreachable");
  CAF_CHECK(e.message.find(std::strerror(ECONNREFUSED)) != std::string::npos);
}

CAF_TEST(a name without an address is reported as such) {
  const auto e = failure_of_dial(
      [](const dbengine::actors::remote::endpoint&) {
        return std::vector<dbengine::actors::remote::socket_address>{};
      },
      1s);
  CAF_CHECK_EQUAL(to_string(e.code), "unreachable");
}
