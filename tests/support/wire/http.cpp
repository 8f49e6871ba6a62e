// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "support/wire/http.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace dbengine::test {

tcp_connection::tcp_connection(std::uint16_t port)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval limit{60, 0};
  if (socket_ < 0 || ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const int code = errno;
    if (socket_ >= 0)
      ::close(socket_);
    throw std::system_error(code, std::generic_category(), "connect");
  }
}

tcp_connection::~tcp_connection() {
  ::close(socket_);
}

bool tcp_connection::send(const std::string& bytes) const {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto n = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR)
      return false;
    done += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return true;
}

std::string tcp_connection::read_all() const {
  std::string all;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto n = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return all;
    all.append(buffer.data(), static_cast<std::size_t>(n));
  }
}

http_reply parse_reply(const std::string& bytes) {
  http_reply r;
  const auto end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.1 ") || end == std::string::npos)
    return r;
  std::from_chars(bytes.data() + 9, bytes.data() + 12, r.status);
  r.head = bytes.substr(0, end + 2);
  r.body = bytes.substr(end + 4);
  return r;
}

http_reply http(std::uint16_t port, const std::string& path, const std::string& method,
                const std::string& headers) {
  const tcp_connection c(port);
  c.send(method + " " + path + " HTTP/1.1\r\n" + headers + "\r\n");
  return parse_reply(c.read_all());
}

std::uint16_t port_behind(const std::string& text, const std::string& marker) {
  std::uint16_t port = 0;
  if (const auto at = text.find(marker); at != std::string::npos)
    std::from_chars(text.data() + at + marker.size(), text.data() + text.size(), port);
  return port;
}

} // namespace dbengine::test
