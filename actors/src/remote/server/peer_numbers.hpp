// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Who the peers of a port are: what one may have at once of readers, queue and cursors goes by
// these numbers.
// Thread rule: any thread.
//
// A peer is one address, however many connections it has: of IPv4 the whole, of IPv6 the first 64
// bits, which one machine may fill by itself. On loopback, where all have the same address, each
// connection is one.

#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace dbengine::actors::remote {

/// The same number for the same peer, never 0. Another each time for an address of loopback, and
/// for what is no address.
std::uint64_t peer_number(const std::string& address);

/// The connections of one port: the guard tells, the gateway asks.
class peer_numbers {
public:
  void connected(std::uint64_t connection, const std::string& address);
  void disconnected(std::uint64_t connection) noexcept;
  /// A number of its own where the connection is not there any more.
  std::uint64_t of(std::uint64_t connection) const;

private:
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;
};

} // namespace dbengine::actors::remote
