// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads what a server's answer holds for a call.
// Thread safety: plain functions; the lock of the call's link is held.
// Errors: `errc::protocol` if the answer cannot be read.

#pragma once

#include "remote/client/remote_call.hpp"

#include <optional>
#include <string_view>

namespace dbengine::actors::remote {

[[noreturn]] void throw_unreadable(std::string_view what);

error_info read_failure(const wire_answer& a);

/// Adds a part to the call's answer. True if that was the last one.
bool append_part(remote_call& c, const wire_answer& a);

/// For a fetch that was sent as a read and would write: from now on it is a write that can be sent
/// again, or a failure if its sender forbids it to write. Returns that failure.
std::optional<error_info> allow_writing(remote_call& c);

} // namespace dbengine::actors::remote
