// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// `json_patch`, and `jsonb_patch` if SQLite has it. SQLite searches each member of the patch among
// all members of the target, which may grow with each: a patch of ten megabytes takes hours. The
// results differ between versions of SQLite. So SQLite's own function computes the result, on a
// private connection in memory, and documents that would take too long are refused.

#include "sqlite/functions/replaced_functions.hpp"

#include <sqlite3.h>

#include <cstring>
#include <string_view>

namespace dbengine::sqlite {

namespace {

constexpr int json_subtype = 'J';

// The maximum number of member comparisons in one call, about 50 ms: the members of the patch times
// those of both documents. That is a patch of 100 members for a document of 300,000, or one of
// 3,800 for another of as many.
constexpr std::size_t most_lookups = 30'000'000;

// An upper bound of the members of a document: the colons outside strings.
std::size_t members(sqlite3_value* v) {
  if (sqlite3_value_type(v) ==
      SQLITE_BLOB) // SQLite's binary form: a name and a value take at least one byte each
    return static_cast<std::size_t>(sqlite3_value_bytes(v)) / 2;
  if (sqlite3_value_type(v) != SQLITE_TEXT)
    return 0;
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(v));
  const std::string_view json(text == nullptr ? "" : text);
  std::size_t n = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (quoted && json[i] == '\\')
      ++i;
    else if (json[i] == '"')
      quoted = !quoted;
    else if (!quoted && json[i] == ':')
      ++n;
  }
  return n;
}

} // namespace

void replaced_json_patch(sqlite3_context* context, int, sqlite3_value** values) {
  const auto& own = replaced_function::of(context);
  const auto in_patch = members(values[1]);
  if (in_patch != 0 && in_patch + members(values[0]) > most_lookups / in_patch)
    return sqlite3_result_error(context, "json_patch: too many members", -1);
  const bool binary = own.binary;
  auto* s =
      own.patcher->statement(binary ? "SELECT jsonb_patch(?1, ?2)" : "SELECT json_patch(?1, ?2)");
  if (s == nullptr)
    return sqlite3_result_error_nomem(context);
  for (int i = 0; i < 2; ++i)
    sqlite3_bind_value(s, i + 1, values[i]);
  if (const int rc = sqlite3_step(s); rc == SQLITE_ROW) {
    sqlite3_result_value(context, sqlite3_column_value(s, 0));
    if (!binary && sqlite3_column_type(s, 0) == SQLITE_TEXT)
      sqlite3_result_subtype(context, json_subtype);
  } else {
    sqlite3_result_error(context, sqlite3_errmsg(sqlite3_db_handle(s)), -1);
    sqlite3_result_error_code(context, rc);
  }
  sqlite3_reset(s);
  sqlite3_clear_bindings(s);
}

} // namespace dbengine::sqlite
