// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "shell/session.hpp"

#include "data/statements/raw_script.hpp"
#include "data/statements/statement_scanner.hpp"

#include <algorithm>

#include <sqlite3.h>

namespace dbengine::app::shell {

namespace {

using namespace std::chrono_literals;

// A user may wait for any length of time, and can press Ctrl-C.
constexpr std::chrono::milliseconds no_deadline = 24h * 365;

bool autocommit(const raw_connection& c) {
  return sqlite3_get_autocommit(c.native_handle()) != 0;
}

// A writer that is created only if there are rows.
class deferred_writer : public row_writer {
public:
  explicit deferred_writer(row_writer_source& from) : from_(from) {}
  void begin(const std::vector<std::string>& columns) override {
    writer_ = from_.next();
    writer_->begin(columns);
  }
  void add(const row& r) override { writer_->add(r); }
  void end() override { writer_->end(); }

private:
  row_writer_source& from_;
  std::unique_ptr<row_writer> writer_;
};

// Skips spaces and stray semicolons: each of those would be a request.
std::size_t statement_begin(const std::string& sql, std::size_t at) {
  for (std::size_t before = std::string::npos; at != before;) {
    before = at;
    at = skip_space(sql, at);
    at += at < sql.size() && sql[at] == ';' ? 1 : 0;
  }
  return at;
}

// The end of the statement that begins at `at`. If a long script were passed as a whole, each
// statement would copy all of the remaining text, and with --connect also send it.
std::size_t statement_end(const std::string& sql, std::size_t at) {
  const auto end = statement_scanner().to_end(std::string_view(sql).substr(at));
  return end == std::string_view::npos ? sql.size() : at + end;
}

[[noreturn]] void throw_at(const dbengine::error& e, std::size_t base) {
  error_info info = e.info();
  if (info.offset)
    *info.offset += base;
  throw dbengine::error(std::move(info));
}

} // namespace

request_view session::requests(const std::stop_token& cancel) const {
  return engine_->with_timeout(no_deadline).with_cancel(cancel);
}

bool session::in_transaction() const {
  return own_ && !autocommit(*own_);
}

rows session::fetch(const std::string& sql, const params& p) const {
  return own_ ? own_->fetch(sql, p) : engine_->fetch(sql, p);
}

void session::part() {
  if (remote_)
    throw dbengine::error(
        errc::not_allowed,
        "with --connect each statement is a separate request: transactions, attached files, "
        "temporary tables, settings, changes() and last_insert_rowid() need the file itself ('dbengine script' runs a file in "
        "one transaction)");
  own_.emplace(engine_->with_timeout(no_deadline).raw_connection(read_only_));
  settings_ = false;
}

bool session::has_something_to_lose() const {
  if (settings_ || !autocommit(*own_))
    return true;
  return own_->fetch_value<std::int64_t>(
             "SELECT (SELECT count(*) FROM temp.sqlite_schema) + "
             "(SELECT count(*) FROM pragma_database_list WHERE name NOT IN ('main', 'temp'))") != 0;
}

std::size_t session::run_on_own_connection(const std::string& sql, std::size_t at,
                                           row_writer_source& writers,
                                           const std::stop_token& cancel, const observer& seen) {
  raw_statements statements(own_->native_handle(), sql, at, cancel);
  for (;;) {
    const bool outside = autocommit(*own_);
    if (!statements.run_next(writers))
      return sql.size();
    seen(statements.report());
    settings_ = settings_ || (outside && autocommit(*own_));
    if (!has_something_to_lose())
      return statements.position();
  }
}

void session::run(const std::string& sql, row_writer_source& writers, const std::stop_token& cancel,
                  const observer& seen) {
  std::size_t at = 0;
  std::size_t end = 0; // of the text that is tried as one statement
  while (at < sql.size()) {
    if (end <= at) {
      at = statement_begin(sql, at);
      if (at == sql.size())
        break;
      end = statement_end(sql, at);
    }
    if (own_) {
      try {
        at = run_on_own_connection(sql, at, writers, cancel, seen);
      } catch (...) {
        if (!has_something_to_lose())
          own_.reset();
        throw;
      }
      if (!has_something_to_lose())
        own_.reset();
      end = at;
      continue;
    }
    const std::string piece = sql.substr(at, end - at);
    deferred_writer writer(writers);
    try {
      seen(run_statement(requests(cancel), piece, {}, writer));
      at = end;
    } catch (const dbengine::error& e) {
      if (e.code() == errc::empty_statement) {
        at = end; // only a comment
        continue;
      }
      if (e.code() == errc::multiple_statements && e.offset() && *e.offset() > 0 &&
          *e.offset() < piece.size())
        end = at + *e.offset(); // SQLite reports the end of the first statement
      else if (e.code() == errc::not_allowed)
        part(); // none of it was run
      else
        throw_at(e, at);
    }
  }
}

void session::run_file(const std::string& sql, row_writer_source& writers,
                       const std::stop_token& cancel, const observer& seen) {
  if (remote_)
    return run(sql, writers, cancel, seen);
  if (!own_)
    part();
  try {
    raw_statements statements(own_->native_handle(), sql, 0, cancel);
    while (statements.run_next(writers))
      seen(statements.report());
  } catch (...) {
    if (!has_something_to_lose())
      own_.reset();
    throw;
  }
  if (!has_something_to_lose())
    own_.reset();
}

} // namespace dbengine::app::shell
