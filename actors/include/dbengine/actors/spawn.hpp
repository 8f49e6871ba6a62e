// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Starting an engine inside a CAF application.
// Thread rule: `setup` before the system is made; the others on any thread, those that block not on a scheduled actor's.
// Ownership: the system owns the actors; the handle keeps nothing alive after `shutdown`.

#pragma once

#include <dbengine/actors/handles.hpp>
#include <dbengine/options.hpp>
#include <dbengine/stats.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::actors {

/// Registers the engine's message types and its error category. Call it in the constructor of the host's configuration.
void setup(caf::actor_system_config& cfg);

/// Opens a database and starts its actors in `sys`. The handle is their stable address. Throws `dbengine::error` where the
/// database cannot be opened. The engine lives until `shutdown`, or until an exit message reaches the handle.
engine_actor spawn_engine(caf::actor_system& sys, std::string_view database_url, options o = {});

/// For `options::on_escalation`: sends each `escalation` to `owner` as a message. Keeps no actor alive.
std::function<void(const escalation&)> escalate_to(const caf::actor& owner);

/// No new requests; what waits is finished within `timeout`, the rest answered `errc::shut_down`; then the actors end and the
/// files are closed. Blocks the calling thread; not to be called from a scheduled actor. Idempotent. Call it before the system ends.
/// Returns the workers that sit in code that cannot be interrupted and were left behind: `~actor_system` waits for them, so a
/// process that is to end does so by `_exit` then.
std::vector<std::string> shutdown(caf::actor_system& sys, const engine_actor& engine,
                                  std::chrono::milliseconds timeout = defaults::shutdown_timeout);

/// What `health_request` answers, without a message: for a probe that must not wait for any worker, nor for a disk for longer than
/// `defaults::look_patience`. Blocks that long at most; not to be called from a scheduled actor. Throws `errc::forked`, and
/// `errc::invalid_option` where the engine is not one of this process.
health_report health_of(const engine_actor& engine);

/// For how long the writer, or every reader, has been in statements that do not come back; zero where one of each works. Only a new
/// process mends that. Throws as `health_of`.
std::chrono::milliseconds stuck_for(const engine_actor& engine);

} // namespace dbengine::actors
