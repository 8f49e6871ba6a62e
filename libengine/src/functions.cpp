// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "functions.hpp"

#include "error_map.hpp"
#include "user_code.hpp"

#include <dbengine/value.hpp>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cstring>

namespace dbengine::detail {

namespace {

value_ref argument(sqlite3_value* v) {
  switch (sqlite3_value_type(v)) {
  case SQLITE_INTEGER: return value_ref::of(static_cast<std::int64_t>(sqlite3_value_int64(v)));
  case SQLITE_FLOAT: return value_ref::of(sqlite3_value_double(v));
  case SQLITE_TEXT: {
    const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(v));
    return value_ref::of(std::string_view(text, static_cast<std::size_t>(sqlite3_value_bytes(v))));
  }
  case SQLITE_BLOB: {
    const auto* bytes = static_cast<const std::byte*>(sqlite3_value_blob(v));
    return value_ref::of(std::span(bytes, static_cast<std::size_t>(sqlite3_value_bytes(v))));
  }
  default: return {};
  }
}

void answer(sqlite3_context* context, const value& v) {
  const value_ref r(v);
  switch (r.type) {
  case value_type::null: sqlite3_result_null(context); break;
  case value_type::integer: sqlite3_result_int64(context, r.integer); break;
  case value_type::real: sqlite3_result_double(context, r.real); break;
  case value_type::text:
    sqlite3_result_text64(context, r.bytes, r.size, SQLITE_TRANSIENT, SQLITE_UTF8);
    break;
  case value_type::blob: sqlite3_result_blob64(context, r.bytes, r.size, SQLITE_TRANSIENT); break;
  }
}

void call_user(sqlite3_context* context, int count, sqlite3_value** values) {
  const auto& f = *static_cast<const function*>(sqlite3_user_data(context));
  const user_code inside(&f);
  try {
    std::vector<value_ref> arguments;
    arguments.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
      arguments.push_back(argument(values[i]));
    answer(context, f.call(arguments));
  } catch (...) {
    const auto text = f.name + "(): " + current_exception_info().message;
    sqlite3_result_error(context, text.c_str(), static_cast<int>(text.size()));
  }
}

int compare_user(void* data, int an, const void* a, int bn, const void* b) {
  const auto& c = *static_cast<const collation*>(data);
  const user_code inside(&c);
  try {
    return c.compare({static_cast<const char*>(a), static_cast<std::size_t>(an)},
                     {static_cast<const char*>(b), static_cast<std::size_t>(bn)});
  } catch (...) { // SQLite offers no way to fail here: fall back to bytes
    const int r = std::memcmp(a, b, static_cast<std::size_t>(an < bn ? an : bn));
    return r != 0 ? r : an - bn;
  }
}

// The rules of SQLite's own instr(): two blobs count bytes, everything else counts characters.
void instr(sqlite3_context* context, int, sqlite3_value** v) {
  const int type_a = sqlite3_value_type(v[0]);
  const int type_b = sqlite3_value_type(v[1]);
  if (type_a == SQLITE_NULL || type_b == SQLITE_NULL)
    return;
  const bool bytes = type_a == SQLITE_BLOB && type_b == SQLITE_BLOB;
  const void* a = bytes ? sqlite3_value_blob(v[0]) : sqlite3_value_text(v[0]);
  const auto an = static_cast<std::size_t>(sqlite3_value_bytes(v[0]));
  const void* b = bytes ? sqlite3_value_blob(v[1]) : sqlite3_value_text(v[1]);
  const auto bn = static_cast<std::size_t>(sqlite3_value_bytes(v[1]));
  if (bn == 0)
    return sqlite3_result_int(context, 1);
  if (a == nullptr || b == nullptr)
    return an == 0 ? sqlite3_result_int(context, 0) : sqlite3_result_error_nomem(context);
  const auto* begin = static_cast<const unsigned char*>(a);
  const auto* at = static_cast<const unsigned char*>(memmem(a, an, b, bn));
  // A match inside a character is none, as SQLite steps over continuation bytes.
  while (at != nullptr && !bytes && at != begin && (*at & 0xc0) == 0x80)
    at = static_cast<const unsigned char*>(
        memmem(at + 1, an - static_cast<std::size_t>(at + 1 - begin), b, bn));
  if (at == nullptr)
    return sqlite3_result_int(context, 0);
  sqlite3_int64 n = 1;
  for (const auto* p = begin; p != at; ++p)
    if (bytes || p == begin || (*p & 0xc0) != 0x80)
      ++n;
  sqlite3_result_int64(context, n);
}

} // namespace

void register_user_functions(sqlite3* db, const options& o) {
  for (const auto& f : o.functions) {
    const int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (f.deterministic ? SQLITE_DETERMINISTIC : 0);
    if (!f.call)
      throw error(errc::invalid_option, "function \"" + f.name + "\" has nothing to call");
    const int rc = sqlite3_create_function_v2(db, f.name.c_str(), f.arguments, flags,
                                              const_cast<function*>(&f), &call_user, nullptr,
                                              nullptr, nullptr);
    if (rc != SQLITE_OK)
      throw error(errc::invalid_option, "function \"" + f.name + "\" with " +
                                            std::to_string(f.arguments) +
                                            " arguments: SQLite refuses it");
  }
  for (const auto& c : o.collations) {
    if (!c.compare)
      throw error(errc::invalid_option, "collation \"" + c.name + "\" has nothing to call");
    if (sqlite3_create_collation_v2(db, c.name.c_str(), SQLITE_UTF8, const_cast<collation*>(&c),
                                    &compare_user, nullptr) != SQLITE_OK)
      throw error(errc::invalid_option, "collation \"" + c.name + "\": SQLite refuses it");
  }
}

void check_user_functions(const options& o) {
  if (o.functions.empty() && o.collations.empty())
    return;
  const SQLite::Database private_one(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  register_user_functions(private_one.getHandle(), o);
}

void register_safe_functions(sqlite3* db) {
  sqlite3_create_function_v2(db, "instr", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
                             nullptr, &instr, nullptr, nullptr, nullptr);
}

} // namespace dbengine::detail
