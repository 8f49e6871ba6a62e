// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// An SQLite VFS whose databases are open descriptors.
//
// SQLite opens paths, and resolves every link in them first. A backup must be written to, and verified on, exactly
// the file that was created through the directory's handle: so SQLite gets the descriptor.
//
// Thread rule: a descriptor is used by one connection at a time. Ownership: the descriptor stays its opener's and
// must outlive the connection.

#pragma once

#include <functional>
#include <string>

struct sqlite3;

namespace dbengine::vfs {

/// Registers the VFS "dbengine-fd", once per process, and returns its name.
/// It takes no locks, knows no journals (use journal_mode=OFF), and shows and writes every database as one in
/// rollback mode: the file-format bytes of a WAL database (18 and 19 of the header) become 1.
/// Throws `error` where SQLite refuses.
const char* register_fd_vfs();

/// Lets `asked` look after every 16 reads of a database opened by this VFS, until `nullptr` takes its place: false makes
/// the reads fail. Where a single step of SQLite reads all of a file (`integrity_check`), the progress handler is not
/// called for as long.
void set_read_check(sqlite3* db, const std::function<bool()>* asked);

/// The database name under which `fd` is opened.
std::string fd_database_name(int fd);

} // namespace dbengine::vfs
