// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "serve/address.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <arpa/inet.h>

namespace dbengine::app::serve {

namespace {

bool is_v6(const std::string& host) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

} // namespace

bool is_ip(const std::string& host) {
  in_addr parsed{};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 || is_v6(host);
}

std::string address::text() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool address::loopback() const {
  return host == "localhost" || host == "::1" || (is_ip(host) && host.starts_with("127."));
}

std::optional<address> parse_address(std::string_view text) {
  address a{.host = "127.0.0.1"};
  std::string_view port = text;
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end == std::string_view::npos)
      return std::nullopt;
    a.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
    if (!is_v6(a.host))
      return std::nullopt;
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    a.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    const bool plain = std::all_of(a.host.begin(), a.host.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '.' || c == '-';
    });
    if (a.host.empty() || !plain)
      return std::nullopt;
  }
  const char* last = port.data() + port.size();
  const auto [end, code] = std::from_chars(port.data(), last, a.port);
  if (port.empty() || code != std::errc() || end != last)
    return std::nullopt;
  return a;
}

} // namespace dbengine::app::serve
