// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/context.hpp"
#include "cli/exit_code.hpp"
#include "commands/commands.hpp"
#include "output/stream.hpp"
#include "ui/text.hpp"

namespace dbengine::app {

namespace {

int run(context& c) {
  const auto table = c.args.text("TABLE");
  const DbEngine engine = open_engine(c, opening::read_only);
  const request_view db = requests(engine, c);
  // Tables first, then what belongs to them, each in the order it was made.
  const std::string_view sql =
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
      " AND (?1 IS NULL OR tbl_name = ?1 COLLATE NOCASE)"
      " ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'view' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, rowid";
  const rows found = db.fetch(sql, table);
  if (found.empty() && table) {
    std::vector<std::string> names;
    for (const auto& r : db.fetch("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"))
      names.push_back(r[0].as<std::string>());
    throw data_error("there is no table '" + *table + "'" + did_you_mean(*table, names));
  }
  output_stream standard(stdout);
  for (const auto& r : found)
    standard.write(r[0].as<std::string>() + ";\n");
  standard.finish();
  return 0;
}

} // namespace

command schema_command(bool remote) {
  command c{.name = "schema", .summary = "show how tables, views, indexes and triggers were made"};
  c.positionals = {
      {.name = "TABLE", .help = "only this table and what belongs to it", .required = false}};
  c.options = {timeout_option()};
  c.run = run;
  return with_database(std::move(c), remote);
}

} // namespace dbengine::app
