// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump.hpp"

#include "data/import.hpp"
#include "data/sqlite_rows.hpp"
#include "data/virtual_table.hpp"
#include "output/encode.hpp"
#include "output/writer.hpp"
#include "ui/text.hpp"

#include <cmath>
#include <stop_token>

#include <sqlite3.h>

namespace dbengine::app {

namespace {

// One statement of the connection, stepped by `next`.
class query {
public:
  query(sqlite3* handle, const std::string& sql) : handle_(handle) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(handle, sql.c_str(), -1, &raw, nullptr);
    statement_.reset(raw);
    if (code != SQLITE_OK)
      fail();
    rows_ = std::make_unique<sqlite_rows>(raw);
  }

  bool next() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE)
      fail();
    return code == SQLITE_ROW;
  }
  row current() { return rows_->current(); }
  /// A text column, empty for null.
  std::string text(int column) {
    const auto* found = sqlite3_column_text(statement_.get(), column);
    return found == nullptr ? std::string() : reinterpret_cast<const char*>(found);
  }

private:
  [[noreturn]] void fail() const {
    const int code = sqlite3_extended_errcode(handle_);
    const int primary = code & 0xff;
    throw dbengine::error(error_info{.code = primary == SQLITE_CORRUPT     ? errc::corrupt
                                             : primary == SQLITE_NOTADB    ? errc::not_a_database
                                             : primary == SQLITE_INTERRUPT ? errc::cancelled
                                                                           : errc::sql,
                                     .extended_code = code,
                                     .message = sqlite3_errmsg(handle_)});
  }

  sqlite3* handle_;
  statement_handle statement_;
  std::unique_ptr<sqlite_rows> rows_;
};

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

class dumper {
public:
  dumper(sqlite3* handle, output_stream& to) : handle_(handle), to_(to) {}

  void run() {
    to_.write("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n");
    for (const char* name : {"user_version", "application_id"}) {
      query q(handle_, std::string("PRAGMA ") + name);
      if (q.next() && q.text(0) != "0")
        to_.write(std::string("PRAGMA ") + name + "=" + q.text(0) + ";\n");
    }
    query tables(
        handle_,
        "SELECT s.name, s.sql, l.type FROM sqlite_schema s JOIN pragma_table_list l ON l.name = s.name"
        " AND l.schema = 'main' WHERE s.type = 'table' AND l.type IN ('table', 'virtual')"
        " AND s.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY s.rowid");
    while (tables.next())
      table(tables.text(0), tables.text(1), tables.text(2) == "virtual");
    sequences();
    query rest(
        handle_,
        "SELECT sql FROM sqlite_schema WHERE type IN ('index', 'trigger', 'view') AND sql IS NOT NULL"
        " ORDER BY CASE type WHEN 'index' THEN 0 WHEN 'view' THEN 1 ELSE 2 END, rowid");
    while (rest.next())
      to_.write(rest.text(0) + ";\n");
    to_.write("COMMIT;\n");
  }

  std::vector<std::string> warnings;

private:
  void table(const std::string& name, const std::string& sql, bool is_virtual) {
    to_.write(sql + ";\n");
    const auto kept = is_virtual ? rows_of_virtual_table(sql) : kept_rows::own;
    if (kept == kept_rows::no_text)
      warnings.push_back("table " + name + " is an index that keeps no text: it is made empty");
    if (kept == kept_rows::elsewhere)
      rebuilds_ +=
          "INSERT INTO " + quoted_name(name) + " (" + quoted_name(name) + ") VALUES ('rebuild');\n";
    if (kept != kept_rows::own && kept != kept_rows::own_by_rowid)
      return;
    std::string columns;
    query info(handle_,
               "SELECT name FROM pragma_table_xinfo(" + quoted_name(name) + ") WHERE hidden = 0");
    while (info.next())
      columns += (columns.empty() ? "" : ", ") + quoted_name(info.text(0));
    // The rowid of a plain table is only kept where it is a column.
    if (kept == kept_rows::own_by_rowid)
      columns = "rowid, " + columns;
    rows(name, columns);
  }

  void rows(const std::string& name, const std::string& columns) {
    query q(handle_, "SELECT " + columns + " FROM " + quoted_name(name));
    const std::string head = "INSERT INTO " + quoted_name(name) + " (" + columns + ") VALUES (";
    while (q.next()) {
      const row r = q.current();
      std::string line = head;
      for (std::size_t i = 0; i < r.size(); ++i)
        line += (i == 0 ? "" : ",") + literal(r[i]);
      to_.write(line + ");\n");
    }
  }

  void sequences() {
    to_.write(rebuilds_);
    query q(handle_, "SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'");
    if (!q.next())
      return;
    to_.write("DELETE FROM sqlite_sequence;\n");
    rows("sqlite_sequence", "name, seq");
  }

  sqlite3* handle_;
  output_stream& to_;
  std::string rebuilds_;
};

} // namespace

std::vector<std::string> dump(const request_view& db, output_stream& to) {
  const auto connection = db.raw_connection(true);
  sqlite3* const handle = connection.native_handle();
  const std::stop_callback interrupt(db.properties().cancel,
                                     [handle] { sqlite3_interrupt(handle); });
  query(handle, "BEGIN").next();
  dumper d(handle, to);
  d.run();
  query(handle, "COMMIT").next();
  return std::move(d.warnings);
}

} // namespace dbengine::app
