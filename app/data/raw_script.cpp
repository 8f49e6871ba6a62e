// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/raw_script.hpp"

#include "cli/exit_code.hpp"
#include "data/sqlite_rows.hpp"

#include <algorithm>
#include <utility>

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
  e.outcome = in_statement ? fate::not_run : fate::rolled_back;
  e.extended_code = code;
  e.message = primary == SQLITE_INTERRUPT ? "interrupted" : sqlite3_errmsg(handle);
  const int at = sqlite3_error_offset(handle);
  if (primary != SQLITE_INTERRUPT)
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

raw_statements::raw_statements(sqlite3* handle, const std::string& sql, std::size_t at,
                               std::stop_token cancel)
    : handle_(handle), sql_(sql), at_(behind_space(sql, at)), cancel_(std::move(cancel)) {
  if (const auto zero = sql.find('\0'); zero != std::string::npos)
    throw dbengine::error(
        {.code = errc::sql, .offset = zero, .message = "there is a zero byte in the text"});
  // Not sqlite3_interrupt: one that comes between two statements would be lost.
  sqlite3_progress_handler(
      handle_, defaults::progress_steps,
      [](void* self) {
        return static_cast<const raw_statements*>(self)->cancel_.stop_requested() ? 1 : 0;
      },
      this);
}

raw_statements::~raw_statements() {
  sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
}

bool raw_statements::run_next(row_writer_source& writers) {
  for (; at_ < sql_.size(); at_ = behind_space(sql_, at_)) {
    if (cancel_.stop_requested())
      throw dbengine::error(errc::cancelled, "interrupted");
    const std::size_t base = at_;
    const char* tail = nullptr;
    sqlite3_stmt* raw = nullptr;
    const auto start = std::chrono::steady_clock::now();
    // No length: with one, SQLite copies the whole rest of the text for each statement.
    if (sqlite3_prepare_v2(handle_, sql_.c_str() + base, -1, &raw, &tail) != SQLITE_OK)
      fail(handle_, base, true);
    const statement_handle statement(raw);
    at_ = std::max(static_cast<std::size_t>(tail - sql_.c_str()), base + 1);
    if (raw == nullptr)
      continue;
    report_ = {.wrote = sqlite3_column_count(raw) == 0};
    const auto before = sqlite3_total_changes64(handle_);
    std::unique_ptr<row_writer> writer;
    sqlite_rows reader(raw);
    if (!report_.wrote) {
      writer = writers.next();
      writer->begin(reader.columns());
    }
    int code = SQLITE_OK;
    for (; (code = sqlite3_step(raw)) == SQLITE_ROW; ++report_.rows)
      if (writer)
        writer->add(reader.current());
    if (code != SQLITE_DONE)
      fail(handle_, base, false);
    if (writer)
      writer->end();
    if (report_.wrote && sqlite3_total_changes64(handle_) != before)
      report_.rows = static_cast<std::uint64_t>(sqlite3_changes64(handle_));
    report_.elapsed = std::chrono::steady_clock::now() - start;
    at_ = behind_space(sql_, at_);
    return true;
  }
  return false;
}

std::uint64_t run_raw_script(const request_view& db, const std::string& sql,
                             row_writer_source& writers) {
  const auto connection = db.raw_connection();
  sqlite3* const handle = connection.native_handle();
  raw_statements script(handle, sql, 0, db.properties().cancel);
  std::uint64_t statements = 0;
  while (script.run_next(writers))
    ++statements;
  if (sqlite3_get_autocommit(handle) == 0)
    throw data_error("the script leaves a transaction open; it was rolled back");
  return statements;
}

} // namespace dbengine::app
