// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
//
// The limits of one listener for its peers.
#pragma once

#include <dbengine/remote.hpp>

namespace dbengine::actors::guard {

using limits = peer_limits;

} // namespace dbengine::actors::guard
