// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Descriptors that may not be had. CAF ends the process where its middleman gets none for its own pipe and epoll.
// Thread rule: any thread.

#pragma once

#include <cstddef>

namespace dbengine::os {

/// Throws `errc::cannot_open` where so many more descriptors cannot be had at once. `what_for`: "to connect".
void require_descriptors(std::size_t n, const char* what_for);

} // namespace dbengine::os
