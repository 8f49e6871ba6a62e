// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Threads of the process: whether more can be created, and their names.
// Thread safety: any thread.

#pragma once

#include <cstddef>

namespace dbengine::os {

/// Throws `errc::cannot_open` if `n` more threads cannot be created at once.
void require_threads(std::size_t n);

/// Names this thread for debuggers and `top`, at most 15 characters. An unnamed thread has the name
/// of the thread that started it.
void name_thread(const char* name) noexcept;

} // namespace dbengine::os
