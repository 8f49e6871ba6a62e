// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The address that a server listens on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::app::serve {

struct address {
  std::string host = {};
  std::uint16_t port = 0;

  /// "127.0.0.1:9187", "[::1]:9187".
  std::string text() const;
  /// Whether this is a loopback address by its text: 127.0.0.0/8, ::1, localhost.
  bool loopback() const;
};

/// Parses "HOST:PORT", "[IPv6]:PORT", or "PORT" for 127.0.0.1. Port 0 chooses a free port. Empty
/// for any other text.
std::optional<address> parse_address(std::string_view text);

/// Whether the text is an IPv4 or IPv6 address, not a name.
bool is_ip(const std::string& host);

} // namespace dbengine::app::serve
