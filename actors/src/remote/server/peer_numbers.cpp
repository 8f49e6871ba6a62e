// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "remote/server/peer_numbers.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <atomic>
#include <cstring>

namespace dbengine::actors::remote {

namespace {

// Numbers of addresses have this bit set; generated numbers do not.
constexpr std::uint64_t of_address = std::uint64_t{1} << 63;

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::uint64_t number_of(std::uint32_t v4) { // in host order
  return v4 >> 24 == 127 ? next_number() : of_address | v4;
}

} // namespace

std::uint64_t peer_number(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return number_of(ntohl(v4.s_addr));
  in6_addr v6{};
  const auto plain = address.substr(0, address.find('%')); // without its zone
  if (::inet_pton(AF_INET6, plain.c_str(), &v6) != 1 || IN6_IS_ADDR_LOOPBACK(&v6))
    return next_number();
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    std::uint32_t last = 0;
    std::memcpy(&last, &v6.s6_addr[12], sizeof last);
    return number_of(ntohl(last));
  }
  std::uint64_t network = 0;
  std::memcpy(&network, &v6.s6_addr[0], sizeof network);
  // All link-local addresses share one network: their lower bits distinguish them.
  if (IN6_IS_ADDR_LINKLOCAL(&v6))
    std::memcpy(&network, &v6.s6_addr[8], sizeof network);
  return of_address | std::uint64_t{1} << 62 | (network * 0x9e37'79b9'7f4a'7c15 >> 2);
}

void peer_numbers::connected(std::uint64_t connection, const std::string& address) {
  const auto number = peer_number(address);
  const base::scoped_lock lock(mutex_);
  numbers_[connection] = number;
}

void peer_numbers::disconnected(std::uint64_t connection) noexcept {
  const base::scoped_lock lock(mutex_);
  numbers_.erase(connection);
}

std::uint64_t peer_numbers::of(std::uint64_t connection) const {
  {
    const base::scoped_lock lock(mutex_);
    if (const auto it = numbers_.find(connection); it != numbers_.end())
      return it->second;
  }
  return next_number();
}

} // namespace dbengine::actors::remote
