// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Publishes changes of the query planner's statistics.
// Thread safety: the connection's user.

#pragma once

#include "connection/connection.hpp"

namespace dbengine::sqlite {

/// Used around ANALYZE and PRAGMA optimize on the write connection: publishes the new statistics in
/// the transaction that holds them. Does nothing for every other statement. If it is destroyed
/// without `keep`, it rolls back a transaction that it began.
class connection::statistics_change {
public:
  statistics_change(connection& c, const prepared& p, request_control& ctl)
      : connection_((p.changes_statistics || p.may_change_statistics) && c.role_ == role::writer
                        ? &c
                        : nullptr),
        statement_(&p) {
    if (connection_ != nullptr)
      begin(ctl);
  }
  ~statistics_change() {
    if (owns_transaction_)
      undo();
  }
  statistics_change(const statistics_change&) = delete;
  statistics_change& operator=(const statistics_change&) = delete;

  /// Called after the statement has run.
  void keep(request_control& ctl) {
    if (connection_ != nullptr)
      publish(ctl);
  }

private:
  void begin(request_control& ctl);
  void publish(request_control& ctl);
  void undo() noexcept;

  connection* connection_;
  const prepared* statement_;
  bool owns_transaction_ = false;
};

} // namespace dbengine::sqlite
