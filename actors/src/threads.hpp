// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Whether threads can be had, asked before it is too late: CAF waits for ever for an actor whose thread could not be made.
// Thread rule: any thread.

#pragma once

#include <cstddef>

namespace dbengine::actors {

/// Throws `errc::cannot_open` where so many more threads cannot be had at once.
void require_threads(std::size_t n);

} // namespace dbengine::actors
