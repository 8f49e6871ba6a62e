// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/undo_point.hpp"

#include <sqlite3.h>

namespace dbengine::sqlite {

undo_point::undo_point(connection& c, const prepared& p, request_control& ctl)
    : connection_(&c), statement_(p.stmt) {
  if (c.auth().acting_as == authority::writer || p.read_only || !p.writes || !p.dml_only ||
      p.column_count == 0)
    return;
  own_transaction_ = !c.transaction().is_open();
  if (own_transaction_)
    c.transaction().begin_immediate(ctl);
  else
    c.transaction().savepoint();
  set_ = true;
}

undo_point::~undo_point() {
  if (!set_)
    return;
  sqlite3_reset(statement_);
  if (own_transaction_)
    connection_->transaction().rollback();
  else
    connection_->transaction().rollback_to_savepoint();
}

void undo_point::keep(request_control& ctl) {
  if (!set_)
    return;
  sqlite3_reset(statement_);
  if (own_transaction_)
    connection_->transaction().commit(ctl);
  else
    connection_->transaction().release_savepoint();
  set_ = false;
}

} // namespace dbengine::sqlite
