// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Exactly-once writes: a client's id, recorded with the result in the transaction that did the work.

#pragma once

#include "connection/connection.hpp"
#include "engine/request.hpp"

namespace dbengine::engine::idempotency {

/// Gives the recorded result where this id was committed before; false where it was not. Throws `errc::invalid_state` where it
/// was for another kind of request, another statement or other parameters.
bool recall(sqlite::connection& c, request& r);
/// Records the result beside the request's changes, in their transaction.
void record(sqlite::connection& c, const request& r);
/// For what is asked with an id and cannot be recorded: to do it and forget the id would do it twice.
error_info refused(const char* what);

} // namespace dbengine::engine::idempotency
