// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/dump_text.hpp"

#include "data/dump/virtual_table.hpp"
#include "data/import/import.hpp"
#include "data/import/target.hpp"
#include "output/encode.hpp"
#include "output/row_writer.hpp"
#include "ui/text.hpp"

#include <dbengine/defaults.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

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
  // The sqlite3 shell strips carriage returns from the ends of the lines that it reads.
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

std::string insert_into(const dumped_rows& what) {
  return "INSERT INTO " + what.table + " (" + joined(what.columns) + ") VALUES (";
}

// Values that are too long for one statement are assembled from a temporary table.
void write_in_pieces(const dumped_rows& what, const row& r, std::size_t most, output_stream& to) {
  // All values that are not split must fit together: a literal takes up to about five bytes for
  // each byte of its value.
  const std::size_t piece = std::max<std::size_t>(most / (8 * what.columns.size()), 1);
  to.write("CREATE TEMP TABLE dbengine_pieces (c, n, b);\n");
  std::string line = insert_into(what);
  for (std::size_t i = 0; i < what.columns.size(); ++i) {
    line += i == 0 ? "" : ",";
    const auto bytes = r[i].bytes();
    if (bytes.size() <= piece) {
      line += literal(r[i]);
      continue;
    }
    const auto column = std::to_string(i);
    for (std::size_t at = 0; at < bytes.size(); at += piece)
      to.write("INSERT INTO temp.dbengine_pieces VALUES (" + column + "," + std::to_string(at) +
               ",x'" + hex_text(bytes.substr(at, piece)) + "');\n");
    line += "(SELECT CAST(group_concat(CAST(b AS TEXT),'') AS ";
    line += r[i].type() == value_type::blob ? "BLOB" : "TEXT";
    line += ") FROM (SELECT b FROM temp.dbengine_pieces WHERE c=" + column + " ORDER BY n))";
  }
  to.write(line + ");\nDROP TABLE temp.dbengine_pieces;\n");
}

void write_rows(const dumped_rows& what, const each_row& rows, output_stream& to) {
  rows(what, [&](const row& r) { write_row(what, r, defaults::max_sql_bytes, to); });
}

// Leaves out a table that cannot be read. Its statement stays in the dump as a comment, for use
// where the missing module is available.
void leave_out(dump_contents& to, const std::string& name, const std::string& sql,
               const std::string& why) {
  to.warnings.push_back("table " + name + " cannot be read (" + why + "): it is left out");
  std::string comment;
  for (const char c : "left out, " + why + ":\n" + sql + ";\n") {
    if (comment.empty() || comment.back() == '\n')
      comment += "-- ";
    comment += c;
  }
  to.tables.push_back({comment, false, {}});
}

// A query on an index over a dropped table fails, and so would building the index.
bool can_be_built(const fetch_function& fetch, const std::string& sql) {
  try {
    fetch("SELECT 1 FROM main." + quoted_name(indexed_table(sql)) + " LIMIT 0", {});
    return true;
  } catch (const dbengine::error& e) {
    if (e.code() != errc::sql)
      throw;
    return false;
  }
}

void add_rebuild(dump_contents& to, const fetch_function& fetch, const std::string& name,
                 const std::string& sql) {
  const auto quoted = quoted_name(name);
  if (can_be_built(fetch, sql))
    to.rebuilds += "INSERT INTO " + quoted + " (" + quoted + ") VALUES ('rebuild');\n";
  else
    to.warnings.push_back("table " + name + " is an index over '" + indexed_table(sql) +
                          "', which cannot be read: it is created empty");
}

// The module of a virtual table names its columns. Empty if that fails.
std::optional<rows> columns_of(dump_contents& to, const fetch_function& fetch,
                               const std::string& name, const std::string& sql, bool is_virtual) {
  try {
    return fetch("SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0", params::of(name));
  } catch (const dbengine::error& e) {
    if (!is_virtual || e.code() != errc::sql)
      throw;
    leave_out(to, name, sql, e.info().message);
    return std::nullopt;
  }
}

void add_table(dump_contents& to, const fetch_function& fetch, const std::string& name,
               const std::string& sql, bool is_virtual) {
  const auto columns = columns_of(to, fetch, name, sql, is_virtual);
  if (!columns)
    return;
  auto& t = to.tables.emplace_back(dumped_table{ended_statement(sql), false, {}});
  t.rows.table = quoted_name(name);
  const auto kept = is_virtual ? rows_of_virtual_table(sql) : row_storage::own;
  if (kept == row_storage::no_text)
    to.warnings.push_back("table " + name + " is an index that keeps no text: it is created empty");
  if (kept == row_storage::elsewhere)
    add_rebuild(to, fetch, name, sql);
  if (kept != row_storage::own && kept != row_storage::own_by_rowid)
    return;
  t.has_rows = true;
  // The rowid of a plain table is kept only if it is a column.
  if (kept == row_storage::own_by_rowid)
    t.rows.columns.push_back("rowid");
  if (const auto language = is_virtual ? language_column(sql) : ""; !language.empty())
    t.rows.columns.push_back(quoted_name(language));
  for (const auto& c : *columns)
    t.rows.columns.push_back(quoted_name(c[0].as<std::string>()));
  to.has_sequences = to.has_sequences || (!is_virtual && has_autoincrement(sql));
}

// sqlite_sequence exists if there is a table with AUTOINCREMENT, sqlite_stat1 if ANALYZE has run.
void add_internal_tables(dump_contents& to, const fetch_function& fetch) {
  to.sequences = {"sqlite_sequence", {"name", "seq"}};
  to.statistics = {"sqlite_stat1", {"tbl", "idx", "stat"}};
  for (const auto& r : fetch("SELECT name FROM sqlite_schema WHERE name GLOB 'sqlite_stat*'", {})) {
    const auto name = r[0].as<std::string>();
    to.has_statistics = to.has_statistics || name == to.statistics.table;
    if (name != to.statistics.table)
      to.warnings.push_back("table " + name + " is left out: ANALYZE recreates it");
  }
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
  add_internal_tables(all, fetch);
  for (
      const auto& r : fetch(
          "SELECT sql, type = 'trigger' FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL"
          " ORDER BY CASE type WHEN 'index' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, rowid",
          {}))
    (r[1].as<bool>() ? all.triggers : all.indexes_and_views) +=
        ended_statement(r[0].as<std::string>());
  return all;
}

void write_row(const dumped_rows& what, const row& r, std::size_t most, output_stream& to) {
  std::size_t least = 0; // bytes of the literals
  for (std::size_t i = 0; i < what.columns.size(); ++i)
    least += r[i].bytes().size() * (r[i].type() == value_type::blob ? 2 : 1);
  std::string line = insert_into(what);
  for (std::size_t i = 0; i < what.columns.size() && least <= most; ++i)
    line += (i == 0 ? "" : ",") + literal(r[i]);
  line += ");\n";
  if (std::max(least, line.size()) <= most)
    to.write(line);
  else
    write_in_pieces(what, r, most, to);
}

void write_dump(const dump_contents& what, const each_row& rows, output_stream& to) {
  to.write("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n" + what.pragmas);
  for (const auto& t : what.tables) {
    to.write(t.create_sql);
    if (t.has_rows)
      write_rows(t.rows, rows, to);
  }
  if (what.has_sequences) {
    to.write("DELETE FROM sqlite_sequence;\n");
    write_rows(what.sequences, rows, to);
  }
  // Views come before the full-text indexes over them, and triggers after all rows.
  to.write(what.indexes_and_views + what.rebuilds + what.triggers);
  if (what.has_statistics) {
    to.write("ANALYZE sqlite_schema;\n"); // creates the table of statistics, empty
    write_rows(what.statistics, rows, to);
  }
  to.write("COMMIT;\n");
}

} // namespace dbengine::app
