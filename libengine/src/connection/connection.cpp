// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/connection.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "connection/inserted_rowid.hpp"
#include "connection/statement_use.hpp"
#include "connection/statistics_change.hpp"
#include "sqlite/bind.hpp"
#include "sqlite/sql_text.hpp"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace dbengine::sqlite {

// -- running --------------------------------------------------------------------------------------

// Before a statement of the writer: in a transaction of the engine's own kind its snapshot is renewed, for a statement that
// must not meet a pending one it is given up.
void connection::prepare_snapshot(prepared& p) {
  if (role_ != role::writer)
    return; // what it reads is looked at afterwards
  throw_if_fenced(outcome::not_run);
  if (!p.dml_only) {
    drop_snapshot();
    ++schema_;
    schema_touched_ = true;
  } else {
    if (auth_.acting_as == authority::writer && !in_transaction())
      refresh_snapshot();
    if (p.schema_version != schema_)
      refresh_facts(p);
  }
  DBENGINE_FAULT_POINT("writer.snapshot_renewed");
}

// Only a snapshot of the engine's own between two statements; a caller's transaction stays as it is.
void connection::drop_stale_snapshot() noexcept {
  if (auth_.acting_as == authority::reader ||
      (auth_.acting_as == authority::writer && !in_transaction()))
    drop_snapshot();
}

// Where the snapshot is open, SQLite answers "busy" at once when another process writes or has written: without it, it waits.
int connection::first_step(prepared& p) noexcept {
  if (current_ != nullptr && !in_transaction())
    current_->commit.begin_attempt(); // of the statement before this one
  int rc = step(p.stmt);
  // The schema changed under SQLite's own tries: once more, on a snapshot that begins now.
  for (int tries = 0; tries < 3 && (rc & 0xff) == SQLITE_SCHEMA; ++tries) {
    sqlite3_reset(p.stmt);
    drop_stale_snapshot();
    rc = step(p.stmt);
  }
  if ((rc & 0xff) != SQLITE_BUSY || role_ != role::writer || !snapshot_open_ || in_transaction())
    return rc;
  sqlite3_reset(p.stmt);
  drop_snapshot();
  return step(p.stmt);
}

int connection::step(sqlite3_stmt* s) noexcept {
  stepping_ = s;
  const int rc = sqlite3_step(s);
  stepping_ = nullptr;
  if (collations_ == nullptr || !collations_->has_failed()) [[likely]]
    return rc;
  // It ran by a wrong order: what it read is not to be used, what it wrote must go, and with it the transaction that holds it.
  sqlite3_reset(s);
  if (role_ == role::writer)
    rollback();
  return SQLITE_ERROR;
}

namespace {

struct beyond_bytes {};

// By `sqlite3_column_value`, because each `sqlite3_column_…` looks at the connection's lock and error state anew.
void append(detail::arena& a, sqlite3_stmt* s, int columns, std::size_t most_bytes) {
  const auto first = a.cells.size();
  most_bytes = std::min(most_bytes, a.bytes.size() + defaults::max_row_bytes);
  a.cells.resize(first + static_cast<std::size_t>(columns));
  auto* cell = a.cells.data() + first;
  for (int i = 0; i < columns; ++i, ++cell) {
    auto* v = sqlite3_column_value(s, i);
    const int type = sqlite3_value_type(v);
    switch (type) {
    case SQLITE_INTEGER:
      cell->type = value_type::integer;
      cell->integer = sqlite3_value_int64(v);
      break;
    case SQLITE_FLOAT:
      cell->type = value_type::real;
      cell->real = sqlite3_value_double(v);
      break;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
      const bool text = type == SQLITE_TEXT;
      // Before it is asked for: a `zeroblob` is a number until then.
      const auto size = static_cast<std::size_t>(sqlite3_value_bytes(v));
      if (a.bytes.size() + size > most_bytes)
        throw beyond_bytes{};
      const void* bytes =
          text ? static_cast<const void*>(sqlite3_value_text(v)) : sqlite3_value_blob(v);
      if (bytes == nullptr && size != 0)
        throw error(errc::too_big,
                    "out of memory for a value of " + std::to_string(size) + " bytes");
      cell->type = text ? value_type::text : value_type::blob;
      cell->offset = a.bytes.size();
      cell->size = static_cast<std::uint32_t>(size);
      if (size != 0)
        a.bytes.append(static_cast<const char*>(bytes), size);
      break;
    }
    default: cell->type = value_type::null;
    }
  }
  ++a.row_count;
}

// Room for a result as large as the statement's last one, so that the usual small result is made of few allocations.
void make_room(detail::arena& a, const prepared& p) {
  constexpr std::size_t most = 4096;
  a.cells.reserve(std::min(p.last_cells, most / sizeof(detail::cell)));
  a.bytes.reserve(std::min(p.last_text, most));
}

} // namespace

rows connection::collect(prepared& p, std::size_t batch, bool& done, request_control& c) {
  auto result = std::make_shared<detail::arena>();
  constexpr auto none = std::numeric_limits<std::size_t>::max();
  const auto max_rows = batch == 0 ? options_->max_rows : 0; // a cursor is for results of any size
  const auto max_bytes = std::min(
      options_->max_result_bytes != 0 ? options_->max_result_bytes : none, c.results.remaining());
  const auto batch_bytes = batch != 0 ? defaults::cursor_batch_bytes : none;
  const auto too_big = [&p](std::string what) {
    error_info info{.code = errc::too_big, .message = std::move(what)};
    info.outcome = p.read_only ? outcome::not_run : outcome::rolled_back;
    return error(std::move(info));
  };
  done = false;
  bool first = true;
  while (batch == 0 || (result->row_count < batch && result->memory() < batch_bytes)) {
    const int rc = first ? first_step(p) : step(p.stmt);
    first = false;
    if (rc == SQLITE_ROW) {
      if (!result->columns) {
        refresh_columns(p);
        result->columns = p.columns;
        make_room(*result, p);
      }
      try {
        append(*result, p.stmt, p.column_count, max_bytes);
        if (result->memory() > max_bytes)
          throw beyond_bytes{};
      } catch (const beyond_bytes&) {
        throw too_big(result->memory() > max_bytes ||
                              max_bytes - result->memory() < defaults::max_row_bytes
                          ? "the result has more than " + std::to_string(max_bytes) +
                                " bytes (max_result_bytes)"
                          : "a row of the result has more than " +
                                std::to_string(defaults::max_row_bytes) + " bytes");
      } catch (const std::bad_alloc&) {
        throw too_big("out of memory for a result of " + std::to_string(result->row_count) +
                      " rows and more");
      }
      if (max_rows != 0 && result->row_count > max_rows)
        throw too_big("the result has more than " + std::to_string(max_rows) + " rows (max_rows)");
      continue;
    }
    if (rc != SQLITE_DONE)
      fail(rc, c, &p);
    done = true;
    break;
  }
  if (is_truncated()) [[unlikely]]
    throw_if_fenced(outcome_when_truncated(&p, c, false));
  if (!result->columns) {
    refresh_columns(p);
    result->columns = p.columns;
  }
  p.last_cells = result->cells.size();
  p.last_text = result->bytes.size();
  c.results.charge(sizeof(detail::arena) + result->memory());
  return rows(std::move(result));
}

rows connection::fetch(std::string_view sql, const params_view& v, request_control& c) {
  const request_scope r(*this, c);
  const statement_use p(*this, prepare(sql));
  if (belongs_to_writer(*p))
    throw needs_writer{};
  forbid_change_counts(*p);
  binder(db_, *p).bind(v);
  statistics_change statistics(*this, *p, c);
  prepare_snapshot(*p);
  auto result = p->read_only ? collect_all(*p, c) : collect_or_undo(*p, c);
  record_cost(*p, result.memory(), c);
  statistics.keep(c);
  return result;
}

write_result connection::execute(std::string_view sql, const params_view& v, request_control& c) {
  const request_scope r(*this, c);
  const statement_use p(*this, prepare(sql));
  if (belongs_to_writer(*p))
    throw needs_writer{};
  forbid_change_counts(*p);
  binder(db_, *p).bind(v);
  statistics_change statistics(*this, *p, c);
  prepare_snapshot(*p);
  const inserted_rowid rowid(db_, *rowid_mark_, *p);
  save_change_count();
  const auto start = clock::now();
  int rc = first_step(*p);
  while (rc == SQLITE_ROW)
    rc = step(p->stmt);
  if (rc != SQLITE_DONE)
    fail(rc, c, &*p);
  if (is_truncated()) [[unlikely]]
    throw_if_fenced(outcome_when_truncated(&*p, c, false));
  write_result result;
  result.elapsed = clock::now() - start;
  if (!p->is_ddl && sqlite3_total_changes64(db_) != changes_before_) {
    result.changes = sqlite3_changes64(db_);
    result.last_insert_rowid = rowid.get();
  }
  statistics.keep(c);
  return result;
}

script_step connection::script_statement(std::string_view sql, std::size_t& consumed,
                                         request_control& c) {
  const request_scope r(*this, c);
  script_step step;
  auto compiled = compile(sql, &consumed, 0, true);
  if (!compiled)
    return step;
  step.size = consumed;
  const auto own = std::move(compiled); // finalised here: a script's statements run once
  const inserted_rowid rowid(db_, *rowid_mark_, *own);
  const auto start = clock::now();
  if (own->needs_writer)
    throw needs_writer{};
  binder(db_, *own).bind(params_view{});
  statistics_change statistics(*this, *own, c);
  prepare_snapshot(*own);
  auto result = collect_or_undo(*own, c);
  step.written.elapsed = clock::now() - start;
  // Of a step that only reads SQLite would tell what another statement changed.
  if (!own->read_only && !own->is_ddl && sqlite3_total_changes64(db_) != changes_before_) {
    step.written.changes = sqlite3_changes64(db_);
    step.written.last_insert_rowid = rowid.get();
  }
  statistics.keep(c);
  if (own->column_count > 0)
    step.result = std::move(result);
  return step;
}

// -- cursor ---------------------------------------------------------------------------------------

namespace {

constexpr const char* cursor_reads =
    "a cursor reads; use execute or fetch for a statement that writes";

} // namespace

connection::cursor::cursor(connection& c, std::string_view sql, const params_view& p,
                           request_control& ctl)
    : connection_(&c), statement_(nullptr) {
  const request_scope r(c, ctl);
  auto* found = c.prepare(sql);
  if (found->needs_writer || !found->read_only)
    throw error(errc::not_allowed, cursor_reads);
  c.forbid_change_counts(*found);
  values_ = p.owned();
  binder(c.db_, *found).bind(values_);
  found->in_use = true;
  statement_ = found;
}

connection::cursor::~cursor() {
  if (statement_ != nullptr)
    connection_->cache_.release(statement_);
}

rows connection::cursor::next(std::size_t batch, request_control& ctl) {
  if (failed_) // an empty batch would say that all rows were given
    throw error(errc::invalid_state, "the cursor has failed and gives no more rows");
  if (done_) {
    auto empty = std::make_shared<detail::arena>();
    empty->columns = statement_->columns;
    return rows(std::move(empty));
  }
  const request_scope r(*connection_, ctl);
  try {
    return connection_->collect(*statement_, std::max<std::size_t>(batch, 1), done_, ctl);
  } catch (const needs_writer&) {
    failed_ = true;
    throw error(errc::not_allowed, cursor_reads);
  } catch (...) {
    failed_ = true; // a statement that failed starts from its beginning when stepped again
    throw;
  }
}

// -- handlers -------------------------------------------------------------------------------------

int connection::on_progress(void* self) {
  const auto& c = *static_cast<connection*>(self);
  if (c.collations_ && c.collations_->has_failed())
    return 1;
  // SQLite asks once more after a statement has come to its end (sqlite3.c, "vdbe_return"): to stop then would turn what is
  // done into an error, and undo nothing.
  const bool ended = c.stepping_ != nullptr && sqlite3_stmt_busy(c.stepping_) == 0 &&
                     !DBENGINE_MUTANT("stops what has ended");
  if (c.current_ == nullptr || ended || c.current_->commit.has_begun())
    return 0;
  if (c.current_->deadline.must_stop())
    return 1;
  c.current_->deadline.yield_if_shared();
  return 0;
}

int connection::on_busy(void* self, int count) {
  auto& c = *static_cast<connection*>(self);
  const auto now = clock::now();
  if (count == 0 && !c.opening_)
    c.busy_since_ = now;
  if ((c.current_ != nullptr && c.current_->deadline.must_stop()) || c.fence_reason() != nullptr)
    return 0;
  if (now - c.busy_since_ >= std::min(c.options_->busy_timeout, longest_wait))
    return 0;
  // 1, 2, 4 … at most 10 ms, so that a deadline is seen well within its 50 ms.
  sqlite3_sleep(std::min(1 << std::min(count, 4), 10));
  return 1;
}

int connection::on_commit(void* self) {
  auto& c = *static_cast<connection*>(self);
  if (c.refuses_commits_ || c.fence_reason() != nullptr ||
      (c.collations_ && c.collations_->forbids_commit()))
    return 1;
  return c.current_ != nullptr && !c.current_->commit.try_begin() ? 1 : 0;
}

int connection::on_wal(void* self, sqlite3*, const char*, int pages) {
  auto& c = *static_cast<connection*>(self);
  c.wal_pages_ = pages;
  if (c.snapshot_open_) { // it moves on with the connection's own commit
    const auto now = c.index_.read();
    c.header_ = wal_index::follows(now, c.header_, pages) ? now : wal_index::header{};
  }
  c.commits_.fetch_add(1, std::memory_order_release);
  return SQLITE_OK;
}

} // namespace dbengine::sqlite
