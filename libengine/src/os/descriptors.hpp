// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A check that file descriptors are available. CAF ends the process if its middleman gets none for
// its own pipe and epoll.
// Thread safety: any thread.

#pragma once

#include <cstddef>

namespace dbengine::os {

/// Throws `errc::cannot_open` if `n` more descriptors cannot be opened at once. `what_for`: "to
/// connect".
void require_descriptors(std::size_t n, const char* what_for);

} // namespace dbengine::os
