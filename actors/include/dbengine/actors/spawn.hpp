// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Starting an engine inside a CAF application.
/// Thread safety: `setup` before the system is constructed; the other functions from any thread,
/// blocking ones not from a scheduled actor's.
/// Ownership: the handles own the engine until `shutdown`; after that they keep nothing alive. If a
/// handle lives longer than the actor system and `shutdown` was not called, `~actor_system` waits
/// for ever.

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

/// The engine as actors of a CAF system: starting, publishing and connecting.
namespace dbengine::actors {

/// Registers the engine's message types and its error category. Call it in the constructor of the
/// host's configuration.
void setup(caf::actor_system_config& cfg);

/// Opens a database and starts its actors in `sys`. The handle is their stable address. The engine
/// runs until `shutdown`, until the handle receives an exit message, or until the last handle is
/// released; waiting requests then get `errc::shut_down`. Throws `dbengine::error` if the database
/// cannot be opened.
engine_actor spawn_engine(caf::actor_system& sys, std::string_view database_url, options o = {});

/// Returns a function for `options::on_escalation` that sends each `escalation` to `owner` as a
/// message. Keeps no actor alive.
std::function<void(const escalation&)> escalate_to(const caf::actor& owner);

/// Stops accepting requests, finishes waiting ones within `timeout`, fails the others with
/// `errc::shut_down`, ends the actors and closes the files. Blocks, so it must not be called from a
/// scheduled actor. Idempotent. Call it before the system ends.
///
/// Returns the workers that are in code that cannot be interrupted and were abandoned.
/// `~actor_system` waits for them, so the process can then end only by `_exit`.
std::vector<std::string> shutdown(caf::actor_system& sys, const engine_actor& engine,
                                  std::chrono::milliseconds timeout = defaults::shutdown_timeout);

/// Returns the answer of `health_request` without a message: for a probe that must not wait for a
/// worker. Blocks for at most `defaults::look_patience`, if the disk is slow, so it must not be
/// called from a scheduled actor.
/// Errors: `errc::forked`; `errc::invalid_option` if the engine is not one of this process.
health_report health_of(const engine_actor& engine);

/// Returns for how long the writer, or every reader, has been stuck in statements that do not
/// return; zero if the writer and at least one reader work. Only a new process resolves that.
/// Errors as `health_of`.
std::chrono::milliseconds stuck_for(const engine_actor& engine);

} // namespace dbengine::actors
