// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/schema.hpp"

#include "cli/command.hpp"
#include "cli/exit_code.hpp"
#include "data/statements/statement_scanner.hpp"

namespace dbengine::app {

std::string ended_statement(const std::string& sql) {
  statement_scanner read;
  read.complete_with(sql);
  for (const char* const end : {";", "\n;", "*/;"})
    if (auto scan = read; scan.complete_with(end))
      return sql + end + "\n";
  return sql + ";\n";
}

std::string schema_text(const fetch_function& fetch, const std::optional<std::string>& table) {
  // Tables first, then the objects that belong to them, each in order of creation.
  const rows found = fetch(
      "SELECT sql FROM (SELECT 0 AS temporary, rowid AS position, * FROM main.sqlite_schema UNION ALL SELECT 1, rowid, * FROM temp.sqlite_schema)"
      " WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
      " AND (?1 IS NULL OR tbl_name = ?1 COLLATE NOCASE)"
      " ORDER BY temporary, CASE type WHEN 'table' THEN 0 WHEN 'view' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, position",
      params::of(table));
  if (found.empty() && table)
    throw data_error("there is no table '" + *table + "'" +
                     did_you_mean(*table, table_names(fetch, "%")));
  std::string out;
  for (const auto& r : found)
    out += ended_statement(r[0].as<std::string>());
  return out;
}

std::vector<std::string> table_names(const fetch_function& fetch, const std::string& like) {
  std::vector<std::string> names;
  for (
      const auto& r : fetch(
          "SELECT name FROM (SELECT name, type FROM main.sqlite_schema UNION SELECT name, type FROM temp.sqlite_schema)"
          " WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name LIKE ?"
          " ORDER BY name COLLATE NOCASE, name",
          params::of(like)))
    names.push_back(r[0].as<std::string>());
  return names;
}

} // namespace dbengine::app
