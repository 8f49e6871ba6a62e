// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One statement with many sets of parameters. A plain insert runs with up to 32 rows at once: half of what SQLite does for a row
// (starting and ending a statement, opening table and indices) is then done once for all of them.

#include "connection/connection.hpp"

#include "base/error_map.hpp"
#include "connection/statement_use.hpp"
#include "connection/statistics_change.hpp"
#include "sqlite/bind.hpp"
#include "sqlite/sql_text.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace dbengine::sqlite {

namespace {

// More rows gain nothing more; more values take memory for as long as the statement is cached.
constexpr std::size_t most_rows = 32;
constexpr std::size_t least_rows = 4;
constexpr std::size_t most_values = 1'024;

error_info stopped_between(const request_control& c) {
  return {.code = c.deadline.stop_reason(), .message = "stopped between two sets"};
}

} // namespace

// Nothing in its table may tell whether its rows come by one statement or by many: a clause that keeps a part of a failed
// statement, a default that is calculated, a module's own way to insert.
bool connection::is_plain_table(const std::string& name) noexcept {
  static constexpr const char* question =
      "SELECT 1 FROM main.sqlite_schema AS s WHERE s.type = 'table' AND s.name = ?1 COLLATE NOCASE "
      "AND s.sql LIKE 'CREATE TABLE%' AND s.sql NOT LIKE '%CONFLICT%' AND NOT EXISTS "
      "(SELECT 1 FROM pragma_table_xinfo(s.name) WHERE dflt_value LIKE '%(%')";
  const auto before = std::exchange(auth_.acting_as, authority::engine);
  sqlite3_stmt* s = nullptr;
  const bool plain = sqlite3_prepare_v2(db_, question, -1, &s, nullptr) == SQLITE_OK &&
                     sqlite3_bind_text64(s, 1, name.data(), name.size(), SQLITE_STATIC,
                                         SQLITE_UTF8) == SQLITE_OK &&
                     sqlite3_step(s) == SQLITE_ROW;
  sqlite3_finalize(s);
  auth_.acting_as = before;
  return plain;
}

prepared* connection::multi_row_variant(prepared& p) {
  if (p.multi_row_version == schema_)
    return p.multi_row.get();
  p.multi_row_version = schema_;
  p.multi_row.reset();
  if (!p.inserts || !p.dml_only || p.uses_last_rowid || p.column_count != 0 ||
      p.parameter_count == 0)
    return nullptr;
  const auto row = parse_single_row_values(p.sql);
  if (row.empty())
    return nullptr;
  const auto values = static_cast<std::size_t>(p.parameter_count);
  const auto limit = static_cast<std::size_t>(sqlite3_limit(db_, SQLITE_LIMIT_VARIABLE_NUMBER, -1));
  const auto rows = std::min(most_rows, std::min(most_values, limit) / values);
  if (rows < least_rows)
    return nullptr;
  auto text = p.sql.substr(0, static_cast<std::size_t>(row.data() - p.sql.data()) + row.size());
  for (std::size_t i = 1; i < rows; ++i)
    text.append(",").append(row);
  try {
    auto many = compile(text, nullptr, 0);
    const auto& table = auth_.only_inserts_into();
    if (!many || table.empty() ||
        static_cast<std::size_t>(many->parameter_count) != rows * values || !is_plain_table(table))
      return nullptr;
    many->row_count = rows;
    p.multi_row = std::move(many);
  } catch (const error&) { // e.g. too long a text
  }
  return p.multi_row.get();
}

// As many sets as whole statements take, from the first on. Where one of them fails, all of them are undone and `result` says that none
// ran: one by one tells which set it is, and why.
void connection::insert_batched(prepared& p, std::span<const params> sets, batch_result& result,
                                request_control& c) {
  if (sets.size() < least_rows || !in_transaction())
    return;
  auto* many = multi_row_variant(p);
  if (many == nullptr || sets.size() < many->row_count)
    return;
  const auto prepares = [many] {
    return sqlite3_stmt_status(many->stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
  };
  const auto prepares_before = prepares();
  binder b(db_, *many);
  batch_result done;
  savepoint();
  try {
    for (int turn = 1; sets.size() - done.sets >= many->row_count; ++turn) {
      if (turn % 32 == 0 && c.deadline.must_stop())
        throw error(stopped_between(c));
      const bool bound = b.bind_rows(sets.subspan(done.sets, many->row_count));
      const int rc = bound ? step(many->stmt) : SQLITE_MISUSE;
      const bool other_schema = prepares() != prepares_before; // of another process
      if (rc != SQLITE_DONE || other_schema) {
        if (rc != SQLITE_DONE && bound &&
            (c.deadline.stop_reason() != errc::none || !in_transaction()))
          fail(rc, c, nullptr);
        if (other_schema)
          p.multi_row_version.reset();
        sqlite3_reset(many->stmt);
        rollback_to_savepoint();
        if (!in_transaction())
          throw error(errc::io, "the rows could not be undone without the whole transaction");
        return;
      }
      done.changes += sqlite3_changes64(db_);
      done.sets += many->row_count;
      sqlite3_reset(many->stmt);
    }
    release_savepoint();
  } catch (const error& e) {
    sqlite3_reset(many->stmt);
    rollback_to_savepoint();
    auto info = e.info();
    info.index = done.sets;
    info.outcome = outcome::rolled_back;
    throw error(std::move(info));
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
  const statement_use p(*this, prepare(sql));
  if (belongs_to_writer(*p))
    throw needs_writer{};
  const auto start = clock::now();
  statistics_change statistics(*this, *p, c);
  prepare_snapshot(*p);
  insert_batched(*p, sets, result, c);
  binder b(db_, *p);
  // Of a statement that changes rows SQLite tells how many those of its last run were; of another it tells of somebody else's.
  const bool tells = p->dml_only && p->writes;
  for (const auto& set : sets.subspan(result.sets)) {
    try {
      if (result.sets % 1024 == 1023 && c.deadline.must_stop())
        throw error(stopped_between(c));
      if (result.sets + 4 < sets.size()) // a bulk is larger than the first cache
        __builtin_prefetch(sets[result.sets + 4].values().data());
      b.bind(set);
      const auto before = tells ? 0 : sqlite3_total_changes64(db_);
      int rc = SQLITE_ROW;
      while (rc == SQLITE_ROW)
        rc = step(p->stmt);
      if (rc != SQLITE_DONE)
        fail(rc, c, &*p);
      if (tells || sqlite3_total_changes64(db_) != before)
        result.changes += sqlite3_changes64(db_);
      sqlite3_reset(p->stmt);
    } catch (const error& e) {
      auto info = e.info();
      info.index = result.sets;
      info.outcome = outcome::rolled_back;
      throw error(std::move(info));
    }
    ++result.sets;
  }
  statistics.keep(c);
  result.elapsed = clock::now() - start;
  return result;
}

} // namespace dbengine::sqlite
