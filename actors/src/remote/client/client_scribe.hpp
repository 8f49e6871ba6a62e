// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A dialled connection as CAF's broker wants it. Used by the middleman's thread once it was given
// to the broker.

#pragma once

#include "remote/client/dial.hpp"

#include <caf/io/network/multiplexer.hpp>
#include <caf/io/scribe.hpp>

namespace dbengine::actors::remote {

/// Takes the socket and the TLS session, if `d` has one; what it has read already comes first.
/// `backend`: of the system's middleman. For the system's `network_broker` only.
caf::io::scribe_ptr make_scribe(caf::io::network::multiplexer& backend, dialled& d);

} // namespace dbengine::actors::remote
