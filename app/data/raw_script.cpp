// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/raw_script.hpp"

#include "cli/exit_code.hpp"
#include "data/sqlite_rows.hpp"

#include <stop_token>

#include <sqlite3.h>

namespace dbengine::app {

namespace {

[[noreturn]] void fail(sqlite3* handle, std::size_t base, bool in_statement) {
  error_info e;
  const int code = sqlite3_extended_errcode(handle);
  const int primary = code & 0xff;
  e.code = primary == SQLITE_CONSTRAINT  ? errc::constraint
           : primary == SQLITE_INTERRUPT ? errc::cancelled
           : primary == SQLITE_BUSY      ? errc::busy
           : primary == SQLITE_CORRUPT   ? errc::corrupt
           : primary == SQLITE_NOTADB    ? errc::not_a_database
           : primary == SQLITE_FULL      ? errc::disk_full
           : primary == SQLITE_READONLY  ? errc::read_only
           : primary == SQLITE_AUTH      ? errc::not_allowed
           : primary == SQLITE_IOERR     ? errc::io
                                         : errc::sql;
  e.outcome = fate::rolled_back;
  e.extended_code = code;
  e.message = sqlite3_errmsg(handle);
  const int at = sqlite3_error_offset(handle);
  e.offset = base + (in_statement && at >= 0 ? static_cast<std::size_t>(at) : 0);
  throw dbengine::error(std::move(e));
}

// The first byte of the statement that begins at `at`: behind space and comments.
std::size_t behind_space(const std::string& sql, std::size_t at) {
  for (;;) {
    at = sql.find_first_not_of(" \t\r\n;", at);
    if (at == std::string::npos)
      return sql.size();
    if (sql.compare(at, 2, "--") == 0)
      at = sql.find('\n', at);
    else if (sql.compare(at, 2, "/*") == 0) {
      at = sql.find("*/", at + 2);
      at = at == std::string::npos ? at : at + 2;
    } else
      return at;
    if (at == std::string::npos)
      return sql.size();
  }
}

} // namespace

std::uint64_t run_raw_script(const request_view& db, const std::string& sql,
                             row_writer_source& writers) {
  const auto connection = db.raw_connection();
  sqlite3* const handle = connection.native_handle();
  const std::stop_callback interrupt(db.properties().cancel,
                                     [handle] { sqlite3_interrupt(handle); });
  std::uint64_t statements = 0;
  for (std::size_t at = behind_space(sql, 0); at < sql.size(); at = behind_space(sql, at)) {
    if (db.properties().cancel.stop_requested())
      throw dbengine::error(errc::cancelled, "interrupted");
    const std::size_t base = at;
    const char* tail = nullptr;
    sqlite3_stmt* raw = nullptr;
    if (sqlite3_prepare_v2(handle, sql.data() + at, static_cast<int>(sql.size() - at), &raw,
                           &tail) != SQLITE_OK)
      fail(handle, base, true);
    at = static_cast<std::size_t>(tail - sql.data());
    const statement_handle statement(raw);
    if (raw == nullptr)
      continue;
    ++statements;
    std::unique_ptr<row_writer> writer;
    sqlite_rows reader(raw);
    if (sqlite3_column_count(raw) > 0) {
      writer = writers.next();
      writer->begin(reader.columns());
    }
    int code = SQLITE_OK;
    while ((code = sqlite3_step(raw)) == SQLITE_ROW)
      if (writer)
        writer->add(reader.current());
    if (code != SQLITE_DONE)
      fail(handle, base, false);
    if (writer)
      writer->end();
  }
  if (sqlite3_get_autocommit(handle) == 0)
    throw data_error("the script leaves a transaction open; it was rolled back");
  return statements;
}

} // namespace dbengine::app
