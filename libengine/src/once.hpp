// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Exactly-once writes: a client's id, recorded with the result in the transaction that did the work.

#pragma once

#include "connection.hpp"
#include "request.hpp"

namespace dbengine::detail::once {

/// Gives the recorded result where this id was committed before; false where it was not. Throws `errc::invalid_state` where it
/// was for another kind of request, another statement or other parameters.
bool recall(connection& c, request& r);
/// Records the result beside the request's changes, in their transaction.
void record(connection& c, const request& r);

} // namespace dbengine::detail::once
