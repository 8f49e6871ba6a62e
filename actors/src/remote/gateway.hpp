// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway serves the peers of one port: it decodes, limits, asks the engine, and answers. Scheduled; owns nothing but its
// peers' pending requests.
//
// What the guard demands of it: every request is answered, by a promise of its own (never `delegate`), and no handle leaves in an
// answer. A peer that is gone is told by the monitor: its reads are stopped, its cursors closed, its unread answers dropped. What its
// writes are not done with half a second later is stopped, too.

#pragma once

#include "remote/decoder.hpp"
#include "remote/peer_numbers.hpp"
#include "remote/wire_message.hpp"

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

namespace dbengine::actors {

struct gateway_state {
  static constexpr const char* name = "dbengine.gateway";

  struct running {
    std::uint64_t token = 0;
    bool reads = false;
  };
  struct cursor {
    std::chrono::steady_clock::time_point used; // last
    std::chrono::steady_clock::time_point opened;
  };
  /// A connection.
  struct peer {
    std::uint64_t number = 0;                  // of the peer that it belongs to
    std::map<std::uint64_t, running> requests; // by the peer's id
    std::map<std::uint64_t, cursor> cursors;   // those open
    std::size_t opening = 0;                   // cursors that the engine is opening
  };

  std::map<caf::actor_addr, peer> peers;
  std::uint64_t last_token = 0;
};

/// Lives while what a vanished peer has asked lies in the gateway's mailbox; local only.
using left_behind_ptr = std::shared_ptr<void>;

/// The writes of a vanished peer that may be under way, in the order of their arrival; local only.
using orphans_ptr = std::shared_ptr<std::vector<std::uint64_t>>;

/// What a port allows, and who helps to serve it.
struct gateway_rules {
  access allowed = access::read_write;
  bool allow_backup = false;
  peer_limits limits = {};
  /// Without: each connection is a peer.
  std::shared_ptr<const peer_numbers> peers = {};
  /// Without: large requests are decoded in the gateway.
  decoder_actor decoder = {};
};

/// As its own process knows it.
using local_gateway_actor = gateway_actor::extend<
    // All before this was seen: let it go.
    caf::reacts_to<left_behind_ptr>,
    // Stops them.
    caf::reacts_to<orphans_ptr>>;

local_gateway_actor::behavior_type gateway(
    local_gateway_actor::stateful_pointer<gateway_state> self, engine_actor engine,
    gateway_rules rules);

} // namespace dbengine::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::left_behind_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::orphans_ptr)
