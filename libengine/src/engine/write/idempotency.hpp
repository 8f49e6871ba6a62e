// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#pragma once

#include "connection/connection.hpp"
#include "engine/request.hpp"

/// Exactly-once writes: a client's id is recorded with the result in the transaction of the work.
/// Thread safety: the holder of the writer lock.
namespace dbengine::engine::idempotency {

/// Sets the recorded result if this id was committed before; false if it was not. Throws
/// `errc::invalid_state` if the id was used for another kind of request, another statement or other
/// parameters.
bool lookup(sqlite::connection& c, request& r);
/// Records the result in the transaction of the request's changes.
void store(sqlite::connection& c, const request& r);
/// The error for a request with an id that cannot be recorded: without a record the request could
/// run twice.
error_info refused(const char* what);

} // namespace dbengine::engine::idempotency
