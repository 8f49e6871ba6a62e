// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The guard: publishes one actor on a TCP port through CAF's middleman. No bytes of a peer can
// crash the process, kill or reach another actor, spawn, or exhaust memory. Clients are stock CAF
// 0.17: `remote_actor`, with TLS `caf::openssl::remote_actor`. DESIGN.md has the reasons.
//
// Thread safety: `listen` and `listener` on any thread but the middleman's own.
// Ownership: a listener must be closed or destroyed before its actor system.
#pragma once

#include "guard/counters.hpp"
#include "guard/frame.hpp"
#include "guard/limits.hpp"
#include "guard/transport.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dbengine::actors::guard {

struct listener_state;

struct options {
  /// The address to bind; never empty (CAF would take all interfaces).
  std::string host = "127.0.0.1";
  /// 0: any free port, see `listener::port`. One port number serves one address only: CAF finds
  /// published actors by number.
  std::uint16_t port = 0;
  /// If absent: plain TCP. If set: both sides must present a certificate.
  std::optional<guard::tls> tls;
  guard::limits limits;
  /// The messages that peers may send, each as the only element of a request; see `wire_type_of`.
  std::vector<wire_type> requests;
  /// The answer to a request beyond the limits in flight; empty: a runtime error with a text.
  caf::error overloaded;
  /// Called for each connection that ended for a fault of the peer, with reason and address. Runs
  /// in the middleman's thread: it must be quick and must not throw.
  std::function<void(close_reason, const std::string&)> on_fault;
  /// Called for each connection that ended with requests in flight, in the middleman's thread; must
  /// not throw. While its argument lives, those requests count against the totals of all peers;
  /// release the argument when the gateway has seen them.
  std::function<void(std::shared_ptr<void>)> on_gone;
  /// Called at the beginning and the end of each connection, in the middleman's thread; must not
  /// throw. The number is that of the actor that represents the connection to the gateway; the text
  /// is its address.
  std::function<void(std::uint64_t, const std::string&)> on_connected;
  std::function<void(std::uint64_t)> on_disconnected;
  /// If the last member of a listed message is a text of more bytes than this, `on_aside` gets the
  /// text, in pieces. Then the gateway gets the message with an empty text. The numbers are those
  /// of the connection's actor and of the request (`caf::message_id::request_id`). Called in the
  /// middleman's thread; must not throw. Why not through CAF? It copies a message three times in
  /// the one thread that serves all peers.
  std::size_t aside_bytes = 0; ///< 0: everything goes through CAF
  std::function<void(std::uint64_t, std::uint64_t, std::vector<std::string>)> on_aside;
  /// For tests only: publishes as CAF does, without the guard's checks, so that a test can show
  /// that it detects their absence.
  bool unsafe_without_checks = false;
};

/// An open port. Movable; closes itself when destroyed.
class listener {
public:
  listener() = default;
  listener(caf::actor_system& system, caf::strong_actor_ptr gateway, std::uint16_t port,
           std::shared_ptr<listener_state> state, std::shared_ptr<const guard::counters> counts);
  listener(listener&& other) noexcept;
  listener& operator=(listener&& other) noexcept;
  ~listener();

  std::uint16_t port() const { return port_; }

  /// Readable after `close`, too.
  const guard::counters& counters() const { return *counts_; }
  std::shared_ptr<const guard::counters> shared_counters() const { return counts_; }

  /// Stops accepting, closes all peers and releases the gateway's handle; answers that a peer has
  /// not read yet are lost. Waits for that, at most 5 s, and returns whether it is done.
  /// Idempotent.
  bool close();

private:
  caf::actor_system* system_ = nullptr;
  caf::strong_actor_ptr gateway_;
  std::uint16_t port_ = 0;
  std::shared_ptr<listener_state> state_;
  std::shared_ptr<const guard::counters> counts_;
};

/// Opens a port for `gateway`. `interface`: its messaging interface, as `remote_actor` checks it.
///
/// Fails, and publishes nothing, if the options contradict each other, a TLS file is missing or
/// invalid, or the port cannot be bound. It also fails if the system has no middleman with the
/// default backend. When the gateway ends, its clients are notified; the port stays open and must
/// be closed.
caf::expected<listener> listen(caf::actor_system& system, const caf::strong_actor_ptr& gateway,
                               std::set<std::string> interface, options how);

/// `listen` with the interface of a typed handle.
template <class Handle>
caf::expected<listener> listen(caf::actor_system& system, const Handle& gateway, options how) {
  return listen(system, caf::actor_cast<caf::strong_actor_ptr>(gateway),
                system.message_types(gateway), std::move(how));
}

/// The registered name of `T` with its members as its `inspect` writes them. The caller lists
/// the members: CAF knows them only by running the type's own code on the peer's bytes.
template <class T>
wire_type wire_type_of(caf::actor_system& system, std::vector<field> members) {
  return {system.types().portable_name(caf::type_nr<T>::value, &typeid(T)), std::move(members)};
}

} // namespace dbengine::actors::guard
