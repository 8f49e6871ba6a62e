// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Named points where tests make a worker throw, exit or stall. In a release build (no DBENGINE_FAULTS) they are nothing.

#pragma once

#ifdef DBENGINE_FAULTS

#include <functional>
#include <string_view>

namespace dbengine::fault {

/// What is called at every point; it may throw (the worker fails), block (the worker stalls) or return.
/// Set while no engine runs. `name`: e.g. "writer.before_commit".
void set_hook(std::function<void(std::string_view name)> hook);
void hit(std::string_view name);

} // namespace dbengine::fault

#define DBENGINE_FAULT_POINT(name) ::dbengine::fault::hit(name)

#else

#define DBENGINE_FAULT_POINT(name) static_cast<void>(0)

#endif
