// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads of the process: whether more can be created, and their names.
// Thread rule: any thread.

#pragma once

#include <cstddef>

namespace dbengine::os {

/// Throws `errc::cannot_open` where so many more threads cannot be had at once.
void require_threads(std::size_t n);

/// Names this thread for debuggers and `top`: 15 characters at most. Else it has the name of the one that started it.
void name_thread(const char* name) noexcept;

} // namespace dbengine::os
