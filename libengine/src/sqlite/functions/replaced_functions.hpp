// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Interruptible versions of SQLite's functions that may run for minutes without a check of the
// deadline. Their results equal SQLite's byte for byte, for arguments of every type and encoding;
// `unit.replaced_functions` compares them.
// Thread safety: the user of the connection. Ownership: SQLite owns the user data of each function.

#pragma once

#include "sqlite/functions/json_patcher.hpp"
#include "sqlite/functions/work_meter.hpp"

#include <memory>

struct sqlite3;
struct sqlite3_context;
struct sqlite3_value;

namespace dbengine::sqlite {

/// The user data of a replaced function.
struct replaced_function {
  /// First, because SQLite's planner reads the wildcards of LIKE there.
  unsigned char wildcards[4] = {0, 0, 0, 0};
  /// The ends that `trim` processes.
  bool left = false;
  bool right = false;
  /// `replace` with an empty pattern returns its first argument unchanged; later versions of SQLite
  /// convert it to text.
  bool keeps_type = false;
  /// `jsonb_patch` instead of `json_patch`.
  bool binary = false;
  std::shared_ptr<const stop_test> stop = nullptr;
  std::shared_ptr<json_patcher> patcher = nullptr;

  static const replaced_function& of(sqlite3_context* context) noexcept;
};

/// Replaces `like`, `trim`, `ltrim`, `rtrim`, `replace`, `instr`, `randomblob` and `json_patch`.
/// Call it before other functions are registered and before an authorizer is installed. `stop` is
/// checked while one of them runs.
///
/// Why not `glob`? With a replaced function the planner would no longer search an index for a
/// prefix. Its patterns are bounded by `defaults::glob_pattern_bytes` instead.
void register_replaced_functions(sqlite3* db, const std::shared_ptr<const stop_test>& stop);

// -- the functions, by SQLite's signature ---------------------------------------------------------

void replaced_like(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_trim(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_replace(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_instr(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_json_patch(sqlite3_context* context, int count, sqlite3_value** values);
void replaced_randomblob(sqlite3_context* context, int count, sqlite3_value** values);

/// Returns an interrupt from a function whose statement must stop.
void result_interrupted(sqlite3_context* context) noexcept;

} // namespace dbengine::sqlite
