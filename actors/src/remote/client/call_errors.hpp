// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The errors of calls that their link ends without an answer of the server.
// Thread safety: plain functions; the lock of the call's link is held.
// Errors: none is thrown. Without memory for the text the code and the outcome stand alone.

#pragma once

#include "remote/client/endpoint.hpp"
#include "remote/client/remote_call.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dbengine::actors::remote {

/// Its link was closed.
error_info closed_error(const remote_call& c, const endpoint& to) noexcept;

/// Its connection was lost, or there was none for too long. `reason`: of the loss.
error_info connection_lost_error(const remote_call& c, const endpoint& to,
                                 const std::string& reason) noexcept;

/// Its deadline passed while it waited: for the connection, or for room on it.
error_info deadline_error(const remote_call& c, const endpoint& to, bool connected,
                          const std::string& reason) noexcept;

/// The server had it and said nothing, for some time after the deadline or after the cancellation.
error_info no_answer_error(const remote_call& c, const endpoint& to, bool cancelled) noexcept;

/// None if the server takes frames of this size. `max_frame_bytes`: 0 before its first welcome.
std::optional<error_info> size_error(const remote_call& c, std::uint64_t max_frame_bytes) noexcept;

} // namespace dbengine::actors::remote
