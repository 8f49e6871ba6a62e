// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One SQLite connection: opened with the engine's pragmas, and its statements.
// Thread safety: one thread at a time (SQLITE_OPEN_NOMUTEX): the holder of its lease, or its
// worker. Any thread may call `interrupt` and `commits`.
// Ownership: owns the SQLite handle and all its statements.

#pragma once

#include "connection/conflict_outcome.hpp"
#include "connection/connection_maintenance.hpp"
#include "connection/connection_parts.hpp"
#include "connection/connection_transaction.hpp"
#include "connection/engine_sql.hpp"
#include "connection/read_snapshot.hpp"
#include "connection/request_handlers.hpp"
#include "connection/statement_compiler.hpp"
#include "connection/statement_echo.hpp"
#include "sqlite/authorizer.hpp"
#include "sqlite/files/file_checks.hpp"
#include "sqlite/request_control.hpp"
#include "sqlite/schema_version.hpp"
#include "sqlite/statement_cache.hpp"
#include "sqlite/url.hpp"

#include <dbengine/options.hpp>
#include <dbengine/results.hpp>
#include <dbengine/stats.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace SQLite {
class Database;
} // namespace SQLite

namespace dbengine::sqlite {

class rowid_mark;

/// Thrown by a reader's connection for a statement that belongs to the writer.
struct needs_writer {};

/// A connection of the engine. Composes the parts that own its state; each part is described in its
/// own header.
///
/// Errors: every function that is not `noexcept` throws `error` unless it says otherwise.
class connection {
public:
  enum class role : unsigned char { writer, reader };

  /// Opens and configures. If the folder or the file is missing, the file is no database or access
  /// is denied, it throws and nothing was created or changed.
  connection(location where, role r, std::shared_ptr<const options> o);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // -- statements: in the open transaction if there is one, else in their own -------------------

  /// All rows of one statement. On a reader, throws `needs_writer` for a statement that writes.
  rows fetch(std::string_view sql, const params_view& p, request_control& c);
  write_result execute(std::string_view sql, const params_view& p, request_control& c);
  /// Each set in turn. An error carries the set's index; sets that ran before it are not undone
  /// here.
  batch_result execute_many(std::string_view sql, std::span<const params> sets, request_control& c);
  /// One step of a script: the first statement of `sql`. `consumed` is how much of the text it
  /// took, if it did not fail. The result is empty (no columns, no changes) if there was only space
  /// or comment.
  script_step script_statement(std::string_view sql, std::size_t& consumed, request_control& c);

  /// A query stepped in batches. Must end before the connection does.
  class cursor {
  public:
    cursor(connection& c, std::string_view sql, const params_view& p, request_control& ctl);
    ~cursor();
    cursor(const cursor&) = delete;
    cursor& operator=(const cursor&) = delete;
    /// At most `batch` rows; empty at the end.
    rows next(std::size_t batch, request_control& ctl);
    /// Another thread closed the connection, and the cursor's statement with it.
    void abandon() noexcept { statement_ = nullptr; }

  private:
    connection* connection_;
    prepared* statement_;
    params values_; // bound values must outlive the caller's references
    bool done_ = false;
    bool failed_ = false;
  };

  /// True if the text gives the same answer on any connection, by the newest schema, and no run of
  /// it was long here.
  bool is_cheap_here(std::string_view sql, request_control& c);
  /// True if the text ran here before, gives the same answer on any connection, and was always
  /// cheap.
  bool is_known_cheap(std::string_view sql) const noexcept;
  /// True if the text must run outside a transaction (VACUUM), by SQLite's answers at preparation.
  bool needs_autocommit(std::string_view sql);

  // -- parts --------------------------------------------------------------------------------------

  connection_transaction& transaction() noexcept { return transaction_; }
  connection_maintenance& maintenance() noexcept { return maintenance_; }
  /// Whose rights the statements have.
  authorizer& auth() noexcept { return auth_; }
  read_snapshot& snapshot() noexcept { return snapshot_; }
  file_checks& files() noexcept { return files_; }
  /// The engine's own SQL.
  engine_sql& own_sql() noexcept { return own_sql_; }

  /// Commits of this connection so far. Any thread.
  std::uint64_t commits() const noexcept { return snapshot_.commits().count(); }
  /// Interrupts the statement that runs, if any. Any thread.
  void interrupt() noexcept;
  sqlite3* handle() const noexcept { return db_; }
  const location& where() const noexcept { return where_; }

  struct counters {
    std::uint64_t cache_hits = 0, cache_misses = 0, snapshots_reused = 0, snapshots_opened = 0;
  };
  counters read_counters() const noexcept {
    return {cache_.hits(), cache_.misses(), snapshot_.reused(), snapshot_.opened()};
  }

  /// When the next search for expired exactly-once records is due.
  clock::time_point next_prune{};

  /// Makes `ctl` the running request of `c` for a scope.
  struct request_scope : sqlite::request_scope {
    request_scope(connection& c, request_control& ctl) noexcept
        : sqlite::request_scope(c.handlers_, ctl) {}
  };

private:
  friend class cursor;
  class batched_insert;
  class statistics_change;

  void open();
  void configure();
  void configure_role();
  std::string switch_to_wal();

  prepared* prepare(std::string_view sql);
  void check_may_run(const prepared& p) const;
  void check_change_counts(const prepared& p) const;
  void prepare_snapshot(prepared& p);
  int step(sqlite3_stmt* s) noexcept;
  int first_step(prepared& p) noexcept;
  rows collect(prepared& p, std::size_t batch, bool& done, request_control& c);
  rows collect_all(prepared& p, request_control& c);
  rows collect_or_undo(prepared& p, request_control& c);
  void discard_result(prepared& p) noexcept;
  [[noreturn]] void throw_failure(int code, request_control& c, const prepared* p);
  void throw_if_truncated(const prepared& p, const request_control& c);
  outcome outcome_when_truncated(const prepared* p, const request_control& c,
                                 bool failed) const noexcept;

  location where_;
  const role role_;
  const std::shared_ptr<const options> options_;
  std::unique_ptr<SQLite::Database> database_;
  sqlite3* db_ = nullptr;
  authorizer auth_;
  std::shared_ptr<rowid_mark> rowid_mark_;
  schema_version schema_;
  request_handlers handlers_;
  const connection_parts parts_;
  connection_transaction transaction_;
  read_snapshot snapshot_;
  file_checks files_;
  engine_sql own_sql_;
  conflict_outcome conflicts_;
  connection_maintenance maintenance_;
  statement_cache cache_;
  statement_compiler compiler_;
  statement_echo echo_;
};

} // namespace dbengine::sqlite
