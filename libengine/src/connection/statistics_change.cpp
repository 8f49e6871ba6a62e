// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// How new statistics reach every connection: SQLite reads them with the schema, and reads the
// schema when its number in the file has changed. ANALYZE changes that number only when it creates
// its table. Open connections would keep planning with their old statistics, so the number is
// changed after each ANALYZE.

#include "connection/statistics_change.hpp"

#include "base/fault.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace dbengine::sqlite {

void connection::publish_statistics() {
  if (DBENGINE_MUTANT("keeps statistics"))
    return;
  const auto version = static_cast<std::uint32_t>(own_sql_.integer("PRAGMA schema_version"));
  const auto next =
      "PRAGMA schema_version=" + std::to_string(static_cast<std::int32_t>(version + 1));
  int guarded = 0;
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, -1, &guarded);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 0,
                    nullptr); // a defensive connection ignores that pragma
  try {
    own_sql_.run(next.c_str());
  } catch (...) {
    sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, guarded, nullptr);
    throw;
  }
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, guarded, nullptr);
  auth_.statistics_changed = false;
  schema_.note_change_in_transaction(in_transaction());
}

void connection::statistics_change::begin(request_control& ctl) {
  if (connection_->in_transaction())
    return;
  connection_->begin_immediate(ctl);
  owns_transaction_ = true;
}

void connection::statistics_change::publish(request_control& ctl) {
  auto& c = *connection_;
  sqlite3_reset(statement_->stmt);
  if (statement_->changes_statistics || c.auth_.statistics_changed)
    c.publish_statistics();
  if (owns_transaction_)
    c.commit(ctl);
  owns_transaction_ = false;
}

void connection::statistics_change::undo() noexcept {
  sqlite3_reset(statement_->stmt);
  connection_->rollback();
}

} // namespace dbengine::sqlite
