// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What belongs to the whole process, and so to its owner: the engine never does it by itself.
// Thread rule: first thing in `main`, before other threads and any use of SQLite.

#pragma once

namespace dbengine {

/// Switches off SQLite's statistics of its own memory (`SQLITE_CONFIG_MEMSTATUS`), for every user of SQLite in the process. With
/// them each allocation takes one lock of the process: without them point reads on eight threads are 1.7 times as fast
/// (`bench/README.md`). What is lost: `sqlite3_memory_used`, `sqlite3_memory_highwater` and the soft heap limit. False, and nothing
/// changed, where SQLite was in use already.
bool disable_memory_statistics() noexcept;

} // namespace dbengine
