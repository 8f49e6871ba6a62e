// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "raw_sqlite.hpp"

#include <stdexcept>

namespace dbengine::bench::raw {

connection::connection(const std::filesystem::path& file, bool nomutex) {
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | (nomutex ? SQLITE_OPEN_NOMUTEX : 0);
  if (sqlite3_open_v2(file.c_str(), &db_, flags, nullptr) != SQLITE_OK) {
    const std::string why = sqlite3_errmsg(db_);
    sqlite3_close(db_);
    throw std::runtime_error("raw: cannot open " + file.string() + ": " + why);
  }
  sqlite3_busy_timeout(db_, 30'000);
}

connection::~connection() {
  sqlite3_close_v2(db_);
}

void connection::run(const std::string& sql) {
  if (sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    fail(sql.c_str());
}

void connection::fail(const char* what) const {
  throw std::runtime_error(std::string("raw: ") + what + ": " + sqlite3_errmsg(db_));
}

statement::statement(connection& c, const char* sql) : connection_(c) {
  if (sqlite3_prepare_v3(c.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt_, nullptr) != SQLITE_OK)
    c.fail(sql);
}

statement::~statement() {
  sqlite3_finalize(stmt_);
}

void statement::run(const person& p) {
  sqlite3_bind_text(stmt_, 1, p.name.data(), static_cast<int>(p.name.size()), SQLITE_STATIC);
  sqlite3_bind_text(stmt_, 2, p.email.data(), static_cast<int>(p.email.size()), SQLITE_STATIC);
  sqlite3_bind_double(stmt_, 3, p.score);
  finish_write();
}

void statement::run() {
  finish_write();
}

void statement::finish_write() {
  const int rc = sqlite3_step(stmt_);
  if (rc != SQLITE_DONE && rc != SQLITE_ROW)
    connection_.fail(sqlite3_sql(stmt_));
  sqlite3_reset(stmt_);
}

owned_rows statement::fetch() {
  owned_rows result;
  int rc = sqlite3_step(stmt_);
  const int width = sqlite3_column_count(stmt_);
  result.width = static_cast<std::size_t>(width);
  for (; rc == SQLITE_ROW; rc = sqlite3_step(stmt_)) {
    if (result.cells.empty())
      result.cells.reserve(result.width);
    for (int i = 0; i < width; ++i) {
      const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(stmt_, i)); };
      switch (sqlite3_column_type(stmt_, i)) {
      case SQLITE_INTEGER: result.cells.emplace_back(sqlite3_column_int64(stmt_, i)); break;
      case SQLITE_FLOAT: result.cells.emplace_back(sqlite3_column_double(stmt_, i)); break;
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(stmt_, i));
        result.cells.emplace_back(std::in_place_type<std::string>, text, size());
        break;
      }
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(stmt_, i));
        result.cells.emplace_back(std::vector<std::byte>(bytes, bytes + size()));
        break;
      }
      default: result.cells.emplace_back(); break;
      }
    }
  }
  if (rc != SQLITE_DONE)
    connection_.fail(sqlite3_sql(stmt_));
  sqlite3_reset(stmt_);
  return result;
}

} // namespace dbengine::bench::raw
