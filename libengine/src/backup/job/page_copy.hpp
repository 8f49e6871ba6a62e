// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The page-by-page copy of a snapshot into a file, by SQLite's online backup.
// Thread safety: one thread at a time. Ownership: owns the connection to the copy.

#pragma once

#include "sqlite/plain_database.hpp"

#include <cstdint>
#include <memory>

struct sqlite3_backup;

namespace dbengine::backup {

/// One copy in progress. Errors: `errc` of SQLite's result code.
class page_copy {
public:
  /// Starts a copy of the database on `source` into the empty file that is open as `fd`. Both must
  /// exist until `end`.
  void begin(sqlite3* source, int fd);
  /// Copies up to `pages` pages; true when the copy is complete. A source that is busy copies none.
  bool step(int pages);
  std::uint64_t pages_total() const noexcept;
  std::uint64_t pages_done() const noexcept;
  /// Ends the copy and closes its connection.
  void end() noexcept;

private:
  struct finish_backup {
    void operator()(sqlite3_backup* b) const noexcept;
  };

  // In this order, so that they end in the reverse one.
  sqlite::database_handle copy_;
  std::unique_ptr<sqlite3_backup, finish_backup> backup_;
};

} // namespace dbengine::backup
