// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CAF's broker of network connections, of which a system has one.
// Thread rule: any thread. Ownership: the broker belongs to its system's middleman.

#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/scribe.hpp>

namespace dbengine::actors::guard {

/// The system must have a middleman.
caf::actor network_broker(caf::actor_system& sys);

/// Has the broker close its mailbox when it ends: what waits there is dropped, requests are answered, and what comes later is
/// refused. CAF 0.17 leaves the mailboxes of brokers open, alone among its actors, so that a heartbeat that falls due between the
/// end of the broker and that of the clock stays in the mailbox. The broker is its sender: neither is ever freed.
/// Whoever uses the broker calls this first; once more does no harm. Throws `std::bad_alloc`.
void close_mailbox_with_broker(caf::actor_system& sys);

/// Starts the time that a connection of the broker may be silent. CAF 0.17 starts it with the first bytes of the server; a heartbeat
/// before them finds a silence without beginning and ends the handshake. In the broker's thread, from the scribe's first
/// `configure_read`: the broker knows the connection by then.
void count_silence_from_now(caf::io::scribe& connection);

} // namespace dbengine::actors::guard
