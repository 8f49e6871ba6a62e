// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway serves the peers of one port: it decodes, limits, asks the engine, and answers. Scheduled; owns nothing but its
// peers' pending requests.
//
// What the guard demands of it: every request is answered, by a promise of its own (never `delegate`), and no handle leaves in an
// answer. A peer that is gone is told by the monitor: its reads are stopped, its cursors closed, its unread answers dropped. Its
// writes are left alone: what was accepted is done.

#pragma once

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

namespace dbengine::actors {

struct gateway_state {
  static constexpr const char* name = "dbengine.gateway";

  struct running {
    std::uint64_t token = 0;
    bool reads = false;
  };
  struct peer {
    std::map<std::uint64_t, running> requests; // by the peer's id
    /// Those open, and when each was used last.
    std::map<std::uint64_t, std::chrono::steady_clock::time_point> cursors;
    std::size_t opening = 0; // cursors that the engine is opening
  };

  std::map<caf::actor_addr, peer> peers;
  std::uint64_t last_token = 0;
};

/// Lives while what a vanished peer has asked lies in the gateway's mailbox; local only.
using left_behind_ptr = std::shared_ptr<void>;

/// As its own process knows it.
using local_gateway_actor = gateway_actor::extend<
    // All before this was seen: let it go.
    caf::reacts_to<left_behind_ptr>>;

local_gateway_actor::behavior_type gateway(
    local_gateway_actor::stateful_pointer<gateway_state> self, engine_actor engine, access allowed,
    peer_limits limits);

} // namespace dbengine::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(dbengine::actors::left_behind_ptr)
