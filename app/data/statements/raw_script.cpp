// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/statements/raw_script.hpp"

#include "cli/exit_code.hpp"
#include "data/statements/sqlite_rows.hpp"
#include "data/statements/statement_scanner.hpp"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

namespace dbengine::app {

namespace {

// The first byte of the next statement at or after `at`: after spaces, semicolons and comments. An
// unclosed comment ends with the text, unless `pass_open` is false.
std::size_t next_statement(const std::string& sql, std::size_t at, bool pass_open = true) {
  for (;;) {
    at = skip_space(sql, at);
    if (at < sql.size() && sql[at] == ';')
      ++at;
    else if (sql.compare(at, 2, "--") == 0)
      at = std::min(sql.find('\n', at), sql.size());
    else if (sql.compare(at, 2, "/*") == 0) {
      const auto open = at;
      at = sql.find("*/", at + 2);
      if (at == std::string::npos && !pass_open)
        return open;
      at = at == std::string::npos ? sql.size() : at + 2;
    } else
      return at;
  }
}

} // namespace

raw_statements::raw_statements(sqlite3* handle, const std::string& sql, std::size_t at,
                               std::stop_token cancel, std::optional<clock::time_point> deadline)
    : handle_(handle), sql_(sql), at_(next_statement(sql, at)), cancel_(std::move(cancel)),
      deadline_(deadline) {
  if (const auto zero = sql.find('\0'); zero != std::string::npos)
    throw dbengine::error(
        {.code = errc::sql, .offset = zero, .message = "there is a zero byte in the text"});
  // Not sqlite3_interrupt: an interrupt between two statements would be lost.
  sqlite3_progress_handler(
      handle_, defaults::progress_steps,
      [](void* self) {
        const auto& s = *static_cast<const raw_statements*>(self);
        return s.cancel_.stop_requested() || s.late() ? 1 : 0;
      },
      this);
}

raw_statements::~raw_statements() {
  sqlite3_progress_handler(handle_, 0, nullptr, nullptr);
}

void raw_statements::fail(std::size_t base, bool in_statement) const {
  error_info e;
  const int code = sqlite3_extended_errcode(handle_);
  const int primary = code & 0xff;
  const bool stopped = primary == SQLITE_INTERRUPT;
  const bool overdue = stopped && !cancel_.stop_requested() && late();
  e.code = primary == SQLITE_CONSTRAINT ? errc::constraint
           : stopped                    ? (overdue ? errc::timeout : errc::cancelled)
           : primary == SQLITE_BUSY     ? errc::busy
           : primary == SQLITE_CORRUPT  ? errc::corrupt
           : primary == SQLITE_NOTADB   ? errc::not_a_database
           : primary == SQLITE_FULL     ? errc::disk_full
           : primary == SQLITE_READONLY ? errc::read_only
           : primary == SQLITE_AUTH     ? errc::not_allowed
           : primary == SQLITE_IOERR    ? errc::io
                                        : errc::sql;
  e.outcome = in_statement ? outcome::not_run : outcome::rolled_back;
  e.extended_code = code;
  e.message = overdue ? "the deadline expired" : stopped ? "interrupted" : sqlite3_errmsg(handle_);
  const int at = sqlite3_error_offset(handle_);
  if (!stopped)
    e.offset = base + (in_statement && at >= 0 ? static_cast<std::size_t>(at) : 0);
  throw dbengine::error(std::move(e));
}

bool raw_statements::run_next(row_writer_source& writers) {
  for (; at_ < sql_.size(); at_ = next_statement(sql_, at_)) {
    if (cancel_.stop_requested())
      throw dbengine::error(errc::cancelled, "interrupted");
    if (late())
      throw dbengine::error(errc::timeout, "the deadline expired");
    const std::size_t base = at_;
    const char* tail = nullptr;
    sqlite3_stmt* raw = nullptr;
    const auto start = std::chrono::steady_clock::now();
    // Without a length: with one, SQLite copies the remaining text for each statement.
    if (sqlite3_prepare_v2(handle_, sql_.c_str() + base, -1, &raw, &tail) != SQLITE_OK)
      fail(base, true);
    const statement_handle statement(raw);
    at_ = std::max(static_cast<std::size_t>(tail - sql_.c_str()), base + 1);
    if (raw == nullptr)
      continue;
    const auto before = sqlite3_total_changes64(handle_);
    // The first step prepares the statement again if another process changed the schema. Read the
    // names and the number of columns after it.
    int code = sqlite3_step(raw);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
      fail(base, false);
    report_ = {.wrote = sqlite3_column_count(raw) == 0};
    if (!report_.wrote) {
      sqlite_rows reader(raw);
      const auto writer = writers.next();
      writer->begin(reader.columns());
      for (; code == SQLITE_ROW; code = sqlite3_step(raw), ++report_.rows)
        writer->add(reader.current());
      if (code != SQLITE_DONE)
        fail(base, false);
      writer->end();
    }
    if (report_.wrote && sqlite3_total_changes64(handle_) != before)
      report_.rows = static_cast<std::uint64_t>(sqlite3_changes64(handle_));
    report_.elapsed = std::chrono::steady_clock::now() - start;
    at_ = next_statement(sql_, at_);
    return true;
  }
  return false;
}

bool has_no_statement(const std::string& sql) {
  return next_statement(sql, 0, false) == sql.size();
}

namespace {

// Foreign keys as in the sqlite3 shell: not enforced unless the script enables them, because a dump
// may create children before their parents. Enforced again at the end.
class foreign_keys_off {
public:
  explicit foreign_keys_off(sqlite3* handle) : handle_(handle) {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, -1, &before_);
    set(0);
  }
  ~foreign_keys_off() { set(before_); }
  foreign_keys_off(const foreign_keys_off&) = delete;
  foreign_keys_off& operator=(const foreign_keys_off&) = delete;

  bool were_on() const noexcept { return before_ != 0; }

private:
  void set(int on) noexcept {
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_FKEY, on, nullptr);
  }

  sqlite3* handle_;
  int before_ = 0;
};

std::string orphans_text(const raw_connection& connection) {
  try {
    const auto n =
        connection.fetch_value<std::int64_t>("SELECT count(*) FROM pragma_foreign_key_check")
            .value_or(0);
    return n == 0 ? std::string()
                  : std::to_string(n) + (n == 1 ? " row refers" : " rows refer") +
                        " to rows that do not exist (foreign keys); 'dbengine check' lists them";
  } catch (const dbengine::error& e) { // the script has completed nevertheless
    return "foreign keys were not checked: " + e.message();
  }
}

} // namespace

raw_script_result run_on_raw_connection(const request_view& db, bool as_it_stands,
                                        const script_body& run) {
  const auto connection = db.raw_connection();
  sqlite3* const handle = connection.native_handle();
  const auto& request = db.properties();
  std::optional<raw_statements::clock::time_point> deadline;
  if (request.timeout)
    deadline = raw_statements::clock::now() + *request.timeout;
  std::optional<foreign_keys_off> keys;
  if (as_it_stands)
    keys.emplace(handle);
  const auto changes = sqlite3_total_changes64(handle);
  raw_script_result result{.statements = run(handle, deadline)};
  if (sqlite3_get_autocommit(handle) == 0)
    throw data_error("the script leaves a transaction open; it was rolled back");
  if (keys && keys->were_on() && sqlite3_total_changes64(handle) != changes)
    result.warning = orphans_text(connection);
  return result;
}

raw_script_result run_raw_script(const request_view& db, const std::string& sql,
                                 row_writer_source& writers) {
  return run_on_raw_connection(db, true, [&](sqlite3* handle, const auto& deadline) {
    raw_statements script(handle, sql, 0, db.properties().cancel, deadline);
    std::uint64_t statements = 0;
    while (script.run_next(writers))
      ++statements;
    return statements;
  });
}

} // namespace dbengine::app
