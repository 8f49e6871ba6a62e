// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQL statements of the engine itself.
// Thread safety: the connection's user.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <string>

struct sqlite3;

namespace dbengine::sqlite {

class authorizer;
class file_checks;
class read_snapshot;

/// Runs the engine's own statements on a connection, with the engine's rights. Every function
/// throws `error`, with `errc::fenced` if the cause is a truncated file.
class engine_sql {
public:
  engine_sql(bool writer, authorizer& a, file_checks& f, read_snapshot& s) noexcept
      : writer_(writer), auth_(&a), files_(&f), snapshot_(&s) {}

  void set_database(sqlite3* db) noexcept { db_ = db; }

  /// Drops the writer's snapshot first: the statement may need the connection for itself.
  void run(const char* sql);
  /// The first column of the first row; empty or 0 if there is none.
  std::string text(const char* sql);
  std::int64_t integer(const char* sql);
  void set_pragma(const std::string& name, const std::string& value);

private:
  [[noreturn]] void throw_failure(error_info info);

  const bool writer_;
  authorizer* auth_;
  file_checks* files_;
  read_snapshot* snapshot_;
  sqlite3* db_ = nullptr;
};

} // namespace dbengine::sqlite
