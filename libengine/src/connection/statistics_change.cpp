// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How statistics for the query planner reach every connection.
//
// SQLite reads them with the schema, and reads that when the number of the schema in the file has changed. ANALYZE changes that number
// only the first time, when it makes its table: connections that are open went on planning with what they had read before. So the
// number is changed after each.

#include "connection/statistics_change.hpp"

#include "base/fault.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace dbengine::sqlite {

void connection::publish_statistics() {
  if (DBENGINE_MUTANT("keeps statistics"))
    return;
  const auto version = static_cast<std::uint32_t>(engine_integer("PRAGMA schema_version"));
  const auto next =
      "PRAGMA schema_version=" + std::to_string(static_cast<std::int32_t>(version + 1));
  int guarded = 0;
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, -1, &guarded);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr); // it ignores that pragma
  try {
    engine_sql(next.c_str());
  } catch (...) {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, guarded, nullptr);
    throw;
  }
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, guarded, nullptr);
  auth_.statistics_changed = false;
  ++schema_;
  schema_touched_ = in_transaction();
}

void connection::statistics_change::begin(request_control& ctl) {
  if (connection_->in_transaction())
    return;
  connection_->begin_immediate(ctl);
  own_ = true;
}

void connection::statistics_change::publish(request_control& ctl) {
  auto& c = *connection_;
  sqlite3_reset(statement_->stmt);
  if (statement_->changes_statistics || c.auth_.statistics_changed)
    c.publish_statistics();
  if (own_)
    c.commit(ctl);
  own_ = false;
}

void connection::statistics_change::undo() noexcept {
  sqlite3_reset(statement_->stmt);
  connection_->rollback();
}

} // namespace dbengine::sqlite
