// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sqlite/functions/user_functions.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "sqlite/functions/user_code.hpp"

#include <dbengine/value.hpp>

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <cstring>
#include <memory>
#include <utility>

namespace dbengine::sqlite {

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
    const auto text = f.name + "(): " + base::current_exception_info().message;
    sqlite3_result_error(context, text.c_str(), static_cast<int>(text.size()));
  }
}

struct bound_collation {
  const collation* own;
  std::shared_ptr<collation_failure> failure;
};

int compare_user(void* data, int an, const void* a, int bn, const void* b) {
  const auto& [own, failure] = *static_cast<const bound_collation*>(data);
  if (!failure->has_failed()) {
    const user_code inside(own);
    try {
      return own->compare({static_cast<const char*>(a), static_cast<std::size_t>(an)},
                          {static_cast<const char*>(b), static_cast<std::size_t>(bn)});
    } catch (...) {
      if (!DBENGINE_MUTANT("forgets that a collation threw"))
        failure->failed(own->name, base::current_exception_info().message);
    }
  }
  const int r = std::memcmp(a, b, static_cast<std::size_t>(an < bn ? an : bn));
  return r != 0 ? r : an - bn;
}

} // namespace

void register_user_functions(sqlite3* db, const options& o,
                             std::shared_ptr<collation_failure> failure) {
  for (const auto& f : o.functions) {
    const int flags = SQLITE_UTF8 | (f.deterministic ? SQLITE_DETERMINISTIC : 0);
    if (!f.call)
      throw error(errc::invalid_option, "function \"" + f.name + "\" has no callback");
    const int rc = sqlite3_create_function_v2(db, f.name.c_str(), f.arguments, flags,
                                              const_cast<function*>(&f), &call_user, nullptr,
                                              nullptr, nullptr);
    if (rc != SQLITE_OK)
      throw error(errc::invalid_option, "function \"" + f.name + "\" with " +
                                            std::to_string(f.arguments) +
                                            " arguments: SQLite refuses it");
  }
  if (!failure && !o.collations.empty())
    failure = std::make_shared<collation_failure>(db, nullptr);
  for (const auto& c : o.collations) {
    if (!c.compare)
      throw error(errc::invalid_option, "collation \"" + c.name + "\" has no callback");
    auto own = std::make_unique<bound_collation>(bound_collation{&c, failure});
    // Unlike a function's destructor, this one is not called if the registration fails.
    if (sqlite3_create_collation_v2(db, c.name.c_str(), SQLITE_UTF8, own.get(), &compare_user,
                                    [](void* p) { delete static_cast<bound_collation*>(p); }) !=
        SQLITE_OK)
      throw error(errc::invalid_option, "collation \"" + c.name + "\": SQLite refuses it");
    own.release();
  }
}

void check_user_functions(const options& o) {
  if (o.functions.empty() && o.collations.empty())
    return;
  const SQLite::Database private_one(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
  register_user_functions(private_one.getHandle(), o);
}

} // namespace dbengine::sqlite
