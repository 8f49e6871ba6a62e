// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/functions/replaced_functions.hpp"

#include "base/error_map.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace dbengine::sqlite {

const replaced_function& replaced_function::of(sqlite3_context* context) noexcept {
  return *static_cast<const replaced_function*>(sqlite3_user_data(context));
}

void result_interrupted(sqlite3_context* context) noexcept {
  sqlite3_result_error_code(context, SQLITE_INTERRUPT);
}

void replaced_randomblob(sqlite3_context* context, int, sqlite3_value** values) {
  constexpr sqlite3_int64 chunk = 4 * 1024; // SQLite's generator takes about 8 ns per byte
  const auto size = std::max<sqlite3_int64>(sqlite3_value_int64(values[0]), 1);
  if (size > sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1))
    return sqlite3_result_error_toobig(context);
  auto* memory = static_cast<unsigned char*>(sqlite3_malloc64(static_cast<sqlite3_uint64>(size)));
  if (memory == nullptr)
    return sqlite3_result_error_nomem(context);
  work_meter work(*replaced_function::of(context).stop);
  for (sqlite3_int64 at = 0; at < size; at += chunk) {
    sqlite3_randomness(static_cast<int>(std::min(chunk, size - at)), memory + at);
    if (work.spend(chunk)) {
      sqlite3_free(memory);
      return result_interrupted(context);
    }
  }
  sqlite3_result_blob64(context, memory, static_cast<sqlite3_uint64>(size), sqlite3_free);
}

namespace {

#ifdef SQLITE_RESULT_SUBTYPE
constexpr int result_subtype = SQLITE_RESULT_SUBTYPE;
#else
constexpr int result_subtype = 0;
#endif

using implementation = void (*)(sqlite3_context*, int, sqlite3_value**);

void check(sqlite3* db, int rc, const char* name) {
  if (rc != SQLITE_OK)
    throw error(base::last_error(db, rc, 0, name));
}

void put(sqlite3* db, const char* name, int arguments, int flags, implementation call,
         replaced_function data) {
  auto own = std::make_unique<replaced_function>(std::move(data));
  // SQLite also calls the destructor if it fails.
  check(db,
        sqlite3_create_function_v2(db, name, arguments, SQLITE_UTF8 | SQLITE_INNOCUOUS | flags,
                                   own.release(), call, nullptr, nullptr,
                                   [](void* p) { delete static_cast<replaced_function*>(p); }),
        name);
}

// True if this SQLite's `replace` returns its first argument unchanged for an empty pattern.
bool replace_keeps_type(sqlite3* db) {
  sqlite3_stmt* s = nullptr;
  check(db, sqlite3_prepare_v2(db, "SELECT typeof(replace(1, '', ''))", -1, &s, nullptr),
        "replace");
  int rc = sqlite3_step(s);
  const auto* type = rc == SQLITE_ROW ? sqlite3_column_text(s, 0) : nullptr;
  if (rc == SQLITE_ROW)
    rc = type == nullptr ? SQLITE_NOMEM : SQLITE_OK;
  const bool keeps =
      type != nullptr && std::strcmp(reinterpret_cast<const char*>(type), "integer") == 0;
  sqlite3_finalize(s);
  check(db, rc, "replace");
  return keeps;
}

bool knows(sqlite3* db, const char* sql) {
  sqlite3_stmt* s = nullptr;
  const int rc = sqlite3_prepare_v2(db, sql, -1, &s, nullptr);
  sqlite3_finalize(s);
  if (rc == SQLITE_NOMEM) // no statement about the function
    check(db, rc, sql);
  return rc == SQLITE_OK;
}

// SQLite searches an index for the prefix of a pattern only if the function `like` has a flag that
// `sqlite3_create_function` removes. `PRAGMA case_sensitive_like` registers SQLite's own function
// again and then sets the flag on the function of that name. While a statement is open the pragma
// cannot register, and sets the flag on the replaced function.
void mark_like(sqlite3* db) {
  sqlite3_stmt* open = nullptr;
  check(db, sqlite3_prepare_v2(db, "SELECT 1 UNION ALL SELECT 2", -1, &open, nullptr), "like");
  int rc = sqlite3_step(open);
  if (rc == SQLITE_ROW)
    rc = sqlite3_exec(db, "PRAGMA case_sensitive_like=OFF", nullptr, nullptr, nullptr);
  sqlite3_finalize(open);
  check(db, rc, "like");
}

} // namespace

void register_replaced_functions(sqlite3* db, const std::shared_ptr<const stop_test>& stop) {
  constexpr int pure = SQLITE_DETERMINISTIC;
  const bool keeps_type = replace_keeps_type(db);
  for (const int arguments : {2, 3})
    put(db, "like", arguments, pure, &replaced_like, {.wildcards = {'%', '_', 0, 1}, .stop = stop});
  mark_like(db);
  for (const int arguments : {1, 2}) {
    put(db, "trim", arguments, pure, &replaced_trim, {.left = true, .right = true, .stop = stop});
    put(db, "ltrim", arguments, pure, &replaced_trim, {.left = true, .stop = stop});
    put(db, "rtrim", arguments, pure, &replaced_trim, {.right = true, .stop = stop});
  }
  put(db, "replace", 3, pure, &replaced_replace, {.keeps_type = keeps_type, .stop = stop});
  put(db, "instr", 2, pure, &replaced_instr, {.stop = stop});
  put(db, "json_patch", 2, pure | result_subtype, &replaced_json_patch,
      {.stop = stop, .patcher = std::make_shared<json_patcher>()});
  if (knows(db, "SELECT jsonb_patch('{}', '{}')"))
    put(db, "jsonb_patch", 2, pure, &replaced_json_patch,
        {.binary = true, .stop = stop, .patcher = std::make_shared<json_patcher>()});
  put(db, "randomblob", 1, 0, &replaced_randomblob, {.stop = stop});
  sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, defaults::glob_pattern_bytes);
}

} // namespace dbengine::sqlite
