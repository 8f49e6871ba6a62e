// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/leaked_handles.hpp"

#include "base/log.hpp"
#include "base/thread_annotations.hpp"
#include "connection/request_handlers.hpp"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <string>
#include <utility>
#include <vector>

namespace dbengine::sqlite {

namespace {

// Detaches the files from a handle that cannot be closed: it then has an empty database in memory,
// and a statement that is stepped finds no table. SQLite has no other way: in WAL mode a connection
// holds a lock on its file as long as it has the file.
void detach_files(sqlite3* db) {
  constexpr int temporary = 1;
  for (int i = 0; const char* name = sqlite3_db_name(db, i); ++i) {
    if (i == temporary)
      continue;
    if (const int rc = sqlite3_deserialize(db, name, nullptr, 0, 0, SQLITE_DESERIALIZE_READONLY);
        rc != SQLITE_OK)
      base::log(base::log_level::error, "an abandoned raw connection keeps its lock on the file (" +
                                            std::string(sqlite3_errstr(rc)) + ")");
  }
}

class leaked_handles {
public:
  void add(std::unique_ptr<SQLite::Database> database, std::shared_ptr<const options> o) {
    const base::scoped_lock lock(mutex_);
    entries_.emplace_back(std::move(o), database.release());
  }

private:
  base::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<const options>, SQLite::Database*>> entries_
      DBENGINE_GUARDED_BY(mutex_);
};

} // namespace

void leak_handle(std::unique_ptr<SQLite::Database> database, std::shared_ptr<const options> o,
                 request_handlers& handlers) {
  auto* const db = database->getHandle();
  for (auto* s = sqlite3_next_stmt(db, nullptr); s != nullptr; s = sqlite3_next_stmt(db, s))
    sqlite3_reset(s);
  handlers.detach(db);
  sqlite3_set_authorizer(db, nullptr, nullptr);
  sqlite3_wal_hook(db, nullptr, nullptr);
  if (sqlite3_get_autocommit(db) == 0)
    sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
  detach_files(db);
  // Never destroyed: objects that are destroyed at the end of the process may leak a handle.
  static auto& all = *new leaked_handles;
  all.add(std::move(database), std::move(o));
  base::log(
      base::log_level::warning,
      "a raw connection was left with open statements: its handle stays open, without the file");
}

} // namespace dbengine::sqlite
