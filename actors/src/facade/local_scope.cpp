// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/local_scope.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"

namespace dbengine::actors::facade {

using sqlite::connection;
using sqlite::request_control;

namespace {

// A savepoint inside a write transaction.
class savepoint_scope final : public detail::scope {
public:
  savepoint_scope(local_scope& outer, connection& c, std::optional<request_options> own)
      : outer_(&outer), connection_(&c), own_(std::move(own)), rows_before_(outer.rows_so_far()) {
    c.savepoint();
  }
  ~savepoint_scope() override {
    if (ended_)
      return;
    connection_->rollback_to_savepoint();
    outer_->take_back_rows(rows_before_);
  }
  rows fetch(std::string_view sql, const params_view& p) override {
    const properties mine(*this);
    return outer_->fetch(sql, p);
  }
  write_result execute(std::string_view sql, const params_view& p) override {
    const properties mine(*this);
    return outer_->execute(sql, p);
  }
  batch_result execute_many(std::string_view sql, std::span<const params> sets) override {
    const properties mine(*this);
    return outer_->execute_many(sql, sets);
  }
  void commit() override {
    if (!connection_->in_transaction())
      throw error(errc::sql, "a statement ended the transaction that this savepoint belongs to");
    connection_->release_savepoint();
    ended_ = true;
  }
  std::unique_ptr<detail::scope> savepoint() override {
    outer_->check_open();
    return std::make_unique<savepoint_scope>(*outer_, *connection_, own_);
  }
  sqlite3* native_handle() noexcept override { return connection_->handle(); }
  bool kept_part() const noexcept override { return outer_->kept_part(); }

private:
  // Its own deadline and cancel token, while one of its statements runs.
  class properties {
  public:
    explicit properties(savepoint_scope& s) : scope_(&s) {
      if (s.own_)
        before_ = s.outer_->exchange_options(*s.own_);
    }
    ~properties() {
      if (before_)
        scope_->outer_->exchange_options(std::move(*before_));
    }
    properties(const properties&) = delete;
    properties& operator=(const properties&) = delete;

  private:
    savepoint_scope* scope_;
    std::optional<request_options> before_;
  };

  local_scope* outer_;
  connection* connection_;
  std::optional<request_options> own_;
  std::uint64_t rows_before_;
  bool ended_ = false;
};

} // namespace

local_scope::local_scope(local_backend& b, kind k, const request_options& o)
    : backend_(&b), house_(b.house_), kind_(k), options_(o) {}

void local_scope::begin(engine::lease* l) {
  lease_ = l;
  ended_ = false;
  auto& c = connection();
  try {
    switch (kind_) {
    case kind::write: {
      sqlite::request_control ctl = backend_->control_of(options_);
      c.set_authority(sqlite::authority::scope);
      c.begin_immediate(ctl);
      break;
    }
    case kind::read:
      c.drop_snapshot();
      c.begin_snapshot();
      break;
    case kind::raw_write:
    case kind::raw_read:
      c.drop_snapshot();
      c.set_authority(sqlite::authority::raw);
      if (kind_ == kind::raw_read)
        c.allow_attach();
      break;
    }
  } catch (const error&) {
    ended_ = true;
    count_write(true);
    c.rollback();
    give_back();
    throw;
  } catch (...) { // the connection failed, not its caller: it is replaced
    auto why = base::current_exception_info();
    ended_ = true;
    count_write(true);
    if (lease_ != nullptr)
      house_->core().leases().give_back(*lease_, true);
    else
      house_->core().writer().fail(why);
    why.code = errc::unavailable;
    throw error(std::move(why));
  }
  if (kind_ == kind::write)
    backend_->scope_.store(this, std::memory_order_relaxed);
  park();
}

void local_scope::park() noexcept {
  auto& core = house_->core();
  switch (kind_) {
  case kind::write: break; // its function runs: it is waited for
  case kind::read: core.leases().park(*lease_); break;
  case kind::raw_read: core.leases().park(*lease_, engine::lease::outside); break;
  case kind::raw_write: core.writer().set_held_outside(true); break;
  }
}

bool local_scope::resume() noexcept {
  if (lease_ != nullptr)
    return house_->core().leases().resume(*lease_);
  if (kind_ == kind::raw_write)
    house_->core().writer().set_held_outside(false);
  return true;
}

class local_scope::call {
public:
  explicit call(local_scope& s) : scope_(&s) {
    if (!s.resume())
      throw error(errc::shut_down, "the engine is shut down");
  }
  ~call() { scope_->park(); }
  call(const call&) = delete;
  call& operator=(const call&) = delete;

private:
  local_scope* scope_;
};

local_scope::~local_scope() {
  auto* mine = this; // one that never began is not there, but another thread's may be
  backend_->scope_.compare_exchange_strong(mine, nullptr, std::memory_order_relaxed);
  if (ended_ || !resume())
    return;
  count_write(true);
  if (!broken_) {
    connection().rollback();
    give_back();
  } else if (lease_ != nullptr) {
    house_->core().leases().give_back(*lease_, true);
  } else {
    house_->core().writer().fail(*broken_);
  }
}

connection& local_scope::connection() const {
  return lease_ != nullptr ? *lease_->conn : house_->core().writer().connection();
}

void local_scope::give_back() noexcept {
  auto& core = house_->core();
  auto& c = connection();
  switch (kind_) {
  case kind::write:
    c.set_authority(sqlite::authority::writer);
    core.writer().unlock();
    core.sweeper().arm();
    break;
  case kind::read: core.leases().give_back(*lease_); break;
  case kind::raw_read: core.leases().give_back(*lease_, true); break;
  case kind::raw_write:
    // What a raw connection did to its connection cannot be known: the next one is fresh.
    try {
      core.recovery().replace_connection();
      core.writer().unlock();
    } catch (...) {
      core.writer().fail(base::current_exception_info());
    }
    break;
  }
}

void local_scope::check_open() const {
  house_->core().calls().refuse_nested();
  if (ended_)
    throw error(errc::invalid_state, "the transaction has ended");
  if (broken_)
    throw error(errc::invalid_state, "the transaction has ended: its connection failed");
}

template <class F>
auto local_scope::run(F&& f) {
  check_open();
  auto& core = house_->core();
  core.calls().admit();
  const call running(*this);
  auto& c = connection();
  if (kind_ == kind::write && !c.in_transaction())
    throw error(
        errc::invalid_state,
        "an earlier statement ended the transaction (ROLLBACK conflict, full disk or interrupt)");
  if (kind_ == kind::read && !c.in_transaction()) // SQLite ends what reads, too, for such an error
    throw error(errc::invalid_state,
                "an earlier statement ended the snapshot (I/O error, full disk or out of memory)");
  sqlite::request_control ctl = backend_->control_of(options_);
  try {
    return std::forward<F>(f)(c, ctl);
  } catch (const sqlite::needs_writer&) {
    throw error(errc::read_only, "the statement writes, and this is a snapshot");
  } catch (const error& e) {
    core.disk().record_failure(e.info());
    kept_part_ = kept_part_ || e.outcome() == outcome::partially_applied;
    if (kind_ == kind::raw_write && !c.in_transaction()) // it may have been its commit that failed
      throw error(core.recovery().resolve_failed_commit(c, e.info()));
    throw;
  } catch (
      ...) { // the connection failed, not its caller: it is replaced when the scope ends, savepoints may still hold it
    broken_ = base::current_exception_info();
    auto why = *broken_;
    why.code = errc::unavailable;
    why.outcome = outcome::rolled_back;
    throw error(std::move(why));
  }
}

void local_scope::count_write(bool failed) noexcept {
  if (kind_ != kind::write || std::exchange(counted_, true))
    return;
  auto& counts = house_->core().counters().writer.of(request_class::transaction);
  counts.count.add();
  if (failed)
    counts.errors.add();
  else
    counts.rows.add(rows_);
}

rows local_scope::fetch(std::string_view sql, const params_view& p) {
  const auto fetched = [&] {
    return run([&](auto& c, sqlite::request_control& ctl) { return c.fetch(sql, p, ctl); });
  };
  if (kind_ != kind::read) {
    auto result = fetched();
    rows_ += result.size();
    return result;
  }
  // As a fetch by itself.
  auto& counts = lease_->counts;
  const auto start =
      counts.count.get() % 16 == 0 ? sqlite::clock::now() : sqlite::clock::time_point{};
  try {
    auto result = fetched();
    counts.count.add();
    counts.rows.add(result.size());
    if (start != sqlite::clock::time_point{})
      counts.run.record(sqlite::clock::now() - start);
    return result;
  } catch (const error& e) {
    counts.count.add();
    counts.errors.add();
    if (e.code() == errc::timeout)
      counts.timeouts.add();
    throw;
  }
}

write_result local_scope::execute(std::string_view sql, const params_view& p) {
  const auto result =
      run([&](auto& c, sqlite::request_control& ctl) { return c.execute(sql, p, ctl); });
  rows_ += static_cast<std::uint64_t>(result.changes);
  return result;
}

batch_result local_scope::execute_many(std::string_view sql, std::span<const params> sets) {
  const auto result = run([&](auto& c, sqlite::request_control& ctl) {
    const bool own = !c.in_transaction(); // a raw connection outside a transaction
    if (own)
      c.begin_immediate(ctl);
    else
      c.savepoint();
    try {
      auto r = c.execute_many(sql, sets, ctl);
      if (own)
        c.commit(ctl);
      else
        c.release_savepoint();
      return r;
    } catch (...) {
      if (own)
        c.rollback();
      else
        c.rollback_to_savepoint();
      throw;
    }
  });
  rows_ += static_cast<std::uint64_t>(result.changes);
  return result;
}

void local_scope::commit() {
  check_open();
  auto& c = connection();
  auto& core = house_->core();
  if (!c.in_transaction())
    throw error(errc::sql, "a statement ended the transaction; nothing of it was kept");
  sqlite::request_control ctl;
  const auto before = c.commits();
  try {
    c.commit(ctl);
    core.checkpoints().after_commit();
  } catch (const error& e) {
    count_write(true);
    throw error(core.recovery().resolve_failed_commit(c, e.info()));
  } catch (
      ...) { // the worker's failure: the writer is restarted; the commit record says what became of the transaction
    if (lease_ != nullptr)
      throw;
    auto why = base::current_exception_info();
    const bool committed = c.commits() != before;
    ended_ = true;
    count_write(!committed);
    core.writer().fail(why);
    if (committed)
      return;
    why.code = errc::unavailable;
    why.outcome = outcome::rolled_back;
    throw error(std::move(why));
  }
  count_write(false);
  core.counters().writer.commits.add();
  ended_ = true;
  give_back();
}

std::unique_ptr<detail::scope> local_scope::savepoint() {
  check_open();
  const call running(*this);
  return std::make_unique<savepoint_scope>(*this, connection(), std::nullopt);
}

std::unique_ptr<detail::scope> local_scope::savepoint_with(const request_options& o) {
  check_open();
  static_cast<void>(backend_->control_of(o)); // passed or cancelled already
  const bool own = o.timeout || o.cancel.stop_possible();
  return std::make_unique<savepoint_scope>(*this, connection(),
                                           own ? std::optional(o) : std::nullopt);
}

sqlite3* local_scope::native_handle() noexcept {
  return connection().handle();
}

} // namespace dbengine::actors::facade
