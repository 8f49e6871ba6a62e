// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/job/pinned_snapshot.hpp"

#include "sqlite/integrity.hpp"
#include "sqlite/schema_check.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

namespace dbengine::backup {

void pinned_snapshot::open() {
  const auto& s = *settings_;
  const auto what = "cannot open " + s.database + " for a backup";
  s.pass_point("open");
  db_ = sqlite::open_database(s.database, SQLITE_OPEN_READONLY | s.open_flags,
                              s.vfs.empty() ? nullptr : s.vfs.c_str(), what);
  check_identity();
  sqlite3_busy_timeout(db_.get(), static_cast<int>(defaults::backup_busy_timeout.count()));
  if (s.prepare)
    s.prepare(db_.get());
  s.pass_point("pin");
  pinned_at_ = std::chrono::steady_clock::now();
  started_ = s.now();
  sqlite::run_sql(db_.get(), "BEGIN", what);
  if (const int rc = sqlite::begin_reading(db_.get()); rc != SQLITE_OK)
    sqlite::throw_sqlite(rc, db_.get(), what);
  throw_if_truncated();
}

// Another file may have been placed at the path, and its content must not enter this database's
// history of backups.
void pinned_snapshot::check_identity() const {
  if (!settings_->identity)
    return;
  struct stat s {};
  int moved = 1;
  const char* path = sqlite3_db_filename(db_.get(), "main");
  if (stat(path, &s) != 0 ||
      *settings_->identity != std::pair<std::uint64_t, std::uint64_t>(s.st_dev, s.st_ino) ||
      sqlite3_file_control(db_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK ||
      moved != 0)
    throw error(errc::backup_failed,
                std::string(path) + " is no longer the file that the engine opened");
}

std::string pinned_snapshot::path() const {
  return sqlite3_db_filename(db_.get(), "main");
}

std::uint64_t pinned_snapshot::wal_bytes() const {
  if (settings_->wal_bytes)
    return settings_->wal_bytes();
  struct stat s {};
  const char* name = sqlite3_filename_wal(sqlite3_db_filename(db_.get(), "main"));
  return name != nullptr && stat(name, &s) == 0 ? static_cast<std::uint64_t>(s.st_size) : 0;
}

void pinned_snapshot::throw_if_truncated() const {
  if (const auto missing = sqlite::missing_pages(db_.get()); !missing.empty())
    throw error(errc::corrupt, settings_->database + ": " + missing);
}

} // namespace dbengine::backup
