// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Preparing statements, and what is known of them.

#include "base/error_map.hpp"
#include "connection/connection.hpp"
#include "sqlite/sql_text.hpp"
#include "sqlite/statement_size.hpp"
#include "sqlite/view_sizes.hpp"

#include <dbengine/defaults.hpp>

#include <sqlite3.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace dbengine::sqlite {

void connection::refuse_nul(std::string_view sql) {
  if (const auto nul = sql.find('\0'); nul != sql.npos) {
    error_info info{.code = errc::sql, .message = "a NUL byte in the SQL text"};
    info.offset = nul;
    throw error(std::move(info));
  }
}

namespace {

// SQLite's parser passes all names before it for each name and looks at no deadline meanwhile.
void refuse_many_names(std::string_view sql) {
  if (sql.size() < defaults::parameter_scan_bytes ||
      parameter_lookups(sql, defaults::parameter_lookups) <= defaults::parameter_lookups)
    return;
  throw error(errc::too_big,
              "too many named parameters: about 2,000 in one statement are the most (any "
              "number of ? without a number is fine)");
}

class as_engine {
public:
  explicit as_engine(authorizer& a) noexcept
      : authorizer_(a), before_(std::exchange(a.acting_as, authority::engine)) {}
  ~as_engine() { authorizer_.acting_as = before_; }
  as_engine(const as_engine&) = delete;
  as_engine& operator=(const as_engine&) = delete;

private:
  authorizer& authorizer_;
  authority before_;
};

[[noreturn]] void refuse_size(const char* what, const extent& e) {
  const bool high = e.height >= most_extent.height;
  throw error(errc::too_big,
              std::string(what) +
                  (high
                       ? " nests common table expressions or views 500 deep or more"
                       : " names common table expressions or views too often: with a copy for each "
                         "name it would be longer than 250,000 words and signs"));
}

} // namespace

view_sizes& connection::views() {
  if (!views_)
    views_ = std::make_unique<view_sizes>(db_);
  return *views_;
}

void connection::fail_to_prepare(int rc, std::size_t offset) {
  if (is_truncated())
    throw_if_fenced(outcome::not_run);
  auto info = base::last_error(db_, rc, offset);
  if (current_ != nullptr && current_->deadline.stop_reason() != errc::none) {
    info.code = current_->deadline.stop_reason();
    info.message = "stopped while the statement was prepared";
  }
  throw error(std::move(info));
}

// Before SQLite makes the copies. On a connection whose schema is old it may see views of before: then so does SQLite.
void connection::refuse_many_copies(std::string_view sql, std::size_t offset) {
  const as_engine own(auth_);
  auto& known = views();
  if (const int rc = known.refresh(schema_touched_); rc != SQLITE_OK)
    fail_to_prepare(rc, offset);
  if (!known.has_views() && !may_have_with(sql)) [[likely]]
    return;
  const auto size = size_of_statement(sql, [this, &known](const std::string& name) {
    const bool table =
        sqlite3_table_column_metadata(db_, nullptr, name.c_str(), nullptr, nullptr, nullptr,
                                      nullptr, nullptr, nullptr) == SQLITE_OK;
    return table ? extent{} : known.of(name);
  });
  if (size.too_large())
    refuse_size("this statement", size.written_out);
}

// What SQLite does with a view it may do unasked: for a pragma, a trigger, a change of a table.
void connection::refuse_large_views(std::string_view create_view) {
  const auto name = auth_.new_view();
  const as_engine own(auth_);
  if (const int rc = views().refresh(schema_touched_); rc != SQLITE_OK)
    fail_to_prepare(rc, 0);
  if (const statement_size size{0, views().largest_with(name, create_view)}; size.too_large())
    refuse_size("this view, or one that names it,", size.written_out);
}

// Only some errors make SQLite ask whether the schema that it remembers is still the file's ("cannot modify w because it is a
// view" does not, where another connection gave the view its trigger since). A statement that runs asks always.
void connection::force_schema_check() noexcept {
  sqlite3_stmt* any = nullptr;
  if (sqlite3_prepare_v2(db_, "SELECT 1 FROM sqlite_schema LIMIT 0", -1, &any, nullptr) ==
      SQLITE_OK)
    sqlite3_step(any);
  sqlite3_finalize(any);
}

std::unique_ptr<prepared> connection::compile(std::string_view sql, std::size_t* consumed,
                                              std::size_t base, bool terminated) {
  if (!terminated)
    refuse_nul(sql);
  if (sql.size() > static_cast<std::size_t>(sqlite3_limit(db_, SQLITE_LIMIT_SQL_LENGTH, -1)))
    throw error(errc::too_big, "an SQL text of " + std::to_string(sql.size()) + " bytes");
  auto p = std::make_unique<prepared>();
  const char* at = sql.data();
  const char* const end = sql.data() + sql.size();
  while (at != end) {
    // Empty statements: each would be a preparation, and there may be a million of them.
    if (const auto begin = next_statement(sql, static_cast<std::size_t>(at - sql.data()));
        begin != sql.npos)
      at = sql.data() + begin;
    refuse_many_names({at, static_cast<std::size_t>(end - at)});
    const auto offset = base + static_cast<std::size_t>(at - sql.data());
    refuse_many_copies({at, static_cast<std::size_t>(end - at)}, offset);
    const char* tail = nullptr;
    const auto attempt = [&] {
      auth_.begin_prepare();
      const int code =
          sqlite3_prepare_v3(db_, at, static_cast<int>(end - at) + (terminated ? 1 : 0),
                             SQLITE_PREPARE_PERSISTENT, &p->stmt, &tail);
      auth_.end_prepare();
      return code;
    };
    int rc = attempt();
    // SQLite tries twice where the schema changes under it; a third look tells what is wrong with the statement itself.
    for (int tries = 0; tries < 3 && (rc & 0xff) == SQLITE_SCHEMA; ++tries) {
      drop_stale_snapshot();
      rc = attempt();
    }
    // A plan, and what a pragma tells of the schema, is shown as it was prepared, without the look that a run begins with.
    const bool remembered = rc == SQLITE_OK && p->stmt != nullptr &&
                            (sqlite3_stmt_isexplain(p->stmt) != 0 || auth_.reads_schema());
    if (remembered && role_ == role::writer && !in_transaction())
      drop_snapshot(); // another program's schema may be newer
    if (remembered || (rc == SQLITE_ERROR && auth_.denied().empty() && !auth_.needs_writer())) {
      sqlite3_finalize(std::exchange(p->stmt, nullptr));
      force_schema_check();
      rc = attempt();
    }
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
      fail_to_prepare(rc, offset);
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
  // SQLite calls the plan of a write, and a pragma that could have had a value, a write, too.
  const bool explains = sqlite3_stmt_isexplain(p->stmt) != 0;
  p->read_only =
      sqlite3_stmt_readonly(p->stmt) != 0 || explains || (auth_.reads_pragma() && !auth_.writes());
  p->writes = auth_.writes() && !explains;
  p->is_ddl = auth_.is_ddl() && !explains;
  p->inserts = auth_.inserts() && !explains;
  p->uses_last_rowid = auth_.uses_last_rowid();
  p->uses_change_counts = auth_.uses_change_counts() && !explains;
  p->dml_only = auth_.dml_only() && (p->read_only || p->writes); // VACUUM is neither
  p->connection_independent = auth_.connection_independent() && p->read_only;
  // A new view is looked at each time: those that name it may be others.
  p->reads_schema = auth_.reads_schema() || explains || !auth_.new_view().empty();
  p->changes_statistics = auth_.changes_statistics() && !explains;
  p->may_change_statistics = auth_.may_change_statistics() && !explains;
  p->schema_version = schema_;
  if (!auth_.new_view().empty() && !explains) [[unlikely]]
    refuse_large_views(sqlite3_sql(p->stmt));
  return p;
}

// SQLite prepares a statement anew by itself where the schema changed, and what was found out about it may be wrong then.
void connection::refresh_facts(prepared& p) {
  if (p.sql.empty() || p.needs_writer)
    return;
  const auto now = compile(p.sql, nullptr, 0);
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
  p.schema_version = schema_;
}

prepared* connection::prepare(std::string_view sql) {
  if (auto* found = cache_.find(sql)) {
    if (!found->reads_schema) [[likely]]
      return found;
    cache_.erase(found);
  }
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

namespace {

bool is_long(const prepared& p) noexcept {
  return p.max_steps > defaults::short_steps || p.max_bytes > defaults::short_bytes;
}

} // namespace

bool connection::is_known_cheap(std::string_view sql) const noexcept {
  const auto* p = cache_.peek(sql);
  return p != nullptr && p->connection_independent && p->runs >= defaults::short_after_runs &&
         !is_long(*p) && options_->functions.empty() && options_->collations.empty();
}

bool connection::is_cheap_here(std::string_view sql, request_control& c) {
  const request_scope r(*this, c);
  auto& p = *prepare(sql);
  if (p.schema_version != schema_)
    refresh_facts(p);
  return p.connection_independent && !is_long(p);
}

bool connection::needs_autocommit(std::string_view sql) {
  auto* p = prepare(sql);
  // It changes the file, yet no table, index or setting: VACUUM.
  return p->stmt != nullptr && !p->read_only && !p->writes;
}

void connection::refresh_columns(prepared& p) {
  const int again = sqlite3_stmt_status(p.stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
  if (p.columns && again == p.reprepares)
    return;
  if (std::exchange(p.reprepares, again) != again && role_ == role::reader &&
      p.connection_independent) {
    try {
      refresh_facts(p);
    } catch (const error&) { // its own run says what is wrong
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

bool connection::belongs_to_writer(const prepared& p) const noexcept {
  // A host with a raw connection hears from SQLite itself what a reader cannot do.
  return role_ == role::reader &&
         (p.needs_writer || (!p.read_only && auth_.acting_as != authority::raw));
}

// What they tell is of one connection. A read by itself runs on any, where another request's statement was the last, or none.
void connection::forbid_change_counts(const prepared& p) const {
  if (!p.uses_change_counts || !p.read_only) [[likely]]
    return;
  if (auth_.acting_as == authority::reader ||
      (auth_.acting_as == authority::writer && !auth_.in_transaction))
    throw error(
        errc::not_allowed,
        "last_insert_rowid(), changes() and total_changes() are not allowed here: they tell of "
        "one connection's last statement, and this read is a request of its own; use "
        "write_result::last_insert_rowid and write_result::changes, RETURNING, or ask inside "
        "write(), a transaction or a script");
}

// SQLite counts the steps of a statement over all its runs, and to ask for them costs a hundredth of a point read: after the first
// runs it is asked once in eight, for their mean. A run that the progress handler met twice is not short whatever the mean says.
void connection::record_cost(prepared& p, std::size_t bytes, const request_control& c) noexcept {
  constexpr unsigned each = 8;
  p.max_bytes = std::max(p.max_bytes, bytes);
  if (c.deadline.was_checked_again())
    p.max_steps = std::max(p.max_steps, defaults::progress_steps);
  ++p.runs_since_sample;
  if (p.runs >= each && p.runs_since_sample < each)
    return;
  if (p.runs < each)
    ++p.runs;
  const int steps = sqlite3_stmt_status(p.stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
  const auto grown = static_cast<unsigned>(steps) - static_cast<unsigned>(p.steps_at_sample);
  p.max_steps = std::max(
      p.max_steps, static_cast<int>(std::min<unsigned>(grown / p.runs_since_sample, INT_MAX)));
  p.steps_at_sample = steps;
  p.runs_since_sample = 0;
}

} // namespace dbengine::sqlite
