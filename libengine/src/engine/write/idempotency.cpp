// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/write/idempotency.hpp"

#include "base/codec.hpp"
#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/sha256.hpp"
#include "sqlite/id_clock.hpp"

#include <sqlite3.h>

#include <algorithm>

namespace dbengine::engine::idempotency {

namespace {

// `at` is the system's time, for human readers only: that clock may jump.
constexpr const char* create_table =
    "CREATE TABLE IF NOT EXISTS dbengine_once (id TEXT PRIMARY KEY, kind INTEGER NOT NULL, result BLOB NOT NULL, "
    "at INTEGER NOT NULL DEFAULT (unixepoch()), request BLOB, engine_time INTEGER NOT NULL DEFAULT 0) "
    "WITHOUT ROWID";
constexpr const char* create_index =
    "CREATE INDEX IF NOT EXISTS dbengine_once_engine_time ON dbengine_once (engine_time)";
// Tables of earlier versions have no digests, or no engine time. Those versions accept tables that
// have them.
constexpr const char* add_digests = "ALTER TABLE dbengine_once ADD COLUMN request BLOB";
constexpr const char* add_engine_time =
    "ALTER TABLE dbengine_once ADD COLUMN engine_time INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX IF EXISTS dbengine_once_at";
constexpr const char* newest = "SELECT max(engine_time) FROM dbengine_once";
// The age of an earlier version's records counts from now on.
constexpr const char* date_undated =
    "UPDATE dbengine_once SET engine_time = ? WHERE engine_time = 0";
// Records older than a day of engine time are removed: no client retries then. The newest 10,000
// are always kept.
constexpr const char* prune =
    "DELETE FROM dbengine_once WHERE id IN (SELECT id FROM dbengine_once "
    "WHERE engine_time < ? - 86400 AND engine_time < (SELECT engine_time FROM dbengine_once "
    "ORDER BY engine_time DESC LIMIT 1 OFFSET 9999) ORDER BY engine_time LIMIT 1000)";
constexpr int pruned_at_once = 1000; // takes some milliseconds

struct statement {
  statement(sqlite3* db, const char* sql) : db_(db) {
    if (const int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, nullptr); rc != SQLITE_OK)
      throw error(base::last_error(db, rc, 0, "exactly-once record"));
  }
  ~statement() { sqlite3_finalize(stmt); }
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  bool row() {
    const int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
      throw error(base::last_error(db_, rc, 0, "exactly-once record"));
    return rc == SQLITE_ROW;
  }
  std::string_view bytes(int column) const {
    return {static_cast<const char*>(sqlite3_column_blob(stmt, column)),
            static_cast<std::size_t>(sqlite3_column_bytes(stmt, column))};
  }
  sqlite3* db_;
  sqlite3_stmt* stmt = nullptr;
};

class as_engine {
public:
  explicit as_engine(sqlite::connection& c) : connection_(&c), before_(c.auth().acting_as) {
    c.auth().acting_as = sqlite::authority::engine;
  }
  ~as_engine() { connection_->auth().acting_as = before_; }
  as_engine(const as_engine&) = delete;
  as_engine& operator=(const as_engine&) = delete;

private:
  sqlite::connection* connection_;
  sqlite::authority before_;
};

std::string encode_result(const request::answer& a) {
  return std::visit(
      [](const auto& x) {
        if constexpr (std::is_same_v<std::decay_t<decltype(x)>, std::monostate>)
          return std::string();
        else
          return base::encode(x);
      },
      a);
}

request::answer decode_result(std::size_t kind, std::string_view bytes) {
  const auto as = [bytes]<class T>(T x) {
    base::decode(bytes, x);
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

// The alternative of `request::answer` for a request of this kind.
std::size_t kind_of(const request& r) {
  switch (r.what) {
  case request::kind::execute: return 1;
  case request::kind::batch: return 2;
  case request::kind::fetch: return 3;
  case request::kind::transaction: return 4;
  case request::kind::script: return 5;
  default: return 0;
  }
}

bool has_column(sqlite::connection& c, const char* name) {
  return sqlite3_table_column_metadata(c.handle(), "main", "dbengine_once", name, nullptr, nullptr,
                                       nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::int64_t engine_time(sqlite::connection& c) {
  return c.where().ids->now([&c] {
    const auto last = std::max<std::int64_t>(c.own_sql().integer(newest), 0);
    statement s(c.handle(), date_undated);
    sqlite3_bind_int64(s.stmt, 1, last + 1);
    s.row();
    return last;
  });
}

// SHA-256 of the statement and its parameters. The deadline and the class may differ between
// attempts.
std::string digest_of(const request& r) {
  base::sha256 hash;
  hash.add(base::encode(r.what, r.sql, r.parameters, r.operations));
  // Encoded set by set: together the sets may be large.
  for (const auto& set : r.batch())
    hash.add(base::encode(set));
  return hash.finish();
}

} // namespace

bool lookup(sqlite::connection& c, request& r) {
  if (DBENGINE_MUTANT("forgets an id"))
    return false;
  const as_engine e(c);
  c.own_sql().run(create_table);
  if (!has_column(c, "request"))
    c.own_sql().run(add_digests);
  if (!has_column(c, "engine_time"))
    c.own_sql().run(add_engine_time);
  c.own_sql().run(create_index);
  statement s(c.handle(), "SELECT kind, result, request FROM dbengine_once WHERE id = ?");
  sqlite3_bind_text64(s.stmt, 1, r.id.data(), r.id.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (!s.row())
    return false;
  const auto kind = static_cast<std::size_t>(sqlite3_column_int(s.stmt, 0));
  if (kind != kind_of(r))
    throw error(errc::invalid_state,
                "the id \"" + r.id + "\" belongs to another kind of request, which was executed");
  if (sqlite3_column_type(s.stmt, 2) != SQLITE_NULL && s.bytes(2) != digest_of(r))
    throw error(errc::invalid_state,
                "the id \"" + r.id +
                    "\" was used before, for another statement or with other parameters, and that "
                    "was executed: a new request needs a new id");
  r.result = decode_result(kind, s.bytes(1));
  return true;
}

void store(sqlite::connection& c, const request& r) {
  if (DBENGINE_MUTANT("forgets an id"))
    return;
  const as_engine e(c);
  const auto time = engine_time(c);
  {
    statement s(c.handle(), "INSERT INTO dbengine_once (id, kind, result, request, engine_time) "
                            "VALUES (?, ?, ?, ?, ?)");
    const auto bytes = encode_result(r.result);
    const auto digest = digest_of(r);
    sqlite3_bind_text64(s.stmt, 1, r.id.data(), r.id.size(), SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_int64(s.stmt, 2, static_cast<sqlite3_int64>(r.result.index()));
    sqlite3_bind_blob64(s.stmt, 3, bytes.data(), bytes.size(), SQLITE_STATIC);
    sqlite3_bind_blob64(s.stmt, 4, digest.data(), digest.size(), SQLITE_STATIC);
    sqlite3_bind_int64(s.stmt, 5, time);
    s.row();
  }
  // Once a minute, or with the next request if more records are left.
  if (const auto now = sqlite::clock::now(); now >= c.next_prune) {
    statement s(c.handle(), prune);
    sqlite3_bind_int64(s.stmt, 1, time);
    s.row();
    if (sqlite3_changes(c.handle()) < pruned_at_once)
      c.next_prune = now + std::chrono::minutes(1);
  }
}

error_info refused(const char* what) {
  return {.code = errc::invalid_option,
          .message = std::string(what) +
                     " takes no id: only execute, fetch, execute_many, execute_transaction and a "
                     "script that is all or nothing are recorded and done once"};
}

} // namespace dbengine::engine::idempotency
