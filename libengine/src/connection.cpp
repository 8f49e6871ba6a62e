// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection.hpp"

#include "bind.hpp"
#include "error_map.hpp"
#include "sql_text.hpp"

#include <SQLiteCpp/Database.h>
#include <sqlite3.h>

#include <algorithm>

namespace dbengine::detail {

// A statement in use; reset when the use ends, however it ends.
class connection::use {
public:
  use(connection& c, prepared* p) noexcept : cache_(&c.cache_), p_(p) { p->in_use = true; }
  ~use() { cache_->release(p_); }
  use(const use&) = delete;
  use& operator=(const use&) = delete;
  prepared& operator*() const noexcept { return *p_; }
  prepared* operator->() const noexcept { return p_; }

private:
  statement_cache* cache_;
  prepared* p_;
};

// -- preparation ----------------------------------------------------------------------------------

std::unique_ptr<prepared> connection::compile(std::string_view sql, std::size_t* consumed,
                                              std::size_t base) {
  if (const auto nul = sql.find('\0'); nul != sql.npos) {
    error_info info{.code = errc::sql, .message = "a NUL byte in the SQL text"};
    info.offset = base + nul;
    throw error(std::move(info));
  }
  if (sql.size() > static_cast<std::size_t>(sqlite3_limit(db_, SQLITE_LIMIT_SQL_LENGTH, -1)))
    throw error(errc::too_big, "an SQL text of " + std::to_string(sql.size()) + " bytes");
  auto p = std::make_unique<prepared>();
  const char* at = sql.data();
  const char* const end = sql.data() + sql.size();
  while (at != end) {
    const char* tail = nullptr;
    auth_.begin_prepare();
    const int rc = sqlite3_prepare_v3(db_, at, static_cast<int>(end - at),
                                      SQLITE_PREPARE_PERSISTENT, &p->stmt, &tail);
    auth_.end_prepare();
    const auto offset = base + static_cast<std::size_t>(at - sql.data());
    if (rc != SQLITE_OK) {
      if (!auth_.denied().empty()) {
        error_info info{.code = errc::not_allowed,
                        .extended_code = rc,
                        .message = auth_.denied() + " is not allowed here"};
        throw error(std::move(info));
      }
      if (auth_.needs_writer()) {
        p->needs_writer = true;
        p->read_only = false;
        return p;
      }
      auto info = last_error(db_, rc, offset);
      if (current_ != nullptr && current_->stopped() != errc::none) {
        info.code = current_->stopped();
        info.message = "stopped while the statement was prepared";
      }
      throw error(std::move(info));
    }
    at = tail;
    if (p->stmt != nullptr)
      break;
    if (tail == nullptr || tail == end)
      break;
  }
  if (consumed != nullptr)
    *consumed = static_cast<std::size_t>(at - sql.data());
  if (p->stmt == nullptr)
    return nullptr;
  p->parameter_count = sqlite3_bind_parameter_count(p->stmt);
  p->column_count = sqlite3_column_count(p->stmt);
  p->read_only = sqlite3_stmt_readonly(p->stmt) != 0;
  p->writes = auth_.writes();
  p->inserts = auth_.inserts();
  return p;
}

prepared* connection::prepare(std::string_view sql) {
  if (auto* found = cache_.find(sql))
    return found;
  std::size_t consumed = 0;
  auto p = compile(sql, &consumed, 0);
  if (!p)
    throw error(errc::empty_statement,
                sql.empty() ? "an empty statement" : "nothing but space or comment");
  if (!p->needs_writer) {
    if (const auto next = next_statement(sql, consumed); next != sql.npos) {
      error_info info{.code = errc::multiple_statements,
                      .message = "one call runs one statement, and a second one begins here"};
      info.offset = next;
      throw error(std::move(info));
    }
  }
  p->sql = sql;
  return cache_.insert(std::move(p));
}

bool connection::runs_alone(std::string_view sql) {
  auto* p = prepare(sql);
  // It changes the file, yet no table, index or setting: VACUUM.
  return p->stmt != nullptr && !p->read_only && !p->writes;
}

void connection::refresh_columns(prepared& p) {
  const int again = sqlite3_stmt_status(p.stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
  if (p.columns && again == p.reprepares)
    return;
  p.reprepares = again;
  p.column_count = sqlite3_column_count(p.stmt);
  auto names = std::make_shared<column_names>();
  names->reserve(static_cast<std::size_t>(p.column_count));
  for (int i = 0; i < p.column_count; ++i) {
    const char* name = sqlite3_column_name(p.stmt, i);
    names->emplace_back(name != nullptr ? name : "");
  }
  p.columns = std::move(names);
}

// -- running --------------------------------------------------------------------------------------

void connection::fail(int code, control& c, const prepared* p) {
  auto info = last_error(db_, code);
  if (const auto why = c.stopped(); why != errc::none) {
    info.code = why;
    info.offset.reset();
    info.message = why == errc::timeout ? "the deadline passed while the statement ran"
                   : why == errc::cancelled
                       ? "cancelled while the statement ran"
                       : "stopped while the statement ran: " + std::string(to_string(why));
  }
  if (info.code == errc::not_allowed && !auth_.denied().empty())
    info.message = auth_.denied() + " is not allowed here";
  if (p == nullptr || !p->read_only)
    info.outcome = fate::rolled_back;
  throw error(std::move(info));
}

namespace {

void append(arena& a, sqlite3_stmt* s, int columns) {
  const auto first = a.cells.size();
  a.cells.resize(first + static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) {
    auto& cell = a.cells[first + static_cast<std::size_t>(i)];
    switch (sqlite3_column_type(s, i)) {
    case SQLITE_INTEGER:
      cell.type = value_type::integer;
      cell.integer = sqlite3_column_int64(s, i);
      break;
    case SQLITE_FLOAT:
      cell.type = value_type::real;
      cell.real = sqlite3_column_double(s, i);
      break;
    case SQLITE_TEXT:
    case SQLITE_BLOB: {
      const bool text = sqlite3_column_type(s, i) == SQLITE_TEXT;
      const void* bytes =
          text ? static_cast<const void*>(sqlite3_column_text(s, i)) : sqlite3_column_blob(s, i);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(s, i));
      if (bytes == nullptr && size != 0)
        throw error(errc::too_big,
                    "out of memory for a value of " + std::to_string(size) + " bytes");
      cell.type = text ? value_type::text : value_type::blob;
      cell.offset = a.bytes.size();
      cell.size = static_cast<std::uint32_t>(size);
      if (size != 0)
        a.bytes.append(static_cast<const char*>(bytes), size);
      break;
    }
    default: cell.type = value_type::null;
    }
  }
  ++a.row_count;
}

} // namespace

rows connection::collect(prepared& p, std::size_t batch, bool& done, control& c) {
  auto result = std::make_shared<arena>();
  const auto max_rows = options_->max_rows;
  const auto max_bytes = options_->max_result_bytes;
  done = false;
  while (batch == 0 || result->row_count < batch) {
    const int rc = sqlite3_step(p.stmt);
    if (rc == SQLITE_ROW) {
      if (!result->columns) {
        refresh_columns(p);
        result->columns = p.columns;
      }
      append(*result, p.stmt, p.column_count);
      if ((max_rows != 0 && result->row_count > max_rows) ||
          (max_bytes != 0 && result->memory() > max_bytes)) {
        error_info info{.code = errc::too_big,
                        .message = max_rows != 0 && result->row_count > max_rows
                                       ? "the result has more than " + std::to_string(max_rows) +
                                             " rows (max_rows)"
                                       : "the result has more than " + std::to_string(max_bytes) +
                                             " bytes (max_result_bytes)"};
        info.outcome = p.read_only ? fate::not_run : fate::rolled_back;
        throw error(std::move(info));
      }
      continue;
    }
    if (rc != SQLITE_DONE)
      fail(rc, c, &p);
    done = true;
    break;
  }
  if (!result->columns) {
    refresh_columns(p);
    result->columns = p.columns;
  }
  return rows(std::move(result));
}

rows connection::fetch(std::string_view sql, const params_view& v, control& c) {
  const running r(*this, c);
  const use p(*this, prepare(sql));
  if (role_ == role::reader && (p->needs_writer || !p->read_only))
    throw needs_writer{};
  binder(db_, *p).bind(v);
  bool done = false;
  return collect(*p, 0, done, c);
}

write_result connection::execute(std::string_view sql, const params_view& v, control& c) {
  const running r(*this, c);
  const use p(*this, prepare(sql));
  if (role_ == role::reader && (p->needs_writer || !p->read_only))
    throw needs_writer{};
  binder(db_, *p).bind(v);
  const auto before = sqlite3_total_changes64(db_);
  const auto start = clock::now();
  int rc = SQLITE_ROW;
  while (rc == SQLITE_ROW)
    rc = sqlite3_step(p->stmt);
  if (rc != SQLITE_DONE)
    fail(rc, c, &*p);
  write_result result;
  result.elapsed = clock::now() - start;
  if (sqlite3_total_changes64(db_) != before) {
    result.changes = sqlite3_changes64(db_);
    if (p->inserts)
      result.last_insert_rowid = sqlite3_last_insert_rowid(db_);
  }
  return result;
}

batch_result connection::execute_many(std::string_view sql, std::span<const params> sets,
                                      control& c) {
  batch_result result;
  if (sets.empty())
    return result;
  const running r(*this, c);
  const use p(*this, prepare(sql));
  if (role_ == role::reader && (p->needs_writer || !p->read_only))
    throw needs_writer{};
  const auto start = clock::now();
  binder b(db_, *p);
  for (const auto& set : sets) {
    try {
      if (result.sets % 1024 == 1023 && c.must_stop()) {
        error_info info{.code = c.stopped(), .message = "stopped between two sets"};
        throw error(std::move(info));
      }
      b.bind(set);
      const auto before = sqlite3_total_changes64(db_);
      int rc = SQLITE_ROW;
      while (rc == SQLITE_ROW)
        rc = sqlite3_step(p->stmt);
      if (rc != SQLITE_DONE)
        fail(rc, c, &*p);
      if (sqlite3_total_changes64(db_) != before)
        result.changes += sqlite3_changes64(db_);
      sqlite3_reset(p->stmt);
    } catch (const error& e) {
      auto info = e.info();
      info.index = result.sets;
      info.outcome = fate::rolled_back;
      throw error(std::move(info));
    }
    ++result.sets;
  }
  result.elapsed = clock::now() - start;
  return result;
}

script_step connection::script_statement(std::string_view sql, std::size_t& consumed, control& c) {
  const running r(*this, c);
  script_step step;
  std::unique_ptr<prepared> compiled;
  try {
    consumed = sql.size();
    compiled = compile(sql, &consumed, 0);
  } catch (const error&) {
    consumed = statement_end(sql); // so that a script may go on behind it
    throw;
  }
  if (!compiled)
    return step;
  step.size = consumed;
  const auto own = std::move(compiled); // finalised here: a script's statements run once
  const auto before = sqlite3_total_changes64(db_);
  const auto start = clock::now();
  bool done = false;
  if (own->needs_writer)
    throw needs_writer{};
  binder(db_, *own).bind(params_view{});
  auto result = collect(*own, 0, done, c);
  step.written.elapsed = clock::now() - start;
  if (sqlite3_total_changes64(db_) != before) {
    step.written.changes = sqlite3_changes64(db_);
    if (own->inserts)
      step.written.last_insert_rowid = sqlite3_last_insert_rowid(db_);
  }
  if (own->column_count > 0)
    step.result = std::move(result);
  return step;
}

// -- cursor ---------------------------------------------------------------------------------------

connection::cursor::cursor(connection& c, std::string_view sql, const params_view& p, control& ctl)
    : connection_(&c), statement_(nullptr) {
  const running r(c, ctl);
  auto* found = c.prepare(sql);
  if (found->needs_writer || !found->read_only)
    throw error(errc::not_allowed,
                "a cursor reads; use execute or fetch for a statement that writes");
  binder b(c.db_, *found);
  if (p.named != nullptr) {
    named_ = *p.named;
    b.bind(named_);
  } else {
    for (const auto& v : p.positional)
      switch (v.type) {
      case value_type::null: values_.emplace_back(); break;
      case value_type::integer: values_.emplace_back(v.integer); break;
      case value_type::real: values_.emplace_back(v.real); break;
      case value_type::text: values_.emplace_back(std::string(v.bytes, v.size)); break;
      case value_type::blob: values_.emplace_back(std::as_bytes(std::span(v.bytes, v.size))); break;
      }
    const std::vector<value_ref> refs(values_.begin(), values_.end());
    b.bind(params_view{nullptr, refs});
  }
  found->in_use = true;
  statement_ = found;
}

connection::cursor::~cursor() {
  if (statement_ != nullptr)
    connection_->cache_.release(statement_);
}

rows connection::cursor::next(std::size_t batch, control& ctl) {
  if (done_) {
    auto empty = std::make_shared<arena>();
    empty->columns = statement_->columns;
    return rows(std::move(empty));
  }
  const running r(*connection_, ctl);
  try {
    return connection_->collect(*statement_, std::max<std::size_t>(batch, 1), done_, ctl);
  } catch (...) {
    done_ = true; // a statement that failed starts from its beginning when stepped again
    throw;
  }
}

// -- handlers -------------------------------------------------------------------------------------

int connection::on_progress(void* self) {
  auto* c = static_cast<connection*>(self)->current_;
  return c != nullptr && c->must_stop() ? 1 : 0;
}

int connection::on_busy(void* self, int count) {
  auto& c = *static_cast<connection*>(self);
  const auto now = clock::now();
  if (count == 0)
    c.busy_since_ = now;
  if (c.current_ != nullptr && c.current_->must_stop())
    return 0;
  if (now - c.busy_since_ >= c.options_->busy_timeout)
    return 0;
  // 1, 2, 4 … at most 10 ms, so that a deadline is seen well within its 50 ms.
  sqlite3_sleep(std::min(1 << std::min(count, 4), 10));
  return 1;
}

int connection::on_wal(void* self, sqlite3*, const char*, int pages) {
  auto& c = *static_cast<connection*>(self);
  c.wal_pages_ = pages;
  c.commits_.fetch_add(1, std::memory_order_release);
  return SQLITE_OK;
}

} // namespace dbengine::detail
