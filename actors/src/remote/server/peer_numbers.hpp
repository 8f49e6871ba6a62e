// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The peers of a port, by number. A peer's share of readers, queue and cursors depends on its
// number.
// Thread safety: any thread.
//
// A peer is one address, however many connections it has: of IPv4 the whole address, of IPv6 the
// first 64 bits, as one machine may have all addresses below them. On loopback all have the same
// address, and each connection is a peer.

#pragma once

#include "base/thread_annotations.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace dbengine::actors::remote {

/// Returns the same number for the same peer, never 0. Returns a new number each time for a
/// loopback address, and for a text that is not an address.
std::uint64_t peer_number(const std::string& address);

/// The connections of one port. The guard adds and removes them, the gateway reads them.
class peer_numbers {
public:
  void connected(std::uint64_t connection, const std::string& address);
  void disconnected(std::uint64_t connection) noexcept;
  /// A separate number if the connection has ended.
  std::uint64_t of(std::uint64_t connection) const;

private:
  mutable base::mutex mutex_;
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_ DBENGINE_GUARDED_BY(mutex_);
};

} // namespace dbengine::actors::remote
