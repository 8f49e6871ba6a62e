// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/open_database.hpp"

#include "base/error_map.hpp"
#include "sqlite/plain_database.hpp"
#include "sqlite/schema_check.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string>

namespace dbengine::sqlite {

error_info explain_open_failure(const location& where, const error_info& info) {
  auto e = info;
  if (where.memory)
    return e;
  const auto& path = where.path;
  struct stat st {};
  const auto directory = path.parent_path();
  if (::stat(directory.c_str(), &st) != 0)
    e.message = "\"" + path.string() + "\": the directory \"" + directory.string() +
                "\": " + std::strerror(errno);
  else if (!S_ISDIR(st.st_mode))
    e.message = "\"" + path.string() + "\": \"" + directory.string() + "\" is not a directory";
  else if (::stat(path.c_str(), &st) != 0)
    e.message = "\"" + path.string() + "\": " + std::strerror(errno);
  else if (S_ISDIR(st.st_mode))
    e.message = "\"" + path.string() + "\" is a directory";
  else if (info.extended_code == SQLITE_READONLY_ROLLBACK) {
    e.code = errc::cannot_open;
    e.message = "\"" + path.string() + "\": " + info.message;
  } else if (((info.extended_code & 0xff) == SQLITE_CANTOPEN ||
              info.extended_code == SQLITE_READONLY_DIRECTORY) &&
             ::access(path.c_str(), R_OK) == 0 && ::access(directory.c_str(), W_OK) != 0) {
    e.code = errc::cannot_open;
    e.message =
        "\"" + path.string() + "\" is in WAL mode, and no -shm file can be created beside it: \"" +
        directory.string() +
        "\" may not be written (mode=ro&immutable=1 in the URL opens a file that no process writes)";
  } else
    e.message = "\"" + path.string() + "\": " + info.message;
  return e;
}

namespace {

// A process was killed in a transaction on a file in rollback mode. Any SQLite connection that may
// write undoes that transaction when it reads; a read-only connection cannot. `mode=ro` in the URL
// forbids it.
void roll_back_journal(const location& where, std::chrono::milliseconds busy_timeout) {
  const auto what = "\"" + where.path.string() + "\": an unfinished transaction cannot be undone";
  const auto db =
      open_database(where.filename, SQLITE_OPEN_READWRITE | (where.uri ? SQLITE_OPEN_URI : 0),
                    where.vfs.empty() ? nullptr : where.vfs.c_str(), what);
  const auto wait = std::clamp<std::chrono::milliseconds::rep>(busy_timeout.count(), 0,
                                                               std::numeric_limits<int>::max());
  sqlite3_busy_timeout(db.get(), static_cast<int>(wait));
  // A file that may not be written is not an error here: the next read reports what to do.
  const int rc = begin_reading(db.get());
  if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_READONLY)
    throw_sqlite(rc, db.get(), what);
}

} // namespace

void check_is_database(sqlite3* db, const location& where, std::chrono::milliseconds busy_timeout) {
  int rc = begin_reading(db);
  if (rc == SQLITE_READONLY_ROLLBACK && !where.read_only) {
    roll_back_journal(where, busy_timeout);
    rc = begin_reading(db);
  }
  if (rc != SQLITE_OK)
    throw error(explain_open_failure(where, base::last_error(db, rc)));
}

} // namespace dbengine::sqlite
