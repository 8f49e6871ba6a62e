// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A private connection for SQLite's `json_patch`.
// Thread safety: the user of the connection. Ownership: owns its connection and statement.

#pragma once

struct sqlite3;
struct sqlite3_stmt;

namespace dbengine::sqlite {

/// SQLite's own `json_patch`, on a private database in memory that is opened by the first call.
class json_patcher {
public:
  json_patcher() noexcept = default;
  ~json_patcher();
  json_patcher(const json_patcher&) = delete;
  json_patcher& operator=(const json_patcher&) = delete;

  /// Null if there is no memory.
  sqlite3_stmt* statement(const char* sql) noexcept;

private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

} // namespace dbengine::sqlite
