// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One SQLite connection: opened with the engine's pragmas, its statements, transactions and snapshot.
// Thread rule: one thread at a time (SQLITE_OPEN_NOMUTEX); whoever holds the lease or is the worker. `interrupt` alone may come
// from any thread. Ownership: owns the SQLite handle and all its statements.

#pragma once

#include "sqlite/authorizer.hpp"
#include "sqlite/file_identity.hpp"
#include "sqlite/functions/collation_failure.hpp"
#include "sqlite/request_control.hpp"
#include "sqlite/statement_cache.hpp"
#include "sqlite/url.hpp"
#include "sqlite/wal_index.hpp"

#include <dbengine/options.hpp>
#include <dbengine/results.hpp>
#include <dbengine/stats.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace SQLite {}

namespace SQLite {
class Database;
} // namespace SQLite

namespace dbengine::sqlite {

class binder;
class rowid_mark;
class stop_test;
class view_sizes;

/// Thrown by a reader's connection for a statement that belongs to the writer.
struct needs_writer {};

class connection {
public:
  enum class role : unsigned char { writer, reader };

  /// Opens and configures. Throws `error`; nothing is created or changed where the file is missing its directory,
  /// no database or not permitted.
  connection(location where, role r, std::shared_ptr<const options> o);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  // -- statements: in the open transaction where there is one, else in their own ------------------

  /// All rows of one statement. On a reader, `needs_writer` is thrown for one that writes.
  rows fetch(std::string_view sql, const params_view& p, request_control& c);
  write_result execute(std::string_view sql, const params_view& p, request_control& c);
  /// Each set in turn. An error carries the set's index; what ran before it is not undone here.
  batch_result execute_many(std::string_view sql, std::span<const params> sets, request_control& c);

  /// Throws where the text has a NUL byte: SQLite would read no further.
  static void refuse_nul(std::string_view sql);

  /// One step of a script: the first statement of `sql`; `consumed` tells how much text it took where it did not fail, the
  /// result is empty (no columns, no changes) where there was only space or comment.
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
    /// Its connection was closed by another thread, and its statement with it.
    void abandon() noexcept { statement_ = nullptr; }

  private:
    connection* connection_;
    prepared* statement_;
    params values_; // what is bound must outlive the caller's references
    bool done_ = false;
    bool failed_ = false;
  };

  /// What SQLite knows of the schema now says that the text gives the same answer on any connection, and it was not long here.
  bool is_cheap_here(std::string_view sql, request_control& c);
  /// This text was run here before, gives the same answer on any connection, and was always short.
  bool is_known_cheap(std::string_view sql) const noexcept;
  /// Whether this text must run outside a transaction (VACUUM). Decided by SQLite's answers at preparation.
  bool needs_autocommit(std::string_view sql);

  // -- transactions -------------------------------------------------------------------------------

  void begin_immediate(request_control& c);
  void begin_deferred();
  /// Of what is committed now, not of what will be at the first read.
  void begin_snapshot();
  /// Throws where the commit fails; the transaction is rolled back then.
  void commit(request_control& c);
  void rollback() noexcept;
  void savepoint();
  void release_savepoint();
  /// Where that is not possible all of the transaction is rolled back: `in_transaction` is false then.
  void rollback_to_savepoint() noexcept;
  bool in_transaction() const noexcept;
  /// A deferred foreign key is violated at this moment.
  bool foreign_keys_pending() const noexcept;
  /// The statement that failed last had written its rows, and only its result failed: they are in the open transaction still,
  /// which must be rolled back, to a savepoint before the statement or as a whole.
  bool holds_failed_rows() const noexcept { return rows_left_; }
  /// What the requests from now on may set to the end of their transaction (`PRAGMA defer_foreign_keys`).
  void allow_deferred_keys(bool on) noexcept { auth_.in_transaction = on; }
  /// Ends what `PRAGMA defer_foreign_keys` began. Only while no key is pending.
  void stop_deferring_keys() noexcept;

  /// Commits seen by SQLite's WAL hook: the commit record. It moves inside the COMMIT, so that a worker that dies right after it
  /// is known to have committed.
  std::uint64_t commits() const noexcept { return commits_.load(std::memory_order_acquire); }
  /// Pages in the WAL after the last commit.
  int wal_pages() const noexcept { return wal_pages_; }

  // -- snapshots ----------------------------------------------------------------------------------

  // A reader's snapshot is a transaction. The writer's is a statement that was stepped and not reset, so that the read
  // transaction below the writes stays open from one to the next; statements and groups renew it by themselves, and what
  // cannot run beside it (schema, settings, checkpoints, errors) ends it.

  /// Makes sure that the next read sees the newest commit: keeps the open snapshot where it is that, else opens another.
  void refresh_snapshot();
  /// The first half of it: false where another one must be opened.
  bool reuse_snapshot() noexcept;
  /// Which commit is the newest, for comparing.
  wal_index::header newest_commit() const noexcept {
    return index_.attached() ? index_.read() : wal_index::header{};
  }
  void drop_snapshot() noexcept;
  bool has_snapshot() const noexcept { return snapshot_open_; }

  /// False where a transaction could not be ended (out of memory): the connection must be closed, and another one opened.
  bool is_usable() const noexcept { return !broken_; }

  // -- the planner's statistics -------------------------------------------------------------------

  /// A host changed them by the native handle, or a statement that failed may have.
  bool statistics_changed() const noexcept { return auth_.statistics_changed; }
  /// Makes every connection read the schema, and with it the statistics, anew: SQLite reads them with the schema and at no other time.
  /// In the open transaction where there is one. Throws `error`.
  void publish_statistics();

  // -- the rest -----------------------------------------------------------------------------------

  /// When the exactly-once records are looked through for old ones again.
  clock::time_point next_prune{};

  checkpoint_result checkpoint(checkpoint_mode mode);
  /// A commit that changes nothing, in the place of one that failed: what the WAL held of that is overwritten.
  void commit_noop();
  /// The database file, or its WAL, is no longer the one that was opened. Empty where all is well.
  std::string check_file_identity();
  /// A file was cut short: what was read may be what nobody wrote.
  bool is_truncated() noexcept;
  /// Throws `errc::fenced` where somebody saw that already: no look.
  void throw_if_fenced(outcome outcome) const;
  /// What was seen already, in words; null where all is well.
  const char* fence_reason() const noexcept;
  /// The same before a write: looks only where the last look was a while ago.
  std::string check_file_identity_if_stale();
  void apply_pragma(const std::string& name, const std::string& text);

  /// For a raw connection: readers otherwise attach nothing.
  void allow_attach() noexcept;
  void set_authority(authority a) noexcept { auth_.acting_as = a; }
  authority current_authority() const noexcept { return auth_.acting_as; }
  /// Runs the engine's own SQL.
  void engine_sql(const char* sql);
  std::int64_t engine_integer(const char* sql);
  std::string engine_text(const char* sql);

  sqlite3* handle() const noexcept { return db_; }
  const location& where() const noexcept { return where_; }
  bool wal() const noexcept { return wal_; }
  void interrupt() noexcept;
  /// Gives up the memory that can be had again: clean pages and the mapping of the file. Between two statements.
  void release_memory() noexcept;

  struct counters {
    std::uint64_t cache_hits = 0, cache_misses = 0, snapshots_reused = 0, snapshots_opened = 0;
  };
  counters read_counters() const noexcept {
    return {cache_.hits(), cache_.misses(), reused_, opened_};
  }

  /// Installs `c` as the request that runs, for the handlers.
  class request_scope {
  public:
    request_scope(connection& c, request_control& ctl) noexcept
        : connection_(&c), before_(c.current_) {
      c.current_ = &ctl;
      if (c.collations_)
        c.collations_->begin();
    }
    ~request_scope() { connection_->current_ = before_; }
    request_scope(const request_scope&) = delete;
    request_scope& operator=(const request_scope&) = delete;

  private:
    connection* connection_;
    request_control* before_;
  };

private:
  friend class cursor;
  class statement_use; // a statement in use
  class undo_point;
  class statistics_change;

  void open();
  void configure();
  void check_is_database();
  void roll_back_journal();
  std::string switch_to_wal();
  void leak_handle();

  prepared* prepare(std::string_view sql);
  std::unique_ptr<prepared> compile(std::string_view sql, std::size_t* consumed, std::size_t base,
                                    bool terminated = false);
  bool belongs_to_writer(const prepared& p) const noexcept;
  rows collect(prepared& p, std::size_t batch, bool& done, request_control& c);
  rows collect_all(prepared& p, request_control& c);
  void discard_result(prepared& p) noexcept;
  rows collect_or_undo(prepared& p, request_control& c);
  void refresh_columns(prepared& p);
  [[noreturn]] void fail(int code, request_control& c, const prepared* p);
  /// SQLite's answer to a handler that says stop. Anything else, an I/O error above all, is told as it is.
  static bool is_stop_code(int code) noexcept;
  /// Every step of a request's statement: the progress handler must know which one it may stop.
  /// `SQLITE_ERROR` where a collation of the host threw meanwhile.
  int step(sqlite3_stmt* s) noexcept;
  int step_own(sqlite3_stmt* s) noexcept;
  int step_read_txn() noexcept;
  void use_mapping(bool on) noexcept;
  void prepare_snapshot(prepared& p);
  void refresh_facts(prepared& p);
  void save_change_count() noexcept;
  outcome outcome_of(int code, const prepared* p);
  bool rows_were_kept(int code, const prepared& p);
  bool has_fail_conflict(const prepared& p);
  prepared* multi_row_variant(prepared& p);
  bool is_plain_table(const std::string& name) noexcept;
  void insert_batched(prepared& p, std::span<const params> sets, batch_result& result,
                      request_control& c);
  void drop_stale_snapshot() noexcept;
  void force_schema_check() noexcept;
  int first_step(prepared& p) noexcept;
  void forbid_change_counts(const prepared& p) const;
  view_sizes& views();
  void refuse_many_copies(std::string_view sql, std::size_t offset);
  [[noreturn]] void fail_to_prepare(int rc, std::size_t offset);
  void refuse_large_views(std::string_view create_view);
  void register_functions();
  static void record_cost(prepared& p, std::size_t bytes, const request_control& c) noexcept;

  outcome outcome_when_truncated(const prepared* p, const request_control& c,
                                 bool failed) const noexcept;
  void keep_wal() noexcept;

  static int on_progress(void* self);
  static int on_busy(void* self, int count);
  static int on_commit(void* self);
  static int on_wal(void* self, sqlite3* db, const char* name, int pages);
  static int on_trace(unsigned what, void* self, void* p, void* x);

  location where_;
  role role_;
  std::shared_ptr<const options> options_;
  std::unique_ptr<SQLite::Database> database_;
  sqlite3* db_ = nullptr;
  authorizer auth_;
  statement_cache cache_;
  wal_index index_;
  wal_index::header header_{};
  request_control* current_ = nullptr;
  std::shared_ptr<stop_test> stop_;
  std::shared_ptr<collation_failure> collations_; // null without collations of the host
  std::shared_ptr<rowid_mark> rowid_mark_;
  sqlite3_stmt* stepping_ = nullptr; // null between two steps
  bool refuses_commits_ = false;     // while a statement is undone whose commit is its end
  bool rows_left_ = false;
  clock::time_point busy_since_{};
  bool opening_ = true; // until it is open all its waits are one
  sqlite3_stmt* begin_ = nullptr;
  sqlite3_stmt* begin_immediate_ = nullptr;
  sqlite3_stmt* commit_ = nullptr;
  sqlite3_stmt* rollback_ = nullptr;
  sqlite3_stmt* savepoint_ = nullptr;
  sqlite3_stmt* release_ = nullptr;
  sqlite3_stmt* read_txn_stmt_ = nullptr; // the writer's snapshot
  std::atomic<std::uint64_t> commits_{0};
  int wal_pages_ = 0;
  bool wal_ = false;
  bool snapshot_open_ = false;
  bool broken_ = false;             // see `sound`
  std::int64_t changes_before_ = 0; // total changes when the statement that runs began
  std::uint32_t schema_ = 0;        // moves where what is known of prepared statements may be old
  int read_txn_reprepares_ = 0;
  bool schema_touched_ = false;       // in the open transaction
  std::unique_ptr<view_sizes> views_; // made where a statement names one
  std::uint64_t reused_ = 0;
  std::uint64_t opened_ = 0;
  file_identity files_;
  bool mapping_ = true; // of the file into memory, where `mmap_size` allows it
  int brief_snapshots_ = 0;
  int reads_of_snapshot_ = 0;
  int cache_misses_ = 0;
  std::uint64_t reused_before_ = 0;
};

} // namespace dbengine::sqlite
