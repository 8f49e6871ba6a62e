// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// The synchronous engine for plain C++. It needs no CAF and no SQLite header.
///
/// Thread safety: `db_engine` may be used from any number of threads at once. `transaction`,
/// `snapshot`, `raw_connection` and `cursor` belong to the thread that obtained them.
/// Ownership: `db_engine` owns its workers and its file lock; it must outlive everything obtained
/// from it.
/// Errors: thrown as `dbengine::error`.

#pragma once

#include <dbengine/remote.hpp>
#include <dbengine/scopes.hpp>

#include <concepts>
#include <type_traits>

namespace dbengine {

/// All requests that have properties; shared by `db_engine` (its defaults) and `request_view`
/// (those given). `Derived` implements `detail::backend& backend() const` and `const
/// request_options& properties() const`.
template <class Derived>
class requesting : public writing<Derived> {
public:
  /// Runs several operations in one immediate transaction and returns a result for each. Any
  /// failure rolls back all (DDL too); the error has the index of the operation.
  std::vector<operation_result> execute_transaction(std::span<const operation> ops) const {
    return engine().transact(ops, props());
  }
  /// As above, with the operations in braces.
  std::vector<operation_result> execute_transaction(std::initializer_list<operation> ops) const {
    return engine().transact(std::span(ops.begin(), ops.size()), props());
  }

  /// Runs many statements of one text. SQLite itself splits them, so triggers, comments and strings
  /// may contain semicolons.
  ///
  /// Errors: with `all_or_nothing` the first failure, whose `index` is the statement's position and
  /// whose `offset` counts from the start of the text. With `continue_on_error` failures are in the
  /// result, and such a script takes no id (`errc::invalid_option`).
  script_result execute_script(std::string_view sql,
                               script_mode mode = script_mode::all_or_nothing) const {
    return engine().script(sql, mode, props());
  }

  /// Runs `f(transaction&)` on this thread in an immediate transaction and returns what `f`
  /// returns. It commits when `f` returns and rolls back when `f` throws. Inside another `write` of
  /// the same thread it is a savepoint.
  /// The request's timeout bounds the wait for the writer and then each statement; `f` itself and
  /// the commit have no deadline.
  template <std::invocable<transaction&> F>
  auto write(F&& f) const {
    return transaction::run(engine().begin_write(props()), std::forward<F>(f));
  }

  /// Runs `f(snapshot&)` on this thread with one snapshot for all its reads and returns what `f`
  /// returns. The request's timeout bounds each statement, as in `write`.
  template <std::invocable<snapshot&> F>
  auto read(F&& f) const {
    auto s = engine().begin_read(props());
    snapshot view(*s);
    return std::forward<F>(f)(view);
  }

  /// Streams a result of any size. `batch`: rows per page, at least 1. The request's timeout bounds
  /// each page. Only statements that read are accepted (`errc::not_allowed`).
  dbengine::cursor cursor(std::string_view sql, const params& p = {},
                          std::size_t batch = defaults::cursor_batch) const {
    return this->with(p, [&](const params_view& v) {
      return dbengine::cursor(engine().open_cursor(sql, v, batch, props()));
    });
  }

  /// Leases a connection with its native handle: a reader's if `read_only`, otherwise the writer's,
  /// which blocks all other writes until the end of the scope.
  dbengine::raw_connection raw_connection(bool read_only = false) const {
    return dbengine::raw_connection(engine().begin_raw(read_only, props()));
  }
  /// `raw_connection` under its name in jpy-sync-db-lite.
  dbengine::raw_connection get_raw_connection(bool read_only = false) const {
    return raw_connection(read_only);
  }

  /// Makes a backup and waits for it. True on success; false at once if another backup runs. Throws
  /// `errc::backup_failed`.
  bool request_backup() const { return engine().request_backup(props()); }
  /// Makes a verified backup at the given path; never replaces an existing file. Throws
  /// `errc::busy` beside another backup; with `backup_enabled` one begins when the engine opens.
  void backup_to(const std::filesystem::path& target,
                 const progress_callback& progress = {}) const {
    engine().backup_to(target, progress, props());
  }

  /// Rebuilds the file without its free pages. While it runs, it needs the size of the database
  /// again on the disk, and all other writes wait.
  void vacuum() const { engine().vacuum(props()); }
  /// Gathers statistics for the query planner: for one table, or for all.
  void analyze(std::string_view table = {}) const { engine().analyze(table, props()); }
  /// Runs SQLite's `PRAGMA optimize`, which gathers statistics for the query planner if it
  /// considers that worthwhile. Also done at open.
  void optimize() const { engine().optimize(props()); }
  /// Checks the database and returns the problems; empty if there are none. `quick` does not
  /// compare indexes with their tables.
  std::vector<std::string> integrity_check(bool quick = false) const {
    return engine().integrity_check(quick, props());
  }
  /// Copies the content of the WAL into the database file. If other readers or writers prevent a
  /// complete checkpoint, that is reported in the result, not as an error.
  checkpoint_result checkpoint(checkpoint_mode mode = checkpoint_mode::truncate) const {
    return engine().checkpoint(mode, props());
  }
  /// Sets a pragma on every connection of the engine. Only pragmas whose change is safe are
  /// accepted: `user_version`, `application_id`, `analysis_limit`, `journal_size_limit` and
  /// `max_page_count`.
  /// Errors: `errc::not_allowed` for any other pragma, `errc::range` if `v` is no integer that the
  /// pragma takes.
  void set_pragma(std::string_view name, const value& v) const {
    engine().set_pragma(name, v, props());
  }

  // What `fetch` and `execute` call.
  rows run_fetch(std::string_view sql, const params_view& p) const {
    return engine().fetch(sql, p, props());
  }
  write_result run_execute(std::string_view sql, const params_view& p) const {
    return engine().execute(sql, p, props());
  }
  batch_result run_many(std::string_view sql, std::span<const params> sets) const {
    return engine().execute_many(sql, sets, props());
  }

private:
  detail::backend& engine() const { return this->self().backend(); }
  const request_options& props() const { return this->self().properties(); }
};

/// The engine with bound request properties: `db.with_timeout(100ms).fetch(…)`. Valid as long as
/// the engine.
class request_view : public requesting<request_view> {
public:
  /// Made by `db_engine::with` and its like. Refers to `b`, which must outlive it.
  request_view(detail::backend& b, request_options o) : backend_(&b), options_(std::move(o)) {}

  // For the library.
  detail::backend& backend() const noexcept { return *backend_; }
  /// The properties that are bound so far.
  const request_options& properties() const noexcept { return options_; }

  /// Sets the time from the call to the answer, instead of `options::request_timeout`. In `write`,
  /// `read` and `raw_connection` it bounds the wait for the connection and then each statement, and
  /// for a cursor each page. Zero or less counts as expired; more than a year counts as a year.
  request_view with_timeout(std::chrono::milliseconds t) const {
    auto o = options_;
    o.timeout = t;
    return {*backend_, std::move(o)};
  }
  /// Cancels requests through `t`: a waiting request never runs, a running one is interrupted
  /// within 50 ms (`errc::cancelled`).
  request_view with_cancel(std::stop_token t) const {
    auto o = options_;
    o.cancel = std::move(t);
    return {*backend_, std::move(o)};
  }
  /// Sets which requests run first if several wait.
  request_view with_priority(dbengine::priority p) const {
    auto o = options_;
    o.priority = p;
    return {*backend_, std::move(o)};
  }
  /// Makes a write exactly-once, see `request_options::id`. An id runs once; if it belongs to
  /// another request, the write fails with `errc::invalid_state`.
  request_view with_id(std::string id) const {
    auto o = options_;
    o.id = std::move(id);
    return {*backend_, std::move(o)};
  }

private:
  detail::backend* backend_;
  request_options options_;
};

/// One database: a writer, readers and their supervision around one file (or memory), or a
/// connection to an engine of another process.
/// Thread safety: any number of threads may call at once. Every call blocks until its answer.
/// Errors: every call throws `error` on failure.
class db_engine : public requesting<db_engine> {
public:
  /// Opens a database: `sqlite:///rel.db`, `sqlite:////abs.db`, `sqlite://` (memory),
  /// `sqlite:///file:x.db?mode=ro&uri=true` or a bare path. Throws `error` with the reason; nothing
  /// is created or changed then.
  explicit db_engine(std::string_view database_url, options o = {});

  /// Connects to the engine that another process publishes at `host:port` (`[IPv6]:port`). All
  /// functions of this class work except `write`, `read`, `raw_connection` and `backup_to`
  /// (`errc::not_allowed`). Throws `error` if the engine cannot be reached or is not a dbengine.
  ///
  /// A lost connection is restored, with backoff. Requests in flight at the loss: a read, or a
  /// write with an id, is sent again within its deadline; other writes fail with
  /// `errc::outcome_unknown`. Without a connection a request waits 2 s, then fails with
  /// `errc::unreachable`. `shutdown` closes the connection, not the engine.
  static db_engine connect(std::string_view address, const remote_options& o = {});

  /// Every request to the moved-from object throws `errc::invalid_state`. Scopes, cursors and
  /// request views that were made before remain valid.
  db_engine(db_engine&&) noexcept;
  /// Shuts down the engine of the left side first, as its destructor does.
  db_engine& operator=(db_engine&&) noexcept;
  /// Calls `shutdown`.
  ~db_engine();

  /// Binds properties to the calls on the result: see `request_view`, which has the same functions
  /// to add more.
  request_view with(request_options o) const { return {backend(), std::move(o)}; }
  /// `request_view::with_timeout`, without other properties.
  request_view with_timeout(std::chrono::milliseconds t) const { return with({}).with_timeout(t); }
  /// `request_view::with_cancel`, without other properties.
  request_view with_cancel(std::stop_token t) const { return with({}).with_cancel(std::move(t)); }
  /// `request_view::with_priority`, without other properties.
  request_view with_priority(dbengine::priority p) const { return with({}).with_priority(p); }
  /// `request_view::with_id`, without other properties.
  request_view with_id(std::string id) const { return with({}).with_id(std::move(id)); }

  /// Settings, state and files of the backups, newest first. Reads the folder.
  dbengine::backup_info get_backup_info() const { return backend().backup_info(); }
  /// Counters and times since the engine was opened, and its current state. Cost: two messages and
  /// a sample of the disk, which is awaited for 250 ms at most; no lock that requests take.
  statistics get_stats() const { return backend().statistics(); }
  /// Health of every worker, the file, the disk, the WAL and the last backup.
  health_report health() const { return backend().health(); }
  /// Versions, sizes and pragmas of the open database. Cost: it queries SQLite on a reader.
  dbengine::database_info database_info() const { return backend().database_info(); }

  /// Stops accepting requests. Waiting requests are finished within `shutdown_timeout`, the others
  /// fail with `errc::shut_down`; then the WAL is checkpointed and every file is closed.
  /// Idempotent; later calls fail with `errc::shut_down` at once.
  ///
  /// A cursor or `read` that runs no statement at that moment is not waited for: its connection is
  /// closed, its next call fails with `errc::shut_down`. An idle raw connection is not waited for
  /// either; it keeps its connection, and the writer's also the file lock, until the end of its
  /// scope.
  void shutdown();

  // For the library.
  detail::backend& backend() const;
  /// The properties of calls on the engine itself: none is set.
  const request_options& properties() const noexcept;

private:
  explicit db_engine(std::shared_ptr<detail::backend> b) noexcept : backend_(std::move(b)) {}

  std::shared_ptr<detail::backend> backend_;
};

/// `db_engine` under its name in jpy-sync-db-lite.
using DbEngine = db_engine;

} // namespace dbengine
