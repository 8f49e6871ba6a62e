// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Makes a connection to a published engine: TCP, TLS, and the first bytes of the other side.
// Thread safety: blocks; never in a scheduled actor or the middleman's thread.
//
// Why not `remote_actor`? It blocks CAF's one connecting actor for as long as TCP tries (two
// minutes). It waits for ever for a server that accepts and sends nothing, and cannot report that
// the other side requires TLS.

#pragma once

#include "guard/transport.hpp"

#include <dbengine/error.hpp>
#include <dbengine/remote.hpp>

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors::remote {

struct endpoint {
  std::string host;
  std::uint16_t port = 0;
};

std::string to_string(const endpoint& e);
/// "host:port", "[::1]:port". Throws `errc::invalid_option`.
endpoint parse_endpoint(std::string_view text);

/// A connected, non-blocking socket on which the server has begun the handshake of CAF 0.17.
struct dialled {
  dialled() = default;
  dialled(const dialled&) = delete;
  dialled& operator=(const dialled&) = delete;
  ~dialled();

  /// Transfers the socket to the caller.
  int release() noexcept { return std::exchange(socket, -1); }

  int socket = -1;
  /// Null without TLS.
  std::unique_ptr<guard::transport> secure;
  /// The bytes that TLS has already decrypted; without TLS they are still in the socket.
  std::string early;
};

/// One of a name's addresses.
struct socket_address {
  sockaddr_storage bytes{};
  socklen_t size = 0;

  int family() const noexcept { return bytes.ss_family; }
  const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&bytes); }
};

using resolver = std::function<std::vector<socket_address>(const endpoint&)>;
/// Resolves the name; addresses come in the system's order of preference. Throws
/// `errc::unreachable`.
std::vector<socket_address> resolve(const endpoint& to);

/// Throws `errc::unreachable`, or `errc::protocol` if the server does not speak this protocol.
/// `stop` ends the attempt early. A name's addresses are tried a quarter of a second apart, in
/// parallel, until one accepts the connection (RFC 8305).
std::shared_ptr<dialled> dial(const endpoint& to, const std::shared_ptr<guard::tls_context>& tls,
                              std::chrono::steady_clock::time_point deadline,
                              const std::atomic<bool>& stop, const resolver& names = resolve);

} // namespace dbengine::actors::remote
