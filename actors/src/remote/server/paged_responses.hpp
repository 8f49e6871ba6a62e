// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The answers of one port that are too large for one message: the first part was sent, and the peer
// requests the others.
// Thread safety: the gateway's thread. Ownership: owns the bytes until they were sent, were not
// requested for 30 s, or their peer has disconnected.

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

  /// Whether `bytes` more may wait for this peer, within its own bound and that of all peers. If
  /// not, the request is refused.
  bool may_hold(peer_request& t, std::size_t bytes);
  /// Stores an answer and sends its first `part` bytes.
  void hold(peer_request& t, std::string bytes, std::size_t part);
  /// Sends the next part of the answer to the request `whose`. Throws `errc::invalid_state` if
  /// there is none.
  void send_next_part(peer_request& t, std::uint64_t whose);

  bool has(const caf::actor_addr& peer, std::uint64_t whose) const;
  void remove(const caf::actor_addr& peer, std::uint64_t whose);
  void remove(const caf::actor_addr& peer);

private:
  using clock = std::chrono::steady_clock;

  struct response {
    std::string bytes;
    std::size_t sent = 0;
    clock::time_point since;
  };
  /// By the id of the request.
  struct peer_responses {
    std::map<std::uint64_t, response> answers;
    std::size_t bytes = 0;
  };
  using place = std::map<std::uint64_t, response>::iterator;

  place drop(peer_responses& s, place at);
  void drop_old();
  void send_part(peer_request& t, peer_responses& s, place at, std::size_t part);

  peer_limits limits_;
  std::map<caf::actor_addr, peer_responses> by_peer_;
  std::size_t bytes_ = 0;
};

} // namespace dbengine::actors::remote
