// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/dial.hpp"

#include "guard/frame.hpp"
#include "remote/client/address_attempts.hpp"
#include "remote/client/tls_question.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace dbengine::actors::remote {

namespace {

using clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// BASP's version in CAF 0.17.
constexpr std::uint64_t basp_version = 3;
/// The interval of checks whether the connection is still wanted.
constexpr auto check_every = 50ms;
/// A server without TLS has sent its first bytes by then, unless the network is slow. A server with
/// TLS waits for the client.
constexpr auto speaks_first_within = 500ms;

class dialling {
public:
  dialling(const endpoint& to, clock::time_point deadline, const std::atomic<bool>& stop)
      : name_(to_string(to)), deadline_(deadline), stop_(stop) {}

  [[noreturn]] void unreachable(const std::string& why) const {
    throw error(errc::unreachable, "the engine at " + name_ + " cannot be reached: " + why);
  }
  [[noreturn]] void misfit(const std::string& why) const {
    throw error(errc::protocol, name_ + ": " + why);
  }

  /// Returns false at `until`; throws at the deadline. True if `also` is ready, too.
  bool wait(int fd, short events, clock::time_point until, pollfd* also = nullptr) const {
    for (;;) {
      if (!is_before(until))
        return false;
      const auto now = clock::now();
      const auto left = std::min({deadline_, until, now + check_every}) - now;
      std::array<pollfd, 2> p{{{fd, events, 0}, also != nullptr ? *also : pollfd{-1, 0, 0}}};
      const int n = ::poll(
          p.data(), p.size(),
          static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(left).count()) +
              1);
      if (n > 0) {
        if (also != nullptr)
          *also = p[1];
        return true;
      }
      if (n < 0 && errno != EINTR)
        unreachable(std::strerror(errno));
    }
  }
  void wait(int fd, short events) const { wait(fd, events, clock::time_point::max()); }

  void connect(dialled& d, const endpoint& to, const resolver& resolve) const {
    address_attempts all(resolve(to));
    while (d.socket < 0) {
      is_before(clock::time_point::max());
      if (const auto why = all.begin_due(clock::now()); !why.empty())
        unreachable(why);
      d.socket = all.finish(std::min(deadline_, clock::now() + check_every));
    }
    const int on = 1;
    ::setsockopt(d.socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }

  /// Checks the first frame's header and leaves it in the socket.
  void check_plain(int fd) const {
    std::optional<tls_question> question;
    for (const auto begin = clock::now();;) {
      std::array<char, guard::header_size> head{};
      const auto n = ::recv(fd, head.data(), head.size(), MSG_PEEK | MSG_DONTWAIT);
      if (n > 0 && static_cast<unsigned char>(head[0]) == 0x15) // a TLS alert
        requires_tls();
      if (n == static_cast<ssize_t>(head.size()))
        return judge(head.data());
      if (n == 0 || (n < 0 && errno == ECONNRESET))
        unreachable("the server closed the connection (too many connections?)");
      if (n < 0 && errno != EAGAIN && errno != EINTR)
        unreachable(std::strerror(errno));
      if (n > 0) { // more bytes follow; the socket would be ready again at once
        ::poll(nullptr, 0, 1);
        if (!wait(fd, POLLIN, clock::time_point::max()))
          continue;
      } else if (!question) {
        if (!wait(fd, POLLIN, begin + speaks_first_within))
          question.emplace(fd); // slow, or waiting for the client as TLS does
      } else {
        auto also = question->next();
        wait(fd, POLLIN, clock::time_point::max(), &also);
        if (also.revents != 0 && question->step())
          requires_tls();
      }
    }
  }

  void shake_hands(dialled& d, guard::tls_context& tls) const {
    d.secure = tls.start(d.socket);
    if (!d.secure)
      unreachable("no memory for a TLS session");
    std::array<char, guard::header_size> head{};
    for (;;) {
      if (!d.secure->established()) {
        char first = 0;
        if (::recv(d.socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) == 1 && first == 0)
          misfit("the server does not use TLS: connect without a certificate");
      }
      std::size_t n = 0;
      switch (d.secure->read(head.data(), head.size() - d.early.size(), n)) {
      case guard::io_status::done:
        d.early.append(head.data(), n);
        if (d.early.size() == head.size())
          return judge(d.early.data());
        break;
      case guard::io_status::would_block: wait(d.socket, POLLIN); break;
      case guard::io_status::closed: unreachable("the server closed the connection");
      case guard::io_status::failed:
        misfit("the TLS handshake failed: " + d.secure->detail() +
               (d.secure->established() ? " (the server refused this side's certificate)"
                : d.secure->untrusted() ? ""
                                        : "; perhaps the server does not use TLS"));
      }
    }
  }

private:
  /// Returns false at `until`; throws if the connection is no longer wanted or the deadline has
  /// passed.
  bool is_before(clock::time_point until) const {
    if (stop_)
      unreachable("the connection is no longer wanted");
    const auto now = clock::now();
    if (now >= deadline_)
      unreachable("no answer in time");
    return now < until;
  }

  [[noreturn]] void requires_tls() const {
    misfit("the server requires TLS: connect with a certificate, its key and the CA");
  }

  void judge(const char* bytes) const {
    const auto head = guard::read_header(bytes);
    if (!head.is(guard::operation::server_handshake) || head.padding != 0)
      misfit("the server that answers is not a dbengine server");
    if (head.data != basp_version)
      misfit("the server speaks version " + std::to_string(head.data) +
             " of CAF's protocol, this side version " + std::to_string(basp_version));
  }

  std::string name_;
  clock::time_point deadline_;
  const std::atomic<bool>& stop_;
};

} // namespace

dialled::~dialled() {
  secure.reset();
  if (socket >= 0)
    ::close(socket);
}

std::shared_ptr<dialled> dial(const endpoint& to, const std::shared_ptr<guard::tls_context>& tls,
                              clock::time_point deadline, const std::atomic<bool>& stop,
                              const resolver& resolve) {
  const dialling how(to, deadline, stop);
  auto d = std::make_shared<dialled>();
  how.connect(*d, to, resolve);
  if (tls)
    how.shake_hands(*d, *tls);
  else
    how.check_plain(d->socket);
  return d;
}

} // namespace dbengine::actors::remote
