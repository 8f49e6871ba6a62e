// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "sql_text.hpp"

#include <sqlite3.h>

#include <string>

namespace dbengine::detail {

std::size_t next_statement(std::string_view sql, std::size_t from) noexcept {
  for (auto i = from; i < sql.size();) {
    const char c = sql[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == ';') {
      ++i;
    } else if (sql.substr(i, 2) == "--") {
      i = sql.find('\n', i);
      if (i == sql.npos)
        return sql.npos;
    } else if (sql.substr(i, 2) == "/*") {
      i = sql.find("*/", i + 2);
      if (i == sql.npos)
        return sql.npos; // SQLite takes an unfinished comment for one to the end
      i += 2;
    } else {
      return i;
    }
  }
  return sql.npos;
}

std::size_t statement_end(std::string_view sql) {
  for (auto at = sql.find(';'); at != sql.npos; at = sql.find(';', at + 1))
    if (sqlite3_complete(std::string(sql.substr(0, at + 1)).c_str()) != 0)
      return at + 1;
  return sql.size();
}

} // namespace dbengine::detail
