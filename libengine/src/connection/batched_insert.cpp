// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/batched_insert.hpp"

#include "connection/statistics_change.hpp"
#include "sqlite/binder.hpp"
#include "sqlite/sql_text.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace dbengine::sqlite {

namespace {

// More rows gain nothing more. More values occupy memory for as long as the statement is cached.
constexpr std::size_t max_rows = 32;
constexpr std::size_t min_rows = 4;
constexpr std::size_t max_values = 1'024;
// The number of runs between two checks of the request.
constexpr int runs_between_checks = 32;

int reprepares(const prepared& p) noexcept {
  return sqlite3_stmt_status(p.stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
}

void throw_if_stopped_between_sets(request_control& c) {
  if (c.deadline.must_stop())
    throw error({.code = c.deadline.stop_reason(), .message = "stopped between two sets"});
}

error_info at_set(error_info info, std::size_t index) {
  info.index = index;
  info.outcome = outcome::rolled_back;
  return info;
}

} // namespace

// The table must not show whether its rows come from one statement or from many. So it has no
// clause that keeps a part of a failed statement, no calculated default, and no module with its own
// inserts.
bool connection::batched_insert::is_plain_table(const std::string& name) noexcept {
  static constexpr const char* question =
      "SELECT 1 FROM main.sqlite_schema AS s WHERE s.type = 'table' AND s.name = ?1 COLLATE NOCASE "
      "AND s.sql LIKE 'CREATE TABLE%' AND s.sql NOT LIKE '%CONFLICT%' AND NOT EXISTS "
      "(SELECT 1 FROM pragma_table_xinfo(s.name) WHERE dflt_value LIKE '%(%')";
  const engine_rights own(connection_->auth_);
  sqlite3_stmt* s = nullptr;
  const bool plain = sqlite3_prepare_v2(connection_->db_, question, -1, &s, nullptr) == SQLITE_OK &&
                     sqlite3_bind_text64(s, 1, name.data(), name.size(), SQLITE_STATIC,
                                         SQLITE_UTF8) == SQLITE_OK &&
                     sqlite3_step(s) == SQLITE_ROW;
  sqlite3_finalize(s);
  return plain;
}

// The statement with the maximum number of rows; null if it must run row by row.
prepared* connection::batched_insert::multi_row_variant() {
  auto& c = *connection_;
  auto& p = *statement_;
  if (p.multi_row_version == c.schema_.number())
    return p.multi_row.get();
  p.multi_row_version = c.schema_.number();
  p.multi_row.reset();
  if (!p.inserts || !p.dml_only || p.uses_last_rowid || p.column_count != 0 ||
      p.parameter_count == 0)
    return nullptr;
  const auto row = parse_single_row_values(p.sql);
  if (row.empty())
    return nullptr;
  const auto values = static_cast<std::size_t>(p.parameter_count);
  const auto limit =
      static_cast<std::size_t>(sqlite3_limit(c.db_, SQLITE_LIMIT_VARIABLE_NUMBER, -1));
  const auto rows = std::min(max_rows, std::min(max_values, limit) / values);
  if (rows < min_rows)
    return nullptr;
  auto text = p.sql.substr(0, static_cast<std::size_t>(row.data() - p.sql.data()) + row.size());
  for (std::size_t i = 1; i < rows; ++i)
    text.append(",").append(row);
  try {
    auto many = c.compiler_.compile(text, nullptr);
    const auto& table = c.auth_.only_inserts_into();
    if (!many || table.empty() ||
        static_cast<std::size_t>(many->parameter_count) != rows * values || !is_plain_table(table))
      return nullptr;
    many->row_count = rows;
    p.multi_row = std::move(many);
  } catch (const error&) { // for example, the text is too long
  }
  return p.multi_row.get();
}

// Within the savepoint. False if a run failed or another process changed the schema.
bool connection::batched_insert::run_all(prepared& many, std::span<const params> sets,
                                         batch_result& done, request_control& c) {
  auto& db = *connection_;
  const int reprepares_before = reprepares(many);
  binder b(db.db_, many);
  for (int turn = 1; sets.size() - done.sets >= many.row_count; ++turn) {
    if (turn % runs_between_checks == 0)
      throw_if_stopped_between_sets(c);
    const bool bound = b.bind_rows(sets.subspan(done.sets, many.row_count));
    const int rc = bound ? db.step(many.stmt) : SQLITE_MISUSE;
    const bool other_schema = reprepares(many) != reprepares_before;
    if (rc != SQLITE_DONE || other_schema) {
      if (rc != SQLITE_DONE && bound &&
          (c.deadline.stop_reason() != errc::none || !db.transaction().is_open()))
        db.throw_failure(rc, c, nullptr);
      if (other_schema)
        statement_->multi_row_version.reset();
      return false;
    }
    done.changes += sqlite3_changes64(db.db_);
    done.sets += many.row_count;
    sqlite3_reset(many.stmt);
  }
  return true;
}

void connection::batched_insert::run(std::span<const params> sets, batch_result& result,
                                     request_control& c) {
  auto& db = *connection_;
  if (sets.size() < min_rows || !db.transaction().is_open())
    return;
  auto* many = multi_row_variant();
  if (many == nullptr || sets.size() < many->row_count)
    return;
  batch_result done;
  db.transaction().savepoint();
  try {
    if (!run_all(*many, sets, done, c)) {
      sqlite3_reset(many->stmt);
      db.transaction().rollback_to_savepoint();
      if (!db.transaction().is_open())
        throw error(errc::io, "the rows could not be undone without the whole transaction");
      return;
    }
    db.transaction().release_savepoint();
  } catch (const error& e) {
    sqlite3_reset(many->stmt);
    db.transaction().rollback_to_savepoint();
    throw error(at_set(e.info(), done.sets));
  }
  result.sets = done.sets;
  result.changes = done.changes;
}

batch_result connection::execute_many(std::string_view sql, std::span<const params> sets,
                                      request_control& c) {
  batch_result result;
  if (sets.empty())
    return result;
  const request_scope r(*this, c);
  const statement_use p(cache_, prepare(sql));
  check_may_run(*p);
  const auto start = clock::now();
  statistics_change statistics(*this, *p, c);
  prepare_snapshot(*p);
  batched_insert(*this, *p).run(sets, result, c);
  binder b(db_, *p);
  // SQLite's count of changes belongs to the last run of this statement only if the statement
  // changes rows. Otherwise the count is an earlier statement's.
  const bool counts = p->dml_only && p->writes;
  for (const auto& set : sets.subspan(result.sets)) {
    try {
      if (result.sets % 1024 == 1023)
        throw_if_stopped_between_sets(c);
      if (result.sets + 4 < sets.size()) // the sets are larger than the first cache
        __builtin_prefetch(sets[result.sets + 4].values().data());
      b.bind(set);
      const auto before = counts ? 0 : sqlite3_total_changes64(db_);
      int rc = SQLITE_ROW;
      while (rc == SQLITE_ROW)
        rc = step(p->stmt);
      if (rc != SQLITE_DONE)
        throw_failure(rc, c, &*p);
      if (counts || sqlite3_total_changes64(db_) != before)
        result.changes += sqlite3_changes64(db_);
      sqlite3_reset(p->stmt);
    } catch (const error& e) {
      throw error(at_set(e.info(), result.sets));
    }
    ++result.sets;
  }
  statistics.keep(c);
  result.elapsed = clock::now() - start;
  return result;
}

} // namespace dbengine::sqlite
