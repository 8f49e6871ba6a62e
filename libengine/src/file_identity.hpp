// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Are the database and its WAL still the files that were opened, and as long as they must be?
// Thread rule: one thread at a time; the write connection's.
//
// Why not SQLITE_FCNTL_HAS_MOVED? It costs the same system call and sees neither the WAL nor a file cut short.

#pragma once

#include "control.hpp"
#include "wal_index.hpp"

#include <string>
#include <sys/types.h>

struct sqlite3;

namespace dbengine::detail {

class file_identity {
public:
  /// Remembers the files as they are. `database`: its path; the WAL is beside it.
  void take(const std::string& database);
  /// What became of them, in words; empty where all is well. Two system calls.
  std::string changed(const wal_index& index, sqlite3* db);
  /// The same before a write, where the last look was a while ago: a WAL that was cut short in between is whole again, with
  /// a hole in it, after the write. (Not each time: it costs a twentieth of a small write.)
  std::string changed_meanwhile(const wal_index& index, sqlite3* db);

private:
  std::string database_;
  std::string wal_;
  dev_t database_device_ = 0;
  ino_t database_inode_ = 0;
  dev_t wal_device_ = 0;
  ino_t wal_inode_ = 0;
  off_t size_ = 0; // of the database, when last looked at
  clock::time_point looked_{};
};

} // namespace dbengine::detail
