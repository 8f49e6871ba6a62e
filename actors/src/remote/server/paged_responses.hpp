// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Answers too large for one message: their first part has left, and the peer asks for the rest. All
// peers of one port.
// Thread rule: the gateway's. Ownership: owns the bytes, until they were sent, nobody asked for
// them for 30 s, or their peer is gone.

#pragma once

#include "remote/server/peer_request.hpp"

#include <dbengine/remote.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace dbengine::actors::remote {

class paged_responses {
public:
  explicit paged_responses(const peer_limits& limits) : limits_(limits) {}

  /// Whether so much more may wait for this peer, within its own bound and that of all. Where it
  /// may not, the peer is told.
  bool may_hold(peer_request& t, std::size_t bytes);
  /// Keeps an answer and sends its first `part` bytes.
  void hold(peer_request& t, std::string bytes, std::size_t part);
  /// Sends the next part of the answer to the request `whose`. Throws `errc::invalid_state` where
  /// there is none.
  void more(peer_request& t, std::uint64_t whose);

  bool has(const caf::actor_addr& peer, std::uint64_t whose) const;
  void forget(const caf::actor_addr& peer, std::uint64_t whose);
  void forget(const caf::actor_addr& peer);

private:
  using clock = std::chrono::steady_clock;

  struct held {
    std::string bytes;
    std::size_t sent = 0;
    clock::time_point since;
  };
  /// By the id of the request.
  struct shelf {
    std::map<std::uint64_t, held> answers;
    std::size_t bytes = 0;
  };
  using place = std::map<std::uint64_t, held>::iterator;

  place drop(shelf& s, place at);
  void drop_old();
  void send_part(peer_request& t, shelf& s, place at, std::size_t part);

  peer_limits limits_;
  std::map<caf::actor_addr, shelf> shelves_;
  std::size_t bytes_ = 0;
};

} // namespace dbengine::actors::remote
