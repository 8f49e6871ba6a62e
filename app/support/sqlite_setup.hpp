// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What this program sets for SQLite as a whole.
#pragma once

namespace dbengine::app {

/// Switches SQLite's memory statistics off: with them every allocation takes one lock of the process, which costs reads on
/// several threads up to a half. Nothing here asks for them. First thing in `main`: it has no effect once SQLite is in
/// use. The library never does it, because the setting belongs to whoever owns the process.
void set_up_sqlite() noexcept;

} // namespace dbengine::app
