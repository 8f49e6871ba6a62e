// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An SQLite VFS whose databases are open file descriptors.
//
// SQLite opens paths and first resolves every link in them. A backup must be written to and
// verified on exactly the file that was created through the directory's descriptor, so SQLite gets
// a descriptor instead of a path.
//
// Thread safety: a descriptor is used by one connection at a time.
// Ownership: the descriptor belongs to its opener and must outlive the connection.

#pragma once

#include <functional>
#include <string>

struct sqlite3;

namespace dbengine::vfs {

/// Registers the VFS "dbengine-fd" once per process and returns its name. It takes no locks and
/// supports no journals (use journal_mode=OFF). It shows and writes every database as one in
/// rollback mode: the bytes 18 and 19 of a WAL database's header become 1. Throws `error` if SQLite
/// refuses.
const char* register_fd_vfs();

/// Calls `check` after every 16 reads of a database opened by this VFS; false makes the reads fail.
/// nullptr ends the calls. It is needed when one step of SQLite reads a whole file
/// (`integrity_check`), because the progress handler is not called during that step.
void set_read_check(sqlite3* db, const std::function<bool()>* check);

/// The database name that opens `fd`.
std::string fd_database_name(int fd);

} // namespace dbengine::vfs
