// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/dump/dump.hpp"

#include "data/dump/dump_text.hpp"
#include "data/statements/sqlite_rows.hpp"

#include <stop_token>

#include <sqlite3.h>

namespace dbengine::app {

namespace {

// One statement of the connection. `next` steps it.
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

} // namespace

std::vector<std::string> dump(const request_view& db, output_stream& to) {
  const auto connection = db.raw_connection(true);
  sqlite3* const handle = connection.native_handle();
  const std::stop_token cancel = db.properties().cancel;
  const std::stop_callback interrupt(cancel, [handle] { sqlite3_interrupt(handle); });
  query(handle, "BEGIN").next();
  const auto contents = read_dump_contents(
      [&](const std::string& sql, const params& p) { return connection.fetch(sql, p); });
  write_dump(
      contents,
      [handle, &cancel](const dumped_rows& what, const std::function<void(const row&)>& use) {
        query q(handle, what.select());
        while (q.next()) {
          // SQLite forgets an interrupt that arrives between two statements.
          if (cancel.stop_requested())
            throw dbengine::error(errc::cancelled, "interrupted");
          use(q.current());
        }
      },
      to);
  query(handle, "COMMIT").next();
  return contents.warnings;
}

} // namespace dbengine::app
