// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// SQLite's own functions that may run for minutes without a look at the deadline, written again so that they can be interrupted.
// Their answers are SQLite's, byte for byte, for arguments of every type and encoding: `unit.replaced_functions` compares.

#pragma once

#include "sqlite/functions/stop_test.hpp"

#include <memory>

struct sqlite3;
struct sqlite3_context;
struct sqlite3_stmt;
struct sqlite3_value;

namespace dbengine::sqlite {

/// SQLite's own `json_patch`, on a database of its own in memory that is opened when it is first asked.
class json_patcher {
public:
  json_patcher() noexcept = default;
  ~json_patcher();
  json_patcher(const json_patcher&) = delete;
  json_patcher& operator=(const json_patcher&) = delete;

  /// Null where memory is missing.
  sqlite3_stmt* statement(const char* sql) noexcept;

private:
  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

/// The user data of a replaced function.
struct replaced {
  /// What SQLite's planner reads of a function that it takes for LIKE: it must come first.
  unsigned char wildcards[4] = {0, 0, 0, 0};
  /// Which ends `trim` looks at.
  bool left = false;
  bool right = false;
  /// `replace` with an empty pattern gives back its first argument as it is; later versions of SQLite make a text of it.
  bool keeps_type = false;
  /// `jsonb_patch`
  bool binary = false;
  std::shared_ptr<const stop_test> stop = nullptr;
  std::shared_ptr<json_patcher> patcher = nullptr;

  static const replaced& of(sqlite3_context* context) noexcept;
};

/// Replaces `like`, `trim`, `ltrim`, `rtrim`, `replace`, `instr`, `randomblob` and `json_patch`. Before anything else is registered and before an
/// authorizer is installed. `stop` is asked while one of them works. SQLite's `glob` stays, because the planner would no
/// longer search an index for a prefix with another; its patterns are bounded by `defaults::glob_pattern_bytes` instead.
void register_replaced_functions(sqlite3* db, const std::shared_ptr<const stop_test>& stop);

// -- the functions, by SQLite's signature -----------------------------------------------------------

void replaced_like(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_trim(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_replace(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_instr(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_json_patch(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_randomblob(sqlite3_context* context, int count, sqlite3_value** values);

/// The statement must stop: what the function gives instead of an answer.
void result_interrupted(sqlite3_context* context) noexcept;

} // namespace dbengine::sqlite
