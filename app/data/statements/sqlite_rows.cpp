// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/sqlite_rows.hpp"

#include <sqlite3.h>

namespace dbengine::app {

void statement_finalizer::operator()(sqlite3_stmt* s) const noexcept {
  sqlite3_finalize(s);
}

sqlite_rows::sqlite_rows(sqlite3_stmt* statement) : statement_(statement) {
  auto names = std::make_shared<detail::column_names>();
  const int n = sqlite3_column_count(statement);
  for (int i = 0; i < n; ++i)
    names->emplace_back(sqlite3_column_name(statement, i));
  arena_.columns = std::move(names);
}

row sqlite_rows::current() {
  arena_.cells.clear();
  arena_.bytes.clear();
  const int n = static_cast<int>(arena_.width());
  for (int i = 0; i < n; ++i) {
    detail::cell c;
    const auto bytes = [&](const void* data, value_type type) {
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, i));
      c.type = type;
      c.offset = arena_.bytes.size();
      c.size = static_cast<std::uint32_t>(size);
      if (size > 0)
        arena_.bytes.append(static_cast<const char*>(data), size);
    };
    switch (sqlite3_column_type(statement_, i)) {
    case SQLITE_INTEGER:
      c.type = value_type::integer;
      c.integer = sqlite3_column_int64(statement_, i);
      break;
    case SQLITE_FLOAT:
      c.type = value_type::real;
      c.real = sqlite3_column_double(statement_, i);
      break;
    case SQLITE_TEXT: bytes(sqlite3_column_text(statement_, i), value_type::text); break;
    case SQLITE_BLOB: bytes(sqlite3_column_blob(statement_, i), value_type::blob); break;
    default: break;
    }
    arena_.cells.push_back(c);
  }
  arena_.row_count = 1;
  return {arena_, 0};
}

} // namespace dbengine::app
