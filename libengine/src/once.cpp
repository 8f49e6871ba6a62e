// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "once.hpp"

#include "codec.hpp"
#include "error_map.hpp"

#include <sqlite3.h>

namespace dbengine::detail::once {

namespace {

// Ids older than this are forgotten: no client retries a day later.
constexpr const char* create =
    "CREATE TABLE IF NOT EXISTS dbengine_once (id TEXT PRIMARY KEY, kind INTEGER NOT NULL, result BLOB NOT NULL, "
    "at INTEGER NOT NULL DEFAULT (unixepoch())) WITHOUT ROWID";
constexpr const char* prune = "DELETE FROM dbengine_once WHERE at < unixepoch() - 86400";

struct statement {
  statement(sqlite3* db, const char* sql) : db_(db) {
    if (const int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, nullptr); rc != SQLITE_OK)
      throw error(last_error(db, rc, 0, "exactly-once record"));
  }
  ~statement() { sqlite3_finalize(stmt); }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  bool row() {
    const int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
      throw error(last_error(db_, rc, 0, "exactly-once record"));
    return rc == SQLITE_ROW;
  }
  sqlite3* db_;
  sqlite3_stmt* stmt = nullptr;
};

class as_engine {
public:
  explicit as_engine(connection& c) : connection_(&c), before_(c.who()) {
    c.set_authority(authority::engine);
  }
  ~as_engine() { connection_->set_authority(before_); }
  as_engine(const as_engine&) = delete;
  as_engine& operator=(const as_engine&) = delete;

private:
  connection* connection_;
  authority before_;
};

std::string encode_result(const request::answer& a) {
  return std::visit(
      [](const auto& x) {
        if constexpr (std::is_same_v<std::decay_t<decltype(x)>, std::monostate>)
          return std::string();
        else
          return encode(x);
      },
      a);
}

request::answer decode_result(std::size_t kind, std::string_view bytes) {
  const auto as = [bytes]<class T>(T x) {
    decode(bytes, x);
    return request::answer(std::move(x));
  };
  switch (kind) {
  case 1: return as(write_result{});
  case 2: return as(batch_result{});
  case 3: return as(rows{});
  case 4: return as(std::vector<operation_result>{});
  case 5: return as(script_result{});
  default: return {};
  }
}

} // namespace

bool recall(connection& c, request& r) {
  const as_engine e(c);
  c.engine_sql(create);
  statement s(c.handle(), "SELECT kind, result FROM dbengine_once WHERE id = ?");
  sqlite3_bind_text64(s.stmt, 1, r.id.data(), r.id.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (!s.row())
    return false;
  const auto kind = static_cast<std::size_t>(sqlite3_column_int(s.stmt, 0));
  const std::string_view bytes(static_cast<const char*>(sqlite3_column_blob(s.stmt, 1)),
                               static_cast<std::size_t>(sqlite3_column_bytes(s.stmt, 1)));
  r.result = decode_result(kind, bytes);
  return true;
}

void record(connection& c, const request& r) {
  const as_engine e(c);
  {
    statement s(c.handle(), "INSERT INTO dbengine_once (id, kind, result) VALUES (?, ?, ?)");
    const auto bytes = encode_result(r.result);
    sqlite3_bind_text64(s.stmt, 1, r.id.data(), r.id.size(), SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(s.stmt, 2, static_cast<sqlite3_int64>(r.result.index()));
    sqlite3_bind_blob64(s.stmt, 3, bytes.data(), bytes.size(), SQLITE_STATIC);
    s.row();
  }
  if (c.commits() % 256 == 0)
    c.engine_sql(prune);
}

} // namespace dbengine::detail::once
