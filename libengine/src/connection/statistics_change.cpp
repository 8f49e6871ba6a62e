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

void connection::statistics_change::begin(request_control& ctl) {
  if (connection_->transaction().is_open())
    return;
  connection_->transaction().begin_immediate(ctl);
  owns_transaction_ = true;
}

void connection::statistics_change::publish(request_control& ctl) {
  auto& c = *connection_;
  sqlite3_reset(statement_->stmt);
  if (statement_->changes_statistics || c.auth_.statistics_changed)
    c.maintenance().publish_statistics();
  if (owns_transaction_)
    c.transaction().commit(ctl);
  owns_transaction_ = false;
}

void connection::statistics_change::undo() noexcept {
  sqlite3_reset(statement_->stmt);
  connection_->transaction().rollback();
}

} // namespace dbengine::sqlite
