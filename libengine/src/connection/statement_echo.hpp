// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Logs each statement of a host with its run time (`options::debug`).
// Thread safety: the connection's user.

#pragma once

struct sqlite3;

namespace dbengine::sqlite {

class read_snapshot;
class transaction_statements;

/// A trace hook. The engine's own prepared statements are not logged.
class statement_echo {
public:
  statement_echo(bool writer, const transaction_statements& t, const read_snapshot& s) noexcept
      : writer_(writer), transactions_(&t), snapshot_(&s) {}

  void install(sqlite3* db) noexcept;

private:
  static int on_trace(unsigned what, void* self, void* statement, void* nanoseconds);

  const bool writer_;
  const transaction_statements* transactions_;
  const read_snapshot* snapshot_;
};

} // namespace dbengine::sqlite
