// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// HTTP byte by byte, so that malformed requests can be sent.
// Thread safety: one thread.

#pragma once

#include <cstdint>
#include <string>

namespace dbengine::test {

/// A TCP connection to 127.0.0.1. Throws `std::system_error` if the connection fails.
class tcp_connection {
public:
  explicit tcp_connection(std::uint16_t port);
  ~tcp_connection();
  tcp_connection(const tcp_connection&) = delete;
  tcp_connection& operator=(const tcp_connection&) = delete;

  /// Returns false if the peer has closed the connection.
  bool send(const std::string& bytes) const;
  /// Everything received until the peer closes; on timeout, what was received so far.
  std::string read_all() const;

private:
  int socket_;
};

struct http_reply {
  /// 0 if the connection was closed without an answer.
  int status = 0;
  std::string head = {};
  std::string body = {};
};

http_reply parse_reply(const std::string& bytes);

/// Sends one request with the given headers (each ended by \r\n).
http_reply http(std::uint16_t port, const std::string& path, const std::string& method = "GET",
                const std::string& headers = "Host: localhost\r\n");

/// The number after `marker` in a text: "http://127.0.0.1:" -> the port, 0 if there is none.
std::uint16_t port_behind(const std::string& text, const std::string& marker);

} // namespace dbengine::test
