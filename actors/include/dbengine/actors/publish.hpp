// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An engine offered to other processes through the CAF middleman, and one of another process used here.
// The host's configuration loads `caf::io::middleman` and calls `setup`.
// Thread rule: any thread, but all of these block: none of a scheduled actor's. Ownership: an open port keeps its engine's handle.

#pragma once

#include <dbengine/actors/handles.hpp>
#include <dbengine/remote.hpp>

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dbengine::actors {

/// Opens a port for the engine and returns its number. Peers can do what the typed handle offers and nothing else, whatever bytes
/// they send. The port closes with the engine's `shutdown`, or by `unpublish`; until then it keeps the handle alive.
///
/// Fails, and opens nothing, where the port cannot be bound, a TLS file is missing or wrong, an address other than loopback has
/// neither TLS nor `insecure` (`errc::invalid_option`), or the system has no middleman. Any thread but a scheduled actor's.
caf::expected<std::uint16_t> publish(caf::actor_system& sys, const engine_actor& engine,
                                     const publish_options& how = {});

/// What came of a port's peers since it was opened.
struct port_statistics {
  std::uint64_t connections = 0; ///< open now
  std::uint64_t accepted = 0;
  std::uint64_t requests = 0; ///< that reached the engine's gateway
  /// Connections that were ended for a fault of the peer, by reason.
  std::vector<std::pair<std::string, std::uint64_t>> refused = {};
  /// Messages that were not let through while their connection went on, by reason.
  std::vector<std::pair<std::string, std::uint64_t>> dropped = {};
};

/// Nothing where the engine has no such port.
std::optional<port_statistics> statistics_of(const engine_actor& engine, std::uint16_t port);

/// Closes a port: its peers are disconnected. Waits for that, 5 s at most. False where the engine has no such port.
bool unpublish(caf::actor_system& sys, const engine_actor& engine, std::uint16_t port);

/// A handle of the engine behind `host:port`. Blocks for `connect_timeout` at most; not to be called from a scheduled actor.
///
/// A connection that is lost is made again, with backoff, for as long as the handle lives. Requests that were under way then: what
/// only reads, or has an id, is sent again within its deadline; other writes are `errc::outcome_unknown`. While there is no
/// connection requests wait 2 s, then fail with `errc::unreachable`. Cursors end with their connection.
///
/// Fails with `errc::unreachable` where nobody answers, `errc::protocol` where who answers is no engine of this version or where one
/// side has TLS and the other has not.
caf::expected<engine_actor> connect(caf::actor_system& sys, const std::string& host,
                                    std::uint16_t port, const remote_options& how = {});

} // namespace dbengine::actors
