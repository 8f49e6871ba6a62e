// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// UndefinedBehaviourSanitizer asks by a pipe whether memory can be read. Where a pipe is not
// available or written it takes the object there for none, and ends the process.

#pragma once

namespace dbengine::test {

#ifdef __SANITIZE_ADDRESS__
constexpr bool needs_pipes = true;
#else
constexpr bool needs_pipes = false;
#endif

} // namespace dbengine::test
