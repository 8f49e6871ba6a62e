// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A gateway's state, by peer, and the rules of its port.
// Thread safety: the gateway's thread.

#pragma once

#include "remote/protocol/wire_message.hpp"
#include "remote/server/decode_job.hpp"
#include "remote/server/large_texts.hpp"
#include "remote/server/peer_numbers.hpp"

#include <dbengine/actors/handles.hpp>
#include <dbengine/remote.hpp>

#include <caf/actor_addr.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dbengine::actors::remote {

struct gateway_state {
  static constexpr const char* name = "dbengine.gateway";

  struct running {
    std::uint64_t token = 0;
    bool reads = false;
  };
  struct cursor {
    std::chrono::steady_clock::time_point used; // last use
    std::chrono::steady_clock::time_point opened;
  };
  /// A connection.
  struct peer {
    std::uint64_t number = 0;                  // of the peer that this connection belongs to
    std::map<std::uint64_t, running> requests; // by the peer's id
    std::map<std::uint64_t, cursor> cursors;   // the open ones
    std::size_t opening = 0;                   // cursors that the engine is opening
  };

  std::map<caf::actor_addr, peer> peers;
  std::uint64_t last_token = 0;
};

/// Lives while requests of a disconnected peer are in the gateway's mailbox; local only.
using abandoned_requests_ptr = std::shared_ptr<void>;

/// The writes of a disconnected peer that may be in flight, in the order of their arrival; local
/// only.
using orphans_ptr = std::shared_ptr<std::vector<std::uint64_t>>;

/// What a port allows, and the helpers of its gateway.
struct gateway_rules {
  access allowed = access::read_write;
  bool allow_backup = false;
  peer_limits limits = {};
  /// If absent: each connection is a peer.
  std::shared_ptr<const peer_numbers> peers = {};
  /// If absent: every request arrives with its body.
  std::shared_ptr<large_texts> large = {};
  /// `publish` ends the decoder after the gateway. If absent, large requests are decoded in the
  /// gateway.
  decoder_actor decoder = {};
};

/// The interface of the gateway within its own process.
using local_gateway_actor = gateway_actor::extend<
    // All messages before this one were seen: releases the requests.
    caf::reacts_to<abandoned_requests_ptr>,
    // Stops the orphans.
    caf::reacts_to<orphans_ptr>>;

} // namespace dbengine::actors::remote

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::remote::abandoned_requests_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::remote::orphans_ptr)
