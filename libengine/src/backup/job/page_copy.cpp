// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/job/page_copy.hpp"

#include "vfs/fd_vfs.hpp"

#include <sqlite3.h>

namespace dbengine::backup {

void page_copy::finish_backup::operator()(sqlite3_backup* b) const noexcept {
  sqlite3_backup_finish(b);
}

void page_copy::begin(sqlite3* source, int fd) {
  const std::string what = "cannot begin the copy";
  copy_ = sqlite::open_database(vfs::fd_database_name(fd), SQLITE_OPEN_READWRITE,
                                vfs::register_fd_vfs(), what);
  // No journal: a failed copy is removed, not rolled back. No sync: one at the end.
  sqlite::run_sql(copy_.get(),
                  "PRAGMA journal_mode = off; PRAGMA synchronous = off; PRAGMA cache_size = -2048",
                  what);
  backup_.reset(sqlite3_backup_init(copy_.get(), "main", source, "main"));
  if (!backup_)
    sqlite::throw_sqlite(sqlite3_errcode(copy_.get()), copy_.get(), what);
}

bool page_copy::step(int pages) {
  const int rc = sqlite3_backup_step(backup_.get(), pages);
  if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED)
    return false;
  if (rc != SQLITE_DONE)
    sqlite::throw_sqlite(rc, copy_.get(), "copying pages failed");
  return true;
}

std::uint64_t page_copy::pages_total() const noexcept {
  return static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup_.get()));
}

std::uint64_t page_copy::pages_done() const noexcept {
  return pages_total() - static_cast<std::uint64_t>(sqlite3_backup_remaining(backup_.get()));
}

void page_copy::end() noexcept {
  backup_.reset();
  copy_.reset();
}

} // namespace dbengine::backup
