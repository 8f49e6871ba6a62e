// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Publishing an engine to other processes through the CAF middleman, and connecting to one. The
/// host's configuration loads `caf::io::middleman` and calls `setup`.
/// Thread safety: any thread but a scheduled actor's, because all functions block.
/// Ownership: an open port holds its engine's handle.

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

/// Opens a port for the engine and returns its number. Peers can use exactly what the typed handle
/// offers, whatever bytes they send. The port is closed by the engine's `shutdown` or by
/// `unpublish`.
///
/// Errors: nothing is opened if the port cannot be bound, a TLS file is missing or invalid, or the
/// system has no middleman. An address other than loopback without TLS and without `insecure` is
/// `errc::invalid_option`.
caf::expected<std::uint16_t> publish(caf::actor_system& sys, const engine_actor& engine,
                                     const publish_options& how = {});

/// Counters of a port since it was opened.
struct port_statistics {
  std::uint64_t connections = 0; ///< open now
  std::uint64_t accepted = 0;    ///< connections that were accepted, closed ones included
  std::uint64_t requests = 0;    ///< requests that reached the engine's gateway
  /// Connections closed because of the peer's behaviour, by reason.
  std::vector<std::pair<std::string, std::uint64_t>> refused = {};
  /// Messages that were dropped while their connection remained open, by reason.
  std::vector<std::pair<std::string, std::uint64_t>> dropped = {};
};

/// The counters of a port; nullopt if the engine has no such port.
std::optional<port_statistics> statistics_of(const engine_actor& engine, std::uint16_t port);

/// Closes a port and waits up to 5 s until its peers are disconnected. False if the engine has no
/// such port.
bool unpublish(caf::actor_system& sys, const engine_actor& engine, std::uint16_t port);

/// Returns a handle of the engine published at `host:port`. Blocks for at most `connect_timeout`.
///
/// A lost connection is restored, with backoff, as long as the handle exists. Requests in flight at
/// the loss: a read, or a write with an id, is sent again within its deadline; other writes fail
/// with `errc::outcome_unknown`. Without a connection requests wait 2 s, then fail with
/// `errc::unreachable`. Cursors end with their connection.
///
/// Errors: `errc::unreachable` if nothing answers; `errc::protocol` if the answer is not from an
/// engine of this version, or if only one side uses TLS.
caf::expected<engine_actor> connect(caf::actor_system& sys, const std::string& host,
                                    std::uint16_t port, const remote_options& how = {});

} // namespace dbengine::actors
