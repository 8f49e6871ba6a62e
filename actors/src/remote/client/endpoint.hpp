// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The address of a published engine, as a caller writes it, and the addresses that its name stands
// for.
// Thread safety: plain data and functions. `resolve` blocks.

#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::actors::remote {

struct endpoint {
  std::string host;
  std::uint16_t port = 0;
};

std::string to_string(const endpoint& e);
/// "host:port", "[::1]:port". Throws `errc::invalid_option`.
endpoint parse_endpoint(std::string_view text);

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

} // namespace dbengine::actors::remote
