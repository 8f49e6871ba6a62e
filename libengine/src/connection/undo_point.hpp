// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Undoes a statement whose result fails.
// Thread safety: the connection's user.

#pragma once

#include "connection/connection.hpp"

struct sqlite3_stmt;

namespace dbengine::sqlite {

/// Used around a statement of a host's transaction or raw connection that writes and returns rows.
/// If its result fails, its writes must not stay, and the host may continue. A request uses
/// `connection::discard_result` instead, which costs nothing until it is needed.
class undo_point {
public:
  undo_point(connection& c, const prepared& p, request_control& ctl);
  /// Undoes the statement, unless `keep` was called.
  ~undo_point();
  undo_point(const undo_point&) = delete;
  undo_point& operator=(const undo_point&) = delete;

  /// The result is complete: its writes stay. Throws `error` if their commit fails.
  void keep(request_control& ctl);

private:
  connection* connection_;
  sqlite3_stmt* statement_;
  bool set_ = false;
  bool own_transaction_ = false; // otherwise a savepoint in the caller's
};

} // namespace dbengine::sqlite
