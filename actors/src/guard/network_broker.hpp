// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// CAF's broker of network connections, of which a system has one.
// Thread safety: any thread. Ownership: the broker belongs to its system's middleman.

#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/scribe.hpp>

namespace dbengine::actors::guard {

/// The system must have a middleman.
caf::actor network_broker(caf::actor_system& sys);

/// Makes the broker close its mailbox when it ends: waiting messages are dropped, requests are
/// answered, and later messages are refused. Call this before the broker is used; calling it again
/// is harmless. Throws `std::bad_alloc`.
///
/// Among the actors of CAF 0.17 only brokers leave their mailboxes open. A heartbeat that falls due
/// between the end of the broker and that of the clock then stays in the mailbox; the broker is its
/// sender, and neither is ever freed.
void close_mailbox_with_broker(caf::actor_system& sys);

/// Starts the time that a connection of the broker may be silent. Called in the broker's thread,
/// from the scribe's first `configure_read`: the broker knows the connection by then.
///
/// CAF 0.17 starts that time with the first bytes of the server. A heartbeat before them finds a
/// silence without a beginning and ends the handshake.
void count_silence_from_now(caf::io::scribe& connection);

} // namespace dbengine::actors::guard
