// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The gateway serves the peers of one port: it decodes, limits, asks the engine, and answers.
// Scheduled; owns nothing but its peers' pending requests.
//
// What the guard demands of it: every request is answered, by a promise of its own (never
// `delegate`), and no handle leaves in an answer. A peer that is gone is told by the monitor: its
// reads are stopped, its cursors closed, its unread answers dropped. What its writes are not done
// with half a second later is stopped, too.

#pragma once

#include "remote/server/gateway_state.hpp"

namespace dbengine::actors::remote {

local_gateway_actor::behavior_type gateway(
    local_gateway_actor::stateful_pointer<gateway_state> self, engine_actor engine,
    gateway_rules rules);

} // namespace dbengine::actors::remote
