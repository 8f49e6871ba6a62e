// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An SQLite VFS whose files live in this process's memory and that knows WAL.
//
// SQLite's own memory databases are either private to one connection or, with a shared cache, lock table by table
// (SQLITE_LOCKED) and know no snapshots. On this VFS a memory database behaves as a file does: one writer, parallel
// snapshot readers, the same locks, the same journal modes.
//
// Thread rule: everything here is safe on any thread. A connection is used by one thread at a time, as with
// SQLITE_OPEN_NOMUTEX on files.
// Ownership: a database (with its -wal and -journal) belongs to the open handles on it and vanishes with the last.

#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace dbengine::vfs {

/// Registers the VFS "dbengine-memory" and returns its name.
/// It is registered once per process, at the first call, and is not the default VFS.
/// Throws `std::runtime_error` when SQLite refuses; the next call then tries again.
const char* register_memory_vfs();

/// A name for a new memory database that no other call in this process gets, such as "/dbengine-memory-7".
/// Open it with `register_memory_vfs()` as the VFS; the first connection needs SQLITE_OPEN_CREATE.
std::string unique_memory_name();

/// Keeps the database `name` alive while no connection is open on it, as a file on disk would be.
/// Creates it empty where it does not exist. Meant for whoever reopens connections that broke. The content is freed
/// when both the last connection and the last such hold are gone.
[[nodiscard]] std::shared_ptr<const void> hold_memory_database(const std::string& name);

/// Bytes of file content and of WAL index held by all memory files of this process.
std::size_t memory_vfs_bytes() noexcept;

} // namespace dbengine::vfs
