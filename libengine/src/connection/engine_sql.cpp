// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/engine_sql.hpp"

#include "base/error_map.hpp"
#include "connection/read_snapshot.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/files/file_checks.hpp"

#include <sqlite3.h>

#include <memory>
#include <utility>

namespace dbengine::sqlite {

void engine_sql::throw_failure(error_info info) {
  if (files_->is_truncated_now()) // missing pages look malformed
    files_->throw_if_fenced(outcome::not_run);
  throw error(std::move(info));
}

void engine_sql::run(const char* sql) {
  if (writer_)
    snapshot_->drop();
  int rc = SQLITE_OK;
  {
    const engine_rights own(*auth_);
    rc = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  }
  if (rc != SQLITE_OK)
    throw_failure(base::last_error(db_, rc, 0, sql));
}

std::string engine_sql::text(const char* sql) {
  sqlite3_stmt* raw = nullptr;
  int rc = SQLITE_OK;
  { // ends before any throw: nothing else may run with the engine's rights
    const engine_rights own(*auth_);
    rc = sqlite3_prepare_v2(db_, sql, -1, &raw, nullptr);
    if (rc == SQLITE_OK)
      rc = sqlite3_step(raw);
  }
  std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> s(raw, &sqlite3_finalize);
  std::string text;
  if (rc == SQLITE_ROW) {
    if (const auto* t = sqlite3_column_text(raw, 0))
      text = reinterpret_cast<const char*>(t);
    else if (sqlite3_errcode(db_) == SQLITE_NOMEM)
      rc = SQLITE_NOMEM;
  }
  if (rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE) {
    auto info = base::last_error(db_, rc, 0, sql);
    s.reset();
    throw_failure(std::move(info));
  }
  // Its writes are committed here: PRAGMA journal_mode=WAL returns its row before the commit can
  // fail.
  if (const int ended = sqlite3_finalize(s.release()); ended != SQLITE_OK)
    throw error(base::last_error(db_, ended, 0, sql));
  return text;
}

std::int64_t engine_sql::integer(const char* sql) {
  const auto found = text(sql);
  return found.empty() ? 0 : std::stoll(found);
}

void engine_sql::set_pragma(const std::string& name, const std::string& value) {
  run(("PRAGMA " + name + "=" + value).c_str());
}

} // namespace dbengine::sqlite
