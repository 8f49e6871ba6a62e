// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "connection/statement_compiler.hpp"

#include "base/error_map.hpp"
#include "connection/read_snapshot.hpp"
#include "connection/request_handlers.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/files/file_checks.hpp"
#include "sqlite/sql_text.hpp"
#include "sqlite/statement_size.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <utility>

namespace dbengine::sqlite {

void throw_if_nul(std::string_view sql) {
  if (const auto nul = sql.find('\0'); nul != sql.npos) {
    error_info info{.code = errc::sql, .message = "a NUL byte in the SQL text"};
    info.offset = nul;
    throw error(std::move(info));
  }
}

namespace {

// For each name, SQLite's parser compares all names before it and checks no deadline.
void check_names(std::string_view sql) {
  if (sql.size() < defaults::parameter_scan_bytes ||
      parameter_lookups(sql, defaults::parameter_lookups) <= defaults::parameter_lookups)
    return;
  throw error(errc::too_big,
              "too many named parameters: a statement may have about 2,000 (and any number of ? "
              "without a number)");
}

[[noreturn]] void throw_size(const char* what, const extent& e) {
  const bool high = e.height >= most_extent.height;
  throw error(
      errc::too_big,
      std::string(what) +
          (high ? " nests common table expressions or views 500 deep or more"
                : " names common table expressions or views too often: expanded, it would be "
                  "longer than 250,000 words and signs"));
}

} // namespace

view_sizes& statement_compiler::views() {
  if (!views_)
    views_.emplace(db_);
  return *views_;
}

void statement_compiler::throw_failure(int rc, std::size_t offset) {
  if (p_.files.is_truncated())
    p_.files.throw_if_fenced(outcome::not_run);
  auto info = base::last_error(db_, rc, offset);
  const auto* current = p_.handlers.current();
  if (current != nullptr && current->deadline.stop_reason() != errc::none) {
    info.code = current->deadline.stop_reason();
    info.message = "stopped while the statement was prepared";
  }
  throw error(std::move(info));
}

// Runs before SQLite makes the copies. On a connection with an old schema this may see old views,
// as SQLite does then.
void statement_compiler::check_copies(std::string_view sql, std::size_t offset) {
  const engine_rights own(p_.auth);
  auto& known = views();
  if (const int rc = known.refresh(p_.schema.changed_in_transaction()); rc != SQLITE_OK)
    throw_failure(rc, offset);
  if (!known.has_views() && !may_have_with(sql)) [[likely]]
    return;
  const auto size = size_of_statement(sql, [this, &known](const std::string& name) {
    const bool table =
        sqlite3_table_column_metadata(db_, nullptr, name.c_str(), nullptr, nullptr, nullptr,
                                      nullptr, nullptr, nullptr) == SQLITE_OK;
    return table ? extent{} : known.of(name);
  });
  if (size.too_large())
    throw_size("this statement", size.written_out);
}

// SQLite may use a view that the statement does not name: for a pragma, a trigger, a change of a
// table.
void statement_compiler::check_new_view(std::string_view create_view) {
  const auto name = p_.auth.new_view();
  const engine_rights own(p_.auth);
  if (const int rc = views().refresh(p_.schema.changed_in_transaction()); rc != SQLITE_OK)
    throw_failure(rc, 0);
  if (const statement_size size{0, views().largest_with(name, create_view)}; size.too_large())
    throw_size("this view, or one that names it,", size.written_out);
}

// Only some errors make SQLite check whether its schema in memory is still the file's. "cannot
// modify w because it is a view" does not, even if another connection has since given the view its
// trigger. A statement that runs always checks.
void statement_compiler::force_schema_check() noexcept {
  sqlite3_stmt* any = nullptr;
  if (sqlite3_prepare_v2(db_, "SELECT 1 FROM sqlite_schema LIMIT 0", -1, &any, nullptr) ==
      SQLITE_OK)
    sqlite3_step(any);
  sqlite3_finalize(any);
}

void statement_compiler::drop_stale_snapshot() noexcept {
  const auto who = p_.auth.acting_as;
  if (who == authority::reader || (who == authority::writer && !transactions_->is_open()))
    p_.snapshot.drop();
}

int statement_compiler::prepare_once(prepared& p, std::string_view rest, bool terminated,
                                     const char** tail) noexcept {
  p_.auth.begin_prepare();
  const int rc =
      sqlite3_prepare_v3(db_, rest.data(), static_cast<int>(rest.size()) + (terminated ? 1 : 0),
                         SQLITE_PREPARE_PERSISTENT, &p.stmt, tail);
  p_.auth.end_prepare();
  return rc;
}

// Prepares the statement at `at` and sets `end` to the position behind it. For a statement that
// belongs to the writer, `needs_writer` is set and `end` is unchanged.
void statement_compiler::prepare_at(prepared& p, std::string_view sql, std::size_t at,
                                    bool terminated, std::size_t& end) {
  const auto& auth = p_.auth;
  const auto rest = sql.substr(at);
  check_names(rest);
  check_copies(rest, at);
  const char* tail = nullptr;
  int rc = prepare_once(p, rest, terminated, &tail);
  // SQLite tries twice if the schema changes during the preparation. Another attempt shows whether
  // the statement itself is wrong.
  for (int tries = 0; tries < 3 && (rc & 0xff) == SQLITE_SCHEMA; ++tries) {
    drop_stale_snapshot();
    rc = prepare_once(p, rest, terminated, &tail);
  }
  // A plan, and a pragma that reads the schema, report the state of their preparation, without the
  // check that a run begins with.
  const bool remembered = rc == SQLITE_OK && p.stmt != nullptr &&
                          (sqlite3_stmt_isexplain(p.stmt) != 0 || auth.reads_schema());
  if (remembered && p_.writer && !transactions_->is_open())
    p_.snapshot.drop(); // another program's schema may be newer
  if (remembered || (rc == SQLITE_ERROR && auth.denied().empty() && !auth.needs_writer())) {
    sqlite3_finalize(std::exchange(p.stmt, nullptr));
    force_schema_check();
    rc = prepare_once(p, rest, terminated, &tail);
  }
  if (rc == SQLITE_OK) {
    end = tail == nullptr ? sql.size() : static_cast<std::size_t>(tail - sql.data());
    return;
  }
  if (!auth.denied().empty())
    throw error({.code = errc::not_allowed,
                 .extended_code = rc,
                 .message = auth.denied() + " is not allowed here"});
  if (!auth.needs_writer())
    throw_failure(rc, at);
  p.needs_writer = true;
  p.read_only = false;
}

void statement_compiler::record_facts(prepared& p) {
  const auto& auth = p_.auth;
  p.parameter_count = sqlite3_bind_parameter_count(p.stmt);
  p.column_count = sqlite3_column_count(p.stmt);
  // SQLite also calls these a write: the plan of a write, and a pragma that could have a value.
  const bool explains = sqlite3_stmt_isexplain(p.stmt) != 0;
  p.read_only =
      sqlite3_stmt_readonly(p.stmt) != 0 || explains || (auth.reads_pragma() && !auth.writes());
  p.writes = auth.writes() && !explains;
  p.is_ddl = auth.is_ddl() && !explains;
  p.inserts = auth.inserts() && !explains;
  p.uses_last_rowid = auth.uses_last_rowid();
  p.uses_change_counts = auth.uses_change_counts() && !explains;
  p.dml_only = auth.dml_only() && (p.read_only || p.writes); // VACUUM is neither
  p.connection_independent = auth.connection_independent() && p.read_only;
  // A new view is compiled each time: the views that it names may have changed by then.
  p.reads_schema = auth.reads_schema() || explains || !auth.new_view().empty();
  p.changes_statistics = auth.changes_statistics() && !explains;
  p.may_change_statistics = auth.may_change_statistics() && !explains;
  p.schema_version = p_.schema.number();
  if (!auth.new_view().empty() && !explains) [[unlikely]]
    check_new_view(sqlite3_sql(p.stmt));
}

std::unique_ptr<prepared> statement_compiler::compile(std::string_view sql, std::size_t* consumed,
                                                      bool terminated) {
  if (!terminated)
    throw_if_nul(sql);
  if (sql.size() > static_cast<std::size_t>(sqlite3_limit(db_, SQLITE_LIMIT_SQL_LENGTH, -1)))
    throw error(errc::too_big, "an SQL text of " + std::to_string(sql.size()) + " bytes");
  auto p = std::make_unique<prepared>();
  std::size_t at = 0;
  while (at != sql.size() && p->stmt == nullptr) {
    // Skips empty statements: each would need a preparation, and there may be a million of them.
    if (const auto begin = next_statement(sql, at); begin != sql.npos)
      at = begin;
    prepare_at(*p, sql, at, terminated, at);
    if (p->needs_writer)
      return p;
  }
  if (consumed != nullptr)
    *consumed = at;
  if (p->stmt == nullptr)
    return nullptr;
  record_facts(*p);
  return p;
}

void statement_compiler::refresh_facts(prepared& p) {
  if (p.sql.empty() || p.needs_writer)
    return;
  const auto now = compile(p.sql, nullptr);
  if (!now || now->needs_writer)
    return;
  p.read_only = now->read_only;
  p.writes = now->writes;
  p.is_ddl = now->is_ddl;
  p.inserts = now->inserts;
  p.uses_last_rowid = now->uses_last_rowid;
  p.uses_change_counts = now->uses_change_counts;
  p.dml_only = now->dml_only;
  p.connection_independent = now->connection_independent;
  p.changes_statistics = now->changes_statistics;
  p.schema_version = p_.schema.number();
}

void statement_compiler::refresh_columns(prepared& p) {
  const int now = sqlite3_stmt_status(p.stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
  if (p.columns && now == p.reprepares)
    return;
  if (std::exchange(p.reprepares, now) != now && !p_.writer && p.connection_independent) {
    try {
      refresh_facts(p);
    } catch (const error&) { // its own run reports what is wrong
      p.connection_independent = false;
    }
  }
  p.column_count = sqlite3_column_count(p.stmt);
  auto names = std::make_shared<detail::column_names>();
  names->reserve(static_cast<std::size_t>(p.column_count));
  for (int i = 0; i < p.column_count; ++i) {
    const char* name = sqlite3_column_name(p.stmt, i);
    names->emplace_back(name != nullptr ? name : "");
  }
  p.columns = std::move(names);
}

} // namespace dbengine::sqlite
