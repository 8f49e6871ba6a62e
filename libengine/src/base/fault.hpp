// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Fault injection for tests: named points at which a test makes the running thread throw, block or
// exit, and named mutants, the negative controls of the tests. Without DBENGINE_FAULTS (release
// builds) the macros expand to nothing.
// Thread safety: any thread.

#pragma once

#ifdef DBENGINE_FAULTS

#include <functional>
#include <string>
#include <string_view>

namespace dbengine::base::fault {

/// Replaces the hook that every point calls; an empty function removes it. The hook may throw (the
/// worker fails), block (the worker stalls) or return. A thread that is inside a point during the
/// replacement keeps the old hook until it returns.
/// `name`: the point, for example "writer.before_commit".
void set_hook(std::function<void(std::string_view name)> hook);

/// Calls the hook with the name of the point. Without a hook it costs one relaxed load.
void hit(std::string_view name);

/// Activates one mutant and deactivates the previous one; an empty name activates none. A mutant is
/// a deliberate mistake in the code (mutation testing): the test that claims to find it must fail.
void set_mutant(std::string name);

/// True while the mutant `name` is active.
bool is_mutant(std::string_view name);

} // namespace dbengine::base::fault

#define DBENGINE_FAULT_POINT(name) ::dbengine::base::fault::hit(name)
// For code that must not throw: there a hook may observe or block, but never throw.
#define DBENGINE_OBSERVE_POINT(name) ::dbengine::base::fault::hit(name)
#define DBENGINE_MUTANT(name) ::dbengine::base::fault::is_mutant(name)

#else

#define DBENGINE_FAULT_POINT(name) static_cast<void>(0)
#define DBENGINE_OBSERVE_POINT(name) static_cast<void>(0)
#define DBENGINE_MUTANT(name) false

#endif
