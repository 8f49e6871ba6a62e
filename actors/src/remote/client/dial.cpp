// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/dial.hpp"

#include "guard/frame.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

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
/// The delay between the attempts at two addresses of a name (RFC 8305, 8).
constexpr auto stagger = 250ms;

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

/// Finds whether a server speaks TLS, on a separate connection: the first connection still waits
/// for a server that may be slow. The bytes sent here must be harmless to any server.
class tls_question {
public:
  explicit tls_question(int like) {
    sockaddr_storage to{};
    socklen_t size = sizeof to;
    if (::getpeername(like, reinterpret_cast<sockaddr*>(&to), &size) != 0)
      return;
    fd_ = ::socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ >= 0 && ::connect(fd_, reinterpret_cast<sockaddr*>(&to), size) != 0 &&
        errno != EINPROGRESS)
      end();
  }
  ~tls_question() { end(); }
  tls_question(const tls_question&) = delete;
  tls_question& operator=(const tls_question&) = delete;

  /// The event to wait for; none once the answer is known or can no longer arrive.
  pollfd next() const { return {fd_, static_cast<short>(asked_ ? POLLIN : POLLOUT), 0}; }
  /// Handles that event. Returns true if the server speaks TLS.
  bool step() {
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
    return n == 1 && (first == 0x15 || first == 0x16); // an alert, or its ServerHello
  }

private:
  void end() {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

  int fd_ = -1;
  bool asked_ = false;
};

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

/// Connects to several addresses, each a moment after the previous one, or at once if that failed.
/// The first that accepts is used.
class attempts {
public:
  explicit attempts(std::vector<socket_address> to) : to_(std::move(to)) {}
  ~attempts() {
    for (const auto& p : open_)
      ::close(p.fd);
  }
  attempts(const attempts&) = delete;
  attempts& operator=(const attempts&) = delete;

  /// Begins the attempts that are due. If all have failed, returns the reason.
  std::string begin_due(clock::time_point now) {
    while (next_ < to_.size() && (open_.empty() || now >= due_)) {
      due_ = now + stagger;
      begin(to_[next_++]);
    }
    return open_.empty() ? why_.empty() ? "it has no address" : why_ : std::string();
  }

  /// Returns a connected socket, which the caller owns, or -1 if there is none by then.
  int finish(clock::time_point until) {
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

private:
  void begin(const socket_address& a) {
    open_.reserve(to_.size());
    const int fd = ::socket(a.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
      why_ = std::strerror(errno);
    else if (::connect(fd, a.get(), a.size) != 0 && errno != EINPROGRESS)
      fail(fd, errno);
    else
      open_.push_back({fd, POLLOUT, 0});
  }
  void fail(int fd, int number) {
    ::close(fd);
    why_ = std::strerror(number);
    due_ = {}; // the next attempt need not wait
  }

  std::vector<socket_address> to_;
  std::size_t next_ = 0;
  std::vector<pollfd> open_;
  clock::time_point due_{};
  std::string why_;
};

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
    attempts all(in_turns(resolve(to)));
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
          misfit("the server does not use TLS: connect without certificate");
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
    misfit("the server requires TLS: connect with certificate, key and CA");
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

std::string to_string(const endpoint& e) {
  const bool v6 = e.host.find(':') != std::string::npos;
  return (v6 ? "[" + e.host + "]" : e.host) + ":" + std::to_string(e.port);
}

endpoint parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  endpoint e;
  if (colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    if (host.size() > 2 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos)
      host = {};
    e.host = std::string(host);
    const auto number = text.substr(colon + 1);
    const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), e.port);
    if (ec != std::errc() || end != number.data() + number.size())
      e.port = 0;
  }
  if (e.host.empty() || e.port == 0)
    throw error(errc::invalid_option, "\"" + std::string(text) +
                                          "\" is not an address of the form "
                                          "host:port or [IPv6]:port");
  return e;
}

std::vector<socket_address> resolve(const endpoint& to) {
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int rc = ::getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found);
  if (rc != 0)
    throw error(errc::unreachable,
                "the engine at " + to_string(to) + " cannot be reached: " +
                    (rc == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(rc)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, &::freeaddrinfo);
  std::vector<socket_address> result;
  for (const auto* a = found; a != nullptr; a = a->ai_next) {
    auto& one = result.emplace_back();
    std::memcpy(&one.bytes, a->ai_addr, std::min<std::size_t>(a->ai_addrlen, sizeof one.bytes));
    one.size = a->ai_addrlen;
  }
  return result;
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
