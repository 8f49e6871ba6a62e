// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump_text.hpp"

#include "data/import.hpp"
#include "data/target.hpp"
#include "data/virtual_table.hpp"
#include "output/encode.hpp"
#include "output/writer.hpp"
#include "ui/text.hpp"

#include <cmath>

namespace dbengine::app {

namespace {

std::string quoted_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += c;
    out += c;
  }
  return out + "'";
}

std::string literal(const field& f) {
  switch (f.type()) {
  case value_type::null: return "NULL";
  case value_type::integer: return std::to_string(f.as<std::int64_t>());
  case value_type::real: {
    const double x = f.as<double>();
    return std::isinf(x) ? (x < 0 ? "-9e999" : "9e999") : real_text(x);
  }
  case value_type::blob: return "x'" + hex_text(f.bytes()) + "'";
  case value_type::text: break;
  }
  // SQL text ends at a NUL, and must be UTF-8 to pass through other tools.
  const auto text = f.bytes();
  if (text.find('\0') != std::string_view::npos || !ui::is_utf8(text))
    return "CAST(x'" + hex_text(text) + "' AS TEXT)";
  if (text.find('\r') == std::string_view::npos)
    return quoted_text(text);
  // SQLite's own program takes carriage returns off the ends of the lines that it reads.
  std::string mark = "\\r";
  for (int n = 1; text.find(mark) != std::string_view::npos; ++n)
    mark = "\\r" + std::to_string(n) + "\\";
  std::string marked;
  for (const char c : text)
    marked += c == '\r' ? mark : std::string(1, c);
  return "replace(" + quoted_text(marked) + "," + quoted_text(mark) + ",char(13))";
}

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words)
    all += (all.empty() ? "" : ", ") + word;
  return all;
}

void write_rows(const dumped_rows& what, const each_row& rows, output_stream& to) {
  const std::string head = "INSERT INTO " + what.table + " (" + joined(what.columns) + ") VALUES (";
  rows(what, [&](const row& r) {
    std::string line = head;
    for (std::size_t i = 0; i < what.columns.size(); ++i)
      line += (i == 0 ? "" : ",") + literal(r[i]);
    to.write(line + ");\n");
  });
}

void add_table(dump_contents& to, const fetch_function& fetch, const std::string& name,
               const std::string& sql, bool is_virtual) {
  auto& t = to.tables.emplace_back(dumped_table{sql, false, {quoted_name(name), {}}});
  const auto kept = is_virtual ? rows_of_virtual_table(sql) : kept_rows::own;
  if (kept == kept_rows::no_text)
    to.warnings.push_back("table " + name + " is an index that keeps no text: it is made empty");
  if (kept == kept_rows::elsewhere)
    to.rebuilds += "INSERT INTO " + t.rows.table + " (" + t.rows.table + ") VALUES ('rebuild');\n";
  if (kept != kept_rows::own && kept != kept_rows::own_by_rowid)
    return;
  t.has_rows = true;
  // The rowid of a plain table is only kept where it is a column.
  if (kept == kept_rows::own_by_rowid)
    t.rows.columns.push_back("rowid");
  for (const auto& c :
       fetch("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", params::of(name)))
    t.rows.columns.push_back(quoted_name(c[0].as<std::string>()));
}

} // namespace

std::string dumped_rows::select() const {
  return "SELECT " + joined(columns) + " FROM " + table;
}

dump_contents read_dump_contents(const fetch_function& fetch) {
  dump_contents all;
  for (const std::string name : {"user_version", "application_id"}) {
    const auto found = fetch("PRAGMA " + name, {});
    if (!found.empty() && found[0][0].as<std::int64_t>() != 0)
      all.pragmas +=
          "PRAGMA " + name + "=" + std::to_string(found[0][0].as<std::int64_t>()) + ";\n";
  }
  for (
      const auto& t : fetch(
          "SELECT s.name, s.sql, l.type = 'virtual' FROM sqlite_schema s JOIN pragma_table_list l ON l.name = s.name"
          " AND l.schema = 'main' WHERE s.type = 'table' AND l.type IN ('table', 'virtual')"
          " AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid",
          {}))
    add_table(all, fetch, t[0].as<std::string>(), t[1].as<std::string>(), t[2].as<bool>());
  all.has_sequences =
      !fetch("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'", {}).empty();
  all.sequences = {"sqlite_sequence", {"name", "seq"}};
  for (
      const auto& r : fetch(
          "SELECT sql FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL"
          " ORDER BY CASE type WHEN 'index' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, rowid",
          {}))
    all.rest += r[0].as<std::string>() + ";\n";
  return all;
}

void write_dump(const dump_contents& what, const each_row& rows, output_stream& to) {
  to.write("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + what.pragmas);
  for (const auto& t : what.tables) {
    to.write(t.create_sql + ";\n");
    if (t.has_rows)
      write_rows(t.rows, rows, to);
  }
  to.write(what.rebuilds);
  if (what.has_sequences) {
    to.write("DELETE FROM sqlite_sequence;\n");
    write_rows(what.sequences, rows, to);
  }
  to.write(what.rest + "COMMIT;\n");
}

} // namespace dbengine::app
