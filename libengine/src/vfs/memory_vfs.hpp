// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An SQLite VFS whose files are in this process's memory and which supports WAL.
//
// SQLite's own memory databases are private to one connection or, with a shared cache, lock whole
// tables (SQLITE_LOCKED) and have no snapshots. On this VFS a memory database behaves as a file
// does: one writer, parallel snapshot readers, the same locks, the same journal modes.
//
// Thread safety: any thread. A connection is used by one thread at a time, as with
// SQLITE_OPEN_NOMUTEX on files.
// Ownership: a database (with its -wal and -journal) belongs to its open handles and is freed with
// the last one.

#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace dbengine::vfs {

/// Registers the VFS "dbengine-memory" once per process and returns its name. It is not the default
/// VFS. Throws `std::runtime_error` if SQLite refuses; the next call then retries.
const char* register_memory_vfs();

/// A name for a new memory database, unique in this process, such as "/dbengine-memory-7". Open it
/// with `register_memory_vfs()` as the VFS; the first connection needs SQLITE_OPEN_CREATE.
std::string unique_memory_name();

/// Keeps the database `name` while no connection is open on it, as a file on disk would stay.
/// Creates it empty if it does not exist. For an owner that reopens failed connections. The content
/// is freed when the last connection and the last hold have ended.
[[nodiscard]] std::shared_ptr<const void> hold_memory_database(const std::string& name);

/// Bytes of file content and of WAL indexes in all memory files of this process.
std::size_t memory_vfs_bytes() noexcept;

} // namespace dbengine::vfs
