// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// UndefinedBehaviourSanitizer uses a pipe to find out whether memory can be read. If no pipe is
// available or writable, it takes the object for invalid and ends the process.

#pragma once

namespace dbengine::test {

#ifdef __SANITIZE_ADDRESS__
constexpr bool needs_pipes = true;
#else
constexpr bool needs_pipes = false;
#endif

} // namespace dbengine::test
