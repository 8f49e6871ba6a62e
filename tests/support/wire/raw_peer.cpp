// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "support/wire/raw_peer.hpp"

#include "support/wire/guard_wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace dbengine::test {

namespace {

bytes big_endian(std::uint64_t x, unsigned size) {
  bytes result;
  for (unsigned shift = size * 8; shift > 0; shift -= 8)
    result += static_cast<char>((x >> (shift - 8)) & 0xFF);
  return result;
}

std::uint64_t from_big_endian(std::string_view x) {
  std::uint64_t result = 0;
  for (char c : x)
    result = (result << 8) | static_cast<unsigned char>(c);
  return result;
}

} // namespace

bytes u8(std::uint64_t x) {
  return big_endian(x, 1);
}
bytes u16(std::uint64_t x) {
  return big_endian(x, 2);
}
bytes u32(std::uint64_t x) {
  return big_endian(x, 4);
}
bytes u64(std::uint64_t x) {
  return big_endian(x, 8);
}

bytes varbyte(std::uint64_t x) {
  bytes result;
  for (; x > 0x7F; x >>= 7)
    result += static_cast<char>(0x80 | (x & 0x7F));
  return result + static_cast<char>(x);
}

bytes text(std::string_view x) {
  return varbyte(x.size()) + bytes{x};
}

std::uint64_t atom(std::string_view name) {
  static constexpr std::string_view digits =
      " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  std::uint64_t result = 0xF;
  for (char c : name)
    result = (result << 6) | digits.find(c);
  return result;
}

bytes node(std::uint32_t process, char host) {
  return u64(atom("default")) + u32(process) + bytes(20, host);
}

bytes header(std::uint64_t op, std::uint64_t flags, std::uint64_t size, std::uint64_t data,
             std::uint64_t source, std::uint64_t dest) {
  return u8(op) + u16(0) + u8(flags) + u32(size) + u64(data) + u64(source) + u64(dest);
}

bytes frame(std::uint64_t op, std::uint64_t flags, std::uint64_t data, std::uint64_t source,
            std::uint64_t dest, std::string_view payload) {
  return header(op, flags, payload.size(), data, source, dest) + bytes{payload};
}

namespace {

std::string& request_name() {
  static std::string name = wire_request_name;
  return name;
}

} // namespace

void speak_of(std::string_view name) {
  request_name() = name;
}

bytes content(std::string_view type, std::string_view members) {
  const bytes known = wire_request_name;
  if (const auto at = type.find(known); at != type.npos && request_name() != known)
    return content(bytes{type.substr(0, at)} + request_name() +
                       bytes{type.substr(at + known.size())},
                   members);
  return u8(0) + u16(0) + text("@<>+" + bytes{type}) + bytes{members};
}

bytes request_content(std::uint64_t kind, std::uint64_t id, std::string_view body) {
  return content(wire_request_name, u8(kind) + u64(id) + text(body));
}

// -- the peer -------------------------------------------------------------------------------------

struct raw_peer::channel {
  int fd = -1;
  SSL_CTX* context = nullptr;
  SSL* session = nullptr;

  ~channel() {
    if (session != nullptr)
      SSL_free(session);
    if (context != nullptr)
      SSL_CTX_free(context);
    if (fd >= 0) {
      // Thousands of connections a second must not fill the kernel's table with old ones.
      linger at_once{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      ::close(fd);
    }
  }

  bool secure(const raw_tls& how) {
    std::signal(SIGPIPE, SIG_IGN);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    if (!how.certificate.empty() &&
        (SSL_CTX_use_certificate_chain_file(context, how.certificate.c_str()) != 1 ||
         SSL_CTX_use_PrivateKey_file(context, how.key.c_str(), SSL_FILETYPE_PEM) != 1))
      return false;
    if (how.max_version != 0) {
      SSL_CTX_set_min_proto_version(context, 0);
      SSL_CTX_set_max_proto_version(context, how.max_version);
    }
    if (!how.ciphers.empty())
      SSL_CTX_set_cipher_list(context, how.ciphers.c_str());
    session = SSL_new(context);
    SSL_set_fd(session, fd);
    return SSL_connect(session) == 1;
  }

  long read(char* to, std::size_t size) {
    return session != nullptr ? SSL_read(session, to, static_cast<int>(size))
                              : ::recv(fd, to, size, 0);
  }

  long write(const char* from, std::size_t size) {
    return session != nullptr ? SSL_write(session, from, static_cast<int>(size))
                              : ::send(fd, from, size, MSG_NOSIGNAL);
  }

  bool readable(int milliseconds) {
    if (session != nullptr && SSL_pending(session) > 0)
      return true;
    pollfd what{fd, POLLIN, 0};
    return ::poll(&what, 1, milliseconds) == 1;
  }
};

raw_peer::raw_peer(std::uint16_t port, const raw_tls* security)
    : channel_(std::make_unique<channel>()) {
  channel_->fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  ::setsockopt(channel_->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  timeval patience{5, 0};
  ::setsockopt(channel_->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(channel_->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(channel_->fd, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0 ||
      (security != nullptr && !channel_->secure(*security)))
    channel_ = nullptr;
}

raw_peer::~raw_peer() = default;
raw_peer::raw_peer(raw_peer&&) noexcept = default;
raw_peer& raw_peer::operator=(raw_peer&&) noexcept = default;

bool raw_peer::open() const {
  return channel_ != nullptr;
}

bool raw_peer::send(std::string_view what) {
  while (channel_ && !what.empty()) {
    auto put = channel_->write(what.data(), what.size());
    if (put <= 0)
      return false;
    what.remove_prefix(static_cast<std::size_t>(put));
  }
  return channel_ != nullptr;
}

bytes raw_peer::receive(std::size_t size) {
  bytes result(size, '\0');
  for (std::size_t have = 0; have < size;) {
    auto got = channel_ ? channel_->read(result.data() + have, size - have) : 0;
    if (got <= 0)
      return {};
    have += static_cast<std::size_t>(got);
  }
  return result;
}

bytes raw_peer::receive_frame() {
  for (;;) {
    auto head = receive(32);
    if (head.empty())
      return {};
    auto size = from_big_endian(std::string_view{head}.substr(4, 4));
    auto payload = size > 0 ? receive(size) : bytes{};
    if (payload.size() != size)
      return {};
    if (head[0] != 6)
      return head + payload;
  }
}

bool raw_peer::closed_within(int milliseconds) {
  using clock = std::chrono::steady_clock;
  auto end = clock::now() + std::chrono::milliseconds{milliseconds};
  std::vector<char> sink(64 << 10);
  while (channel_) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - clock::now()).count();
    if (left < 0 || !channel_->readable(static_cast<int>(left)))
      return false;
    if (channel_->read(sink.data(), sink.size()) <= 0)
      return true;
  }
  return true;
}

void raw_peer::finish() {
  if (channel_)
    ::shutdown(channel_->fd, SHUT_WR);
}

bool raw_peer::shake_hands() {
  auto hello = receive_frame();
  if (hello.size() < 32 + 32 || hello[0] != 0)
    return false;
  server = hello.substr(32, 32);
  // Application ids, as a list of texts shorter than 128 characters, then the actor's id.
  auto at = std::size_t{64};
  for (auto ids = static_cast<unsigned char>(hello.at(at++)); ids > 0; --ids)
    at += std::size_t{1} + static_cast<unsigned char>(hello.at(at));
  gateway = from_big_endian(std::string_view{hello}.substr(at, 8));
  return send(handshake() + handshake(2) + monitor());
}

bool raw_peer::echo(std::uint64_t id) {
  constexpr std::uint64_t source = 99;
  if (!send(message(request_content(0, id, "raw"), id, source)))
    return false;
  auto members = u8(0) + u64(id) + text("raw");
  for (;;) {
    auto answer = receive_frame();
    if (answer.empty())
      return false;
    if (answer[0] == 2 && answer.substr(24, 8) == u64(source))
      return answer.ends_with(members);
  }
}

} // namespace dbengine::test
