// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/client/endpoint.hpp"

#include <dbengine/error.hpp>

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace dbengine::actors::remote {

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

} // namespace dbengine::actors::remote
