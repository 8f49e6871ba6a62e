// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway serves the peers of one port: it decodes requests, limits them, sends them to the
// engine, and answers. Scheduled; owns only its peers' pending requests.
//
// The guard relies on two properties: every request is answered, by its own promise (never
// `delegate`), and no answer holds a handle. A monitor reports a peer that has disconnected: its
// reads are cancelled, its cursors closed, its unread answers dropped. Its writes are cancelled
// half a second later.

#pragma once

#include "remote/server/gateway_state.hpp"

namespace dbengine::actors::remote {

local_gateway_actor::behavior_type gateway(
    local_gateway_actor::stateful_pointer<gateway_state> self, engine_actor engine,
    gateway_rules rules);

} // namespace dbengine::actors::remote
