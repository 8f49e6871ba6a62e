// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Named points where tests make a worker throw, exit or stall, and named flaws that prove that the tests would notice. In a
// release build (no DBENGINE_FAULTS) they are nothing.

#pragma once

#ifdef DBENGINE_FAULTS

#include <functional>
#include <string>
#include <string_view>

namespace dbengine::base::fault {

/// What is called at every point; it may throw (the worker fails), block (the worker stalls) or return.
/// May be set at any time; a call that began before goes on with the old one.
/// `name`: e.g. "writer.before_commit".
void set_hook(std::function<void(std::string_view name)> hook);
void hit(std::string_view name);

/// Switches one flaw on, none with an empty name. A flaw is a mistake built in on purpose: the negative control of a test.
void set_flaw(std::string name);
bool flawed(std::string_view name);

} // namespace dbengine::base::fault

#define DBENGINE_FAULT_POINT(name) ::dbengine::base::fault::hit(name)
// In code that must not throw: the hook may look on or block there, and no worker can be killed.
#define DBENGINE_WATCH_POINT(name) ::dbengine::base::fault::hit(name)
#define DBENGINE_FLAW(name) ::dbengine::base::fault::flawed(name)

#else

#define DBENGINE_FAULT_POINT(name) static_cast<void>(0)
#define DBENGINE_WATCH_POINT(name) static_cast<void>(0)
#define DBENGINE_FLAW(name) false

#endif
