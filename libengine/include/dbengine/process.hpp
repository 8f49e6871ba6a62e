// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What belongs to the whole process, and so to its owner: the engine never does it by itself.
// Thread rule: best first thing in `main`, before other threads and any use of SQLite; each function says what it needs.

#pragma once

namespace dbengine {

/// Switches off SQLite's statistics of its own memory (`SQLITE_CONFIG_MEMSTATUS`), for every user of SQLite in the process. With
/// them each allocation takes one lock of the process: without them point reads on eight threads are 1.7 times as fast
/// (`bench/README.md`). What is lost: `sqlite3_memory_used`, `sqlite3_memory_highwater` and the soft heap limit. False, and nothing
/// changed, where SQLite was in use already. Before other threads use SQLite.
bool disable_memory_statistics() noexcept;

/// Installs a handler of SIGBUS for the process, so that a database (`mmap_size` above 0) or a WAL index (`-shm`) that another
/// program cuts short while it is mapped does not end it, as it ends every other program that uses SQLite: the missing page
/// reads as zeros, and from then on each read and write of the engines on that file is `errc::fenced`. Any number of files, those
/// of engines that are open already, too.
///
/// A SIGBUS of any other address, or one that was sent, goes to the handler that was there before this call, else it ends the
/// process as it would have. Who installs a handler later takes this one away, unless it calls what it found.
///
/// Any thread, at any time; once is enough. Costs nothing until a signal comes.
void install_sigbus_handler() noexcept;

} // namespace dbengine
