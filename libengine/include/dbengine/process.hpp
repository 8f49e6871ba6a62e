// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Settings of the whole process, which only its owner may change: the engine never changes them
/// itself.
/// Thread safety: call them first in `main`, before other threads and any use of SQLite; each
/// function states what it needs.

#pragma once

namespace dbengine {

/// Disables SQLite's statistics of its memory (`SQLITE_CONFIG_MEMSTATUS`) for all users of SQLite
/// in the process. With them every allocation takes one process-wide lock; without them point reads
/// on eight threads are 1.7 times as fast (`bench/README.md`). `sqlite3_memory_used`,
/// `sqlite3_memory_highwater` and the soft heap limit no longer work then.
///
/// Returns false and changes nothing if SQLite is already in use. Call it before other threads use
/// SQLite.
bool disable_memory_statistics() noexcept;

/// Installs a SIGBUS handler for the process. Without one, a process that uses SQLite ends if
/// another program truncates a mapped database (`mmap_size` above 0) or WAL index (`-shm`). With it
/// the missing page reads as zeros, and every later read and write of the engines on that file
/// fails with `errc::fenced`. It covers any number of files, also those of engines that are already
/// open.
///
/// A SIGBUS of any other address, or one that was sent, goes to the handler that was installed
/// before this call; without one it ends the process as usual. A handler that is installed later
/// replaces this one unless it calls it.
///
/// Thread safety: any thread, at any time; one call is enough. Cost: none until a signal arrives.
void install_sigbus_handler() noexcept;

} // namespace dbengine
