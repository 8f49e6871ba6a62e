// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Makes the scribe of a dialled connection for CAF's broker. Used by the middleman's thread once
// the scribe was given to the broker.

#pragma once

#include "remote/client/dial.hpp"

#include <caf/io/network/multiplexer.hpp>
#include <caf/io/scribe.hpp>

namespace dbengine::actors::remote {

/// Takes the socket and the TLS session, if `d` has one; bytes that were already read come first.
/// `backend`: of the system's middleman. For the system's `network_broker` only.
caf::io::scribe_ptr make_scribe(caf::io::network::multiplexer& backend, dialled& d);

} // namespace dbengine::actors::remote
