// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The synchronous engine for plain C++: any number of threads, no CAF and no SQLite header needed.
//
// Thread rule: `db_engine` may be used from any number of threads at once. `transaction`, `snapshot`,
// `raw_connection` and `cursor` belong to the thread that got them. Ownership: `db_engine` owns its workers
// and its file lock; it outlives everything obtained from it. Failures are thrown as `dbengine::error`.

#pragma once

#include <dbengine/backend.hpp>
#include <dbengine/mapping.hpp>
#include <dbengine/remote.hpp>

#include <array>
#include <concepts>
#include <type_traits>

namespace dbengine {

/// Statements that read, for every class that can run them. `Derived` gives `rows run_fetch(sql, params_view)`.
template <class Derived>
class reading {
public:
  /// Runs one statement and returns all its rows. Parameters: `fetch(sql, {{"name", v}, …})` or `fetch(sql, a, b, …)`.
  rows fetch(std::string_view sql, const params& p = {}) const {
    return with(p, [&](const params_view& v) { return self().run_fetch(sql, v); });
  }
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) rows fetch(std::string_view sql, const Ts&... xs)
  const {
    return with_args([&](const params_view& v) { return self().run_fetch(sql, v); },
                     detail::hold(xs)...);
  }

  /// The first row, nothing where there is none.
  template <class... Ps>
  std::optional<owned_row> fetch_one(std::string_view sql, const Ps&... xs) const {
    return first(fetch(sql, xs...));
  }
  std::optional<owned_row> fetch_one(std::string_view sql,
                                     std::initializer_list<named_value> p) const {
    return first(fetch(sql, params(p)));
  }

  /// The first column of the first row as `T`; nothing where there is no row or the value is null. `T` owns its bytes (`std::string`,
  /// `blob`): the rows are gone when the value is used.
  template <class T, class... Ps>
  requires(!detail::is_view<T>) std::optional<T> fetch_value(std::string_view sql, const Ps&... xs)
  const { return scalar<T>(fetch(sql, xs...)); }
  template <class T>
  requires(!detail::is_view<T>) std::optional<T> fetch_value(std::string_view sql,
                                                             std::initializer_list<named_value> p)
  const { return scalar<T>(fetch(sql, params(p))); }

  /// Each row as a struct, column by column in the order of its members (see `to_struct`), which must own their bytes.
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

/// Statements that write. `Derived` gives `run_execute(sql, params_view)` and `run_many(sql, sets)` too.
template <class Derived>
class writing : public reading<Derived> {
public:
  /// Runs one statement; the answer comes after the commit that holds it.
  write_result execute(std::string_view sql, const params& p = {}) const {
    return this->with(p, [&](const params_view& v) { return this->self().run_execute(sql, v); });
  }
  template <bindable... Ts>
  requires(sizeof...(Ts) > 0) write_result execute(std::string_view sql, const Ts&... xs)
  const {
    return this->with_args([&](const params_view& v) { return this->self().run_execute(sql, v); },
                           detail::hold(xs)...);
  }
  /// Runs one statement once per set, all or nothing. An error names the index of the failing set. No sets: nothing runs.
  batch_result execute_many(std::string_view sql, std::span<const params> sets) const {
    return this->self().run_many(sql, sets);
  }
};

/// An open write transaction on a lease of the write connection. Handed to the function of
/// `db_engine::write`; committed when that returns, rolled back when it throws.
class transaction : public writing<transaction> {
public:
  explicit transaction(detail::scope& s) noexcept : scope_(&s) {}
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// A savepoint: released when the function returns, undone when it throws.
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
  // What a statement kept of itself goes with the transaction, where its error leaves that.
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

/// A scoped lease of a connection with everything SQLite can do, its native handle included. At the end of
/// the scope, work that is not committed is rolled back, and the connection is reset or replaced before
/// anybody else gets it. A statement that was prepared by the native handle and not finalized may only be finalized after that: to
/// step it is an error (`no such table`). Moved from, every call is `errc::invalid_state`.
class raw_connection : public writing<raw_connection> {
public:
  explicit raw_connection(std::unique_ptr<detail::scope> s) noexcept : scope_(std::move(s)) {}

  /// Valid until the end of the scope; not to be closed.
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

/// A running query that gives its rows in batches, in constant memory: the rows of the moment when it was opened. Abandoned, it
/// closes. Moved from, every call is `errc::invalid_state`.
class cursor {
public:
  explicit cursor(std::unique_ptr<detail::cursor_source> s) noexcept : source_(std::move(s)) {}

  /// The next rows, at most the batch size; empty at the end.
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

/// All requests that carry properties: shared by `db_engine` (its defaults) and `request_view` (those given).
/// `Derived` gives `detail::backend& backend() const` and `const request_options& properties() const`.
template <class Derived>
class requesting : public writing<Derived> {
public:
  /// Several operations in one immediate transaction, a result each; any failure undoes all (DDL too) and
  /// names the operation's index.
  std::vector<operation_result> execute_transaction(std::span<const operation> ops) const {
    return engine().transact(ops, props());
  }
  std::vector<operation_result> execute_transaction(std::initializer_list<operation> ops) const {
    return engine().transact(std::span(ops.begin(), ops.size()), props());
  }

  /// Many statements in one text, split by SQLite itself (triggers, comments and strings with semicolons are safe).
  script_result execute_script(std::string_view sql,
                               script_mode mode = script_mode::all_or_nothing) const {
    return engine().script(sql, mode, props());
  }

  /// Runs `f(transaction&)` on this thread in an immediate transaction: committed when it returns, rolled back
  /// when it throws. Inside another `write` of the same thread it is a savepoint. Returns what `f` returns.
  template <std::invocable<transaction&> F>
  auto write(F&& f) const {
    return transaction::run(engine().begin_write(props()), std::forward<F>(f));
  }

  /// Runs `f(snapshot&)` on this thread with one snapshot for all its reads. Returns what `f` returns.
  template <std::invocable<snapshot&> F>
  auto read(F&& f) const {
    auto s = engine().begin_read(props());
    snapshot view(*s);
    return std::forward<F>(f)(view);
  }

  /// Streams a result of any size. `batch`: rows fetched at a time. The request's deadline bounds each batch.
  dbengine::cursor cursor(std::string_view sql, const params& p = {},
                          std::size_t batch = defaults::cursor_batch) const {
    return this->with(p, [&](const params_view& v) {
      return dbengine::cursor(engine().open_cursor(sql, v, batch, props()));
    });
  }

  /// The seed's `get_raw_connection`. `read_only` lends a reader's connection, else the writer's (everybody else's
  /// writes wait for the end of the scope).
  dbengine::raw_connection raw_connection(bool read_only = false) const {
    return dbengine::raw_connection(engine().begin_raw(read_only, props()));
  }
  dbengine::raw_connection get_raw_connection(bool read_only = false) const {
    return raw_connection(read_only);
  }

  /// Makes a backup and waits for it: true on success, false at once where one is running. Throws
  /// `errc::backup_failed` where it failed.
  bool request_backup() const { return engine().request_backup(props()); }
  /// A backup into a path of the caller's, verified, never over an existing file.
  void backup_to(const std::filesystem::path& target,
                 const progress_callback& progress = {}) const {
    engine().backup_to(target, progress, props());
  }

  /// Rebuilds the file without its free pages. Needs as much space again while it runs, and everybody else's writes wait.
  void vacuum() const { engine().vacuum(props()); }
  /// All tables, or one.
  void analyze(std::string_view table = {}) const { engine().analyze(table, props()); }
  /// SQLite's `PRAGMA optimize`: gathers statistics for the query planner where it thinks that they pay. Done at open, too.
  void optimize() const { engine().optimize(props()); }
  /// The problems found, empty = good. `quick` leaves out that indexes match their tables.
  std::vector<std::string> integrity_check(bool quick = false) const {
    return engine().integrity_check(quick, props());
  }
  /// Moves what the WAL holds into the file. Not being able to move all because others read or write is no error: see the result.
  checkpoint_result checkpoint(checkpoint_mode mode = checkpoint_mode::truncate) const {
    return engine().checkpoint(mode, props());
  }
  /// Sets a pragma for every connection of the engine; only those whose change is safe
  /// (`errc::not_allowed` lists them) and only values of their kind.
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

/// The engine with the properties of a request bound: `db.with_timeout(100ms).fetch(…)`. Valid while the engine is.
class request_view : public requesting<request_view> {
public:
  request_view(detail::backend& b, request_options o) : backend_(&b), options_(std::move(o)) {}

  detail::backend& backend() const noexcept { return *backend_; }
  const request_options& properties() const noexcept { return options_; }

  /// From the call to the answer, instead of `options::request_timeout`. Zero or less has expired; more than a year is a year.
  request_view with_timeout(std::chrono::milliseconds t) const {
    auto o = options_;
    o.timeout = t;
    return {*backend_, std::move(o)};
  }
  /// A request that waits when `t` is asked to stop never runs; one that runs is interrupted within 50 ms (`errc::cancelled`).
  request_view with_cancel(std::stop_token t) const {
    auto o = options_;
    o.cancel = std::move(t);
    return {*backend_, std::move(o)};
  }
  /// Who goes first where several wait.
  request_view with_priority(dbengine::priority p) const {
    auto o = options_;
    o.priority = p;
    return {*backend_, std::move(o)};
  }
  /// Exactly-once for a write, see `request_options::id`: an id is done once; with another request it is `errc::invalid_state`.
  request_view with_id(std::string id) const {
    auto o = options_;
    o.id = std::move(id);
    return {*backend_, std::move(o)};
  }

private:
  detail::backend* backend_;
  request_options options_;
};

/// One database: a writer, readers and their supervision around one file (or memory), or the connection to an engine of another
/// process. Every call blocks until its answer and throws `error` where it fails; any number of threads may call at once.
class db_engine : public requesting<db_engine> {
public:
  /// Opens the database: `sqlite:///rel.db`, `sqlite:////abs.db`, `sqlite://` (memory), `sqlite:///file:x.db?mode=ro&uri=true`
  /// or a bare path. Throws `error` with the reason; nothing is created or changed then.
  explicit db_engine(std::string_view database_url, options o = {});

  /// Uses the engine that another process offers at `host:port` (`[IPv6]:port`): all of this class but `write`, `read`, `raw_connection`
  /// and `backup_to` (`errc::not_allowed`). Throws `error` where it cannot be reached or is none.
  ///
  /// A lost connection is made again, with backoff. Requests that were under way then: what only reads, or has an id, is sent again
  /// within its deadline; other writes are `errc::outcome_unknown`. While there is no connection a request waits 2 s, then it is
  /// `errc::unreachable`. `shutdown` ends the connection, not the engine.
  static db_engine connect(std::string_view address, const remote_options& o = {});

  db_engine(db_engine&&) noexcept;
  db_engine& operator=(db_engine&&) noexcept;
  /// Shuts down.
  ~db_engine();

  /// These properties for the calls made on the result: see `request_view`, which has the same functions to add more.
  request_view with(request_options o) const { return {backend(), std::move(o)}; }
  request_view with_timeout(std::chrono::milliseconds t) const { return with({}).with_timeout(t); }
  request_view with_cancel(std::stop_token t) const { return with({}).with_cancel(std::move(t)); }
  request_view with_priority(dbengine::priority p) const { return with({}).with_priority(p); }
  request_view with_id(std::string id) const { return with({}).with_id(std::move(id)); }

  /// Settings, state and files of the backups, the newest first. Reads the folder.
  dbengine::backup_info get_backup_info() const { return backend().backup_info(); }
  /// What was counted and measured since the engine was opened, and what waits now. Costs some microseconds; takes no lock of
  /// the requests.
  statistics get_stats() const { return backend().statistics(); }
  /// Whether all works: every worker, the file, the disk, the WAL, the last backup.
  health_report health() const { return backend().health(); }
  /// Versions, sizes and pragmas of the open database. Asks SQLite: needs a reader.
  dbengine::database_info database_info() const { return backend().database_info(); }

  /// No new requests; what waits is finished within `shutdown_timeout`, the rest answered `errc::shut_down`; the WAL
  /// is checkpointed and every file closed. A cursor or `read` that runs no statement at that moment is not waited for: its
  /// connection is closed, its next call is `errc::shut_down`. Neither is an idle raw connection, which keeps its connection, and the
  /// file's lock where it is the writer's, to the end of its scope. Idempotent; later calls fail at once with `errc::shut_down`.
  void shutdown();

  detail::backend& backend() const;
  const request_options& properties() const noexcept;

private:
  explicit db_engine(std::shared_ptr<detail::backend> b) noexcept : backend_(std::move(b)) {}

  std::shared_ptr<detail::backend> backend_;
};

/// The seed's name.
using DbEngine = db_engine;

} // namespace dbengine
