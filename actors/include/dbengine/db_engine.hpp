// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The synchronous engine for plain C++. It needs no CAF and no SQLite header.
//
// Thread safety: `db_engine` may be used from any number of threads at once. `transaction`,
// `snapshot`, `raw_connection` and `cursor` belong to the thread that obtained them.
// Ownership: `db_engine` owns its workers and its file lock; it must outlive everything obtained
// from it.
// Errors: thrown as `dbengine::error`.

#pragma once

#include <dbengine/backend.hpp>
#include <dbengine/mapping.hpp>
#include <dbengine/remote.hpp>

#include <array>
#include <concepts>
#include <type_traits>

namespace dbengine {

/// Reading statements, for every class that can run them. `Derived` implements `rows run_fetch(sql,
/// params_view)`.
template <class Derived>
class reading {
public:
  /// Runs one statement and returns all its rows. Parameters: `fetch(sql, {{"name", v}, …})` or
  /// `fetch(sql, a, b, …)`.
  rows fetch(std::string_view sql, const params& p = {}) const {
    return with(p, [&](const params_view& v) { return self().run_fetch(sql, v); });
  }
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) rows fetch(std::string_view sql, const Ts&... xs)
  const {
    return with_args([&](const params_view& v) { return self().run_fetch(sql, v); },
                     detail::hold(xs)...);
  }

  /// The first row; nullopt if there is none.
  template <class... Ps>
  std::optional<owned_row> fetch_one(std::string_view sql, const Ps&... xs) const {
    return first(fetch(sql, xs...));
  }
  std::optional<owned_row> fetch_one(std::string_view sql,
                                     std::initializer_list<named_value> p) const {
    return first(fetch(sql, params(p)));
  }

  /// The first column of the first row as `T`; nullopt if there is no row or the value is null. `T`
  /// must own its bytes (`std::string`, `blob`), because the rows are released before the value is
  /// used.
  template <class T, class... Ps>
  requires(!detail::is_view<T>) std::optional<T> fetch_value(std::string_view sql, const Ps&... xs)
  const { return scalar<T>(fetch(sql, xs...)); }
  template <class T>
  requires(!detail::is_view<T>) std::optional<T> fetch_value(std::string_view sql,
                                                             std::initializer_list<named_value> p)
  const { return scalar<T>(fetch(sql, params(p))); }

  /// Each row as a struct, column by column in the order of its members (see `to_struct`). The
  /// members must own their bytes.
  template <class T, class... Ps>
  std::vector<T> fetch_as(std::string_view sql, const Ps&... xs) const {
    return structs<T>(fetch(sql, xs...));
  }
  template <class T>
  std::vector<T> fetch_as(std::string_view sql, std::initializer_list<named_value> p) const {
    return structs<T>(fetch(sql, params(p)));
  }

protected:
  const Derived& self() const noexcept { return static_cast<const Derived&>(*this); }

  template <class F>
  static auto with(const params& p, F&& run) {
    if (p.named())
      return run(params_view{&p, {}});
    std::vector<value_ref> refs(p.values().begin(), p.values().end());
    return run(params_view{nullptr, refs});
  }
  template <class F, class... Hs>
  static auto with_args(F&& run, const Hs&... held) {
    const std::array<value_ref, sizeof...(Hs)> refs{value_ref(held)...};
    return run(params_view{nullptr, refs});
  }

private:
  static std::optional<owned_row> first(rows r) {
    if (r.empty())
      return std::nullopt;
    return owned_row(std::move(r), 0);
  }
  template <class T>
  static std::optional<T> scalar(const rows& r) {
    if (r.empty())
      return std::nullopt;
    return r[0][std::size_t{0}].template as<std::optional<T>>();
  }
  template <class T>
  static std::vector<T> structs(const rows& r) {
    std::vector<T> result;
    result.reserve(r.size());
    for (const auto& x : r)
      result.push_back(detail::make_struct<T, false>(x));
    return result;
  }
};

/// Writing statements. `Derived` also implements `run_execute(sql, params_view)` and `run_many(sql,
/// sets)`.
template <class Derived>
class writing : public reading<Derived> {
public:
  /// Runs one statement and returns after the commit that contains it.
  write_result execute(std::string_view sql, const params& p = {}) const {
    return this->with(p, [&](const params_view& v) { return this->self().run_execute(sql, v); });
  }
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) write_result execute(std::string_view sql, const Ts&... xs)
  const {
    return this->with_args([&](const params_view& v) { return this->self().run_execute(sql, v); },
                           detail::hold(xs)...);
  }
  /// Runs one statement once per parameter set, all or nothing. An error has the index of the
  /// failing set. Without sets nothing runs.
  batch_result execute_many(std::string_view sql, std::span<const params> sets) const {
    return this->self().run_many(sql, sets);
  }
};

/// An open write transaction on a lease of the write connection. `db_engine::write` passes it to
/// its function, commits it when the function returns and rolls it back when it throws.
class transaction : public writing<transaction> {
public:
  explicit transaction(detail::scope& s) noexcept : scope_(&s) {}
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// Runs `f` in a savepoint: released when `f` returns, rolled back when it throws.
  template <std::invocable<transaction&> F>
  auto write(F&& f) {
    return run(scope_->savepoint(), std::forward<F>(f));
  }

  rows run_fetch(std::string_view sql, const params_view& p) const { return scope_->fetch(sql, p); }
  write_result run_execute(std::string_view sql, const params_view& p) const {
    return scope_->execute(sql, p);
  }
  batch_result run_many(std::string_view sql, std::span<const params> s) const {
    return scope_->execute_many(sql, s);
  }

  template <class F>
  static auto run(std::unique_ptr<detail::scope> s, F&& f) {
    transaction tx(*s);
    if constexpr (std::is_void_v<std::invoke_result_t<F, transaction&>>) {
      call(*s, std::forward<F>(f), tx);
      s->commit();
    } else {
      auto result = call(*s, std::forward<F>(f), tx);
      s->commit();
      return result;
    }
  }

private:
  // An exception that leaves the transaction also rolls back the rows that the failed statement
  // kept.
  template <class F>
  static decltype(auto) call(const detail::scope& s, F&& f, transaction& tx) {
    try {
      return std::forward<F>(f)(tx);
    } catch (const error& e) {
      if (e.outcome() != outcome::partially_applied || !s.kept_part())
        throw;
      auto info = e.info();
      info.outcome = outcome::rolled_back;
      throw error(std::move(info));
    }
  }

  detail::scope* scope_;
};

/// One snapshot of the database for all reads inside `db_engine::read`.
class snapshot : public reading<snapshot> {
public:
  explicit snapshot(detail::scope& s) noexcept : scope_(&s) {}
  snapshot(const snapshot&) = delete;
  snapshot& operator=(const snapshot&) = delete;

  rows run_fetch(std::string_view sql, const params_view& p) const { return scope_->fetch(sql, p); }

private:
  detail::scope* scope_;
};

/// A scoped lease of a connection with everything SQLite can do, including its native handle. At
/// the end of the scope uncommitted work is rolled back, and the connection is reset or replaced
/// before it is used again. A statement that was prepared through the native handle and not
/// finalized may then only be finalized; a step returns an error (`no such table`).
/// Errors: every call on a moved-from lease throws `errc::invalid_state`.
class raw_connection : public writing<raw_connection> {
public:
  explicit raw_connection(std::unique_ptr<detail::scope> s) noexcept : scope_(std::move(s)) {}

  /// Valid until the end of the scope. Do not close it.
  sqlite3* native_handle() const { return scope().native_handle(); }

  rows run_fetch(std::string_view sql, const params_view& p) const { return scope().fetch(sql, p); }
  write_result run_execute(std::string_view sql, const params_view& p) const {
    return scope().execute(sql, p);
  }
  batch_result run_many(std::string_view sql, std::span<const params> s) const {
    return scope().execute_many(sql, s);
  }

private:
  detail::scope& scope() const {
    if (!scope_)
      throw error(errc::invalid_state, "the raw connection was moved away");
    return *scope_;
  }

  std::unique_ptr<detail::scope> scope_;
};

/// A running query that returns its rows in pages, in constant memory: the rows as of the moment
/// when it was opened. Its destructor closes it.
/// Errors: every call on a moved-from cursor throws `errc::invalid_state`.
class cursor {
public:
  explicit cursor(std::unique_ptr<detail::cursor_source> s) noexcept : source_(std::move(s)) {}

  /// The next rows, at most the page size; empty at the end.
  rows next() {
    if (!source_)
      throw error(errc::invalid_state, "the cursor was moved away");
    return source_->next();
  }

  class iterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using value_type = row;
    using difference_type = std::ptrdiff_t;

    explicit iterator(cursor& c) : cursor_(&c), batch_(c.next()) {}
    row operator*() const { return batch_[index_]; }
    iterator& operator++() {
      if (++index_ == batch_.size()) {
        batch_ = cursor_->next();
        index_ = 0;
      }
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& i, std::default_sentinel_t) noexcept {
      return i.batch_.empty();
    }

  private:
    cursor* cursor_;
    rows batch_;
    std::size_t index_ = 0;
  };

  /// Row by row: `for (auto r : db.cursor("SELECT …"))`. A row is valid until the next step.
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

private:
  std::unique_ptr<detail::cursor_source> source_;
};

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
  std::vector<operation_result> execute_transaction(std::initializer_list<operation> ops) const {
    return engine().transact(std::span(ops.begin(), ops.size()), props());
  }

  /// Runs many statements of one text. SQLite itself splits them, so triggers, comments and strings
  /// may contain semicolons.
  script_result execute_script(std::string_view sql,
                               script_mode mode = script_mode::all_or_nothing) const {
    return engine().script(sql, mode, props());
  }

  /// Runs `f(transaction&)` on this thread in an immediate transaction and returns what `f`
  /// returns. It commits when `f` returns and rolls back when `f` throws. Inside another `write` of
  /// the same thread it is a savepoint.
  template <std::invocable<transaction&> F>
  auto write(F&& f) const {
    return transaction::run(engine().begin_write(props()), std::forward<F>(f));
  }

  /// Runs `f(snapshot&)` on this thread with one snapshot for all its reads and returns what `f`
  /// returns.
  template <std::invocable<snapshot&> F>
  auto read(F&& f) const {
    auto s = engine().begin_read(props());
    snapshot view(*s);
    return std::forward<F>(f)(view);
  }

  /// Streams a result of any size. `batch`: rows per page. The request's deadline bounds each page.
  dbengine::cursor cursor(std::string_view sql, const params& p = {},
                          std::size_t batch = defaults::cursor_batch) const {
    return this->with(p, [&](const params_view& v) {
      return dbengine::cursor(engine().open_cursor(sql, v, batch, props()));
    });
  }

  /// Leases a connection with its native handle: a reader's if `read_only`, else the writer's,
  /// which blocks all other writes until the end of the scope. `get_raw_connection` is the name in
  /// jpy-sync-db-lite.
  dbengine::raw_connection raw_connection(bool read_only = false) const {
    return dbengine::raw_connection(engine().begin_raw(read_only, props()));
  }
  dbengine::raw_connection get_raw_connection(bool read_only = false) const {
    return raw_connection(read_only);
  }

  /// Makes a backup and waits for it. True on success; false at once if another backup runs. Throws
  /// `errc::backup_failed`.
  bool request_backup() const { return engine().request_backup(props()); }
  /// Makes a verified backup at a path of the caller's choice; never replaces an existing file.
  void backup_to(const std::filesystem::path& target,
                 const progress_callback& progress = {}) const {
    engine().backup_to(target, progress, props());
  }

  /// Rebuilds the file without its free pages. It needs the size of the database again while it
  /// runs, and all other writes wait.
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
  /// accepted (`errc::not_allowed` lists them), and only values of their type.
  void set_pragma(std::string_view name, const value& v) const {
    engine().set_pragma(name, v, props());
  }

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
  request_view(detail::backend& b, request_options o) : backend_(&b), options_(std::move(o)) {}

  detail::backend& backend() const noexcept { return *backend_; }
  const request_options& properties() const noexcept { return options_; }

  /// Sets the time from the call to the answer, instead of `options::request_timeout`. Zero or less
  /// has expired; more than a year counts as a year.
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
  /// Makes a write exactly-once, see `request_options::id`: an id runs once; with another request
  /// it fails with `errc::invalid_state`.
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

  /// Connects to the engine that another process publishes at `host:port` (`[IPv6]:port`). All of
  /// this class works but `write`, `read`, `raw_connection` and `backup_to` (`errc::not_allowed`).
  /// Throws `error` if the engine cannot be reached or is not a dbengine.
  ///
  /// A lost connection is restored, with backoff. Requests in flight at the loss: a read, or a
  /// write with an id, is sent again within its deadline; other writes fail with
  /// `errc::outcome_unknown`. Without a connection a request waits 2 s, then fails with
  /// `errc::unreachable`. `shutdown` closes the connection, not the engine.
  static db_engine connect(std::string_view address, const remote_options& o = {});

  db_engine(db_engine&&) noexcept;
  db_engine& operator=(db_engine&&) noexcept;
  /// Calls `shutdown`.
  ~db_engine();

  /// Binds properties to the calls on the result: see `request_view`, which has the same functions
  /// to add more.
  request_view with(request_options o) const { return {backend(), std::move(o)}; }
  request_view with_timeout(std::chrono::milliseconds t) const { return with({}).with_timeout(t); }
  request_view with_cancel(std::stop_token t) const { return with({}).with_cancel(std::move(t)); }
  request_view with_priority(dbengine::priority p) const { return with({}).with_priority(p); }
  request_view with_id(std::string id) const { return with({}).with_id(std::move(id)); }

  /// Settings, state and files of the backups, newest first. Reads the folder.
  dbengine::backup_info get_backup_info() const { return backend().backup_info(); }
  /// Counters and times since the engine was opened, and its current state. Cost: a few
  /// microseconds, and no lock that requests take.
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

  detail::backend& backend() const;
  const request_options& properties() const noexcept;

private:
  explicit db_engine(std::shared_ptr<detail::backend> b) noexcept : backend_(std::move(b)) {}

  std::shared_ptr<detail::backend> backend_;
};

/// The name in jpy-sync-db-lite.
using DbEngine = db_engine;

} // namespace dbengine
