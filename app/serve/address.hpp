// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Where a server listens.
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
  /// This machine's own, by its text: 127.0.0.0/8, ::1, localhost.
  bool loopback() const;
};

/// Reads "HOST:PORT", "[IPv6]:PORT", or "PORT" for 127.0.0.1. Port 0 takes a free one. Nothing for anything else.
std::optional<address> parse_address(std::string_view text);

/// Whether the text is an IPv4 or IPv6 address, not a name.
bool is_ip(const std::string& host);

} // namespace dbengine::app::serve
