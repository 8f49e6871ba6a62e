// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/local_scope.hpp"

#include "base/error_map.hpp"
#include "facade/savepoint_scope.hpp"

#include <sqlite3.h>

namespace dbengine::actors::facade {

using sqlite::connection;
using sqlite::request_control;

local_scope::local_scope(local_backend& b, kind k, const request_options& o)
    : backend_(&b), engine_system_(b.engine_system_), kind_(k), options_(o) {}

void local_scope::begin(engine::lease* l) {
  lease_ = l;
  ended_ = false;
  auto& c = connection();
  try {
    switch (kind_) {
    case kind::write: {
      sqlite::request_control ctl = backend_->calls_.control_of(options_);
      c.auth().acting_as = sqlite::authority::scope;
      c.transaction().begin_immediate(ctl);
      break;
    }
    case kind::read:
      c.snapshot().drop();
      c.transaction().begin_snapshot();
      break;
    case kind::raw_write:
    case kind::raw_read:
      c.snapshot().drop();
      c.auth().acting_as = sqlite::authority::raw;
      if (kind_ == kind::raw_read)
        sqlite3_limit(c.handle(), SQLITE_LIMIT_ATTACHED, 10); // readers otherwise attach none
      break;
    }
  } catch (const error&) {
    ended_ = true;
    count_write(true);
    c.transaction().rollback();
    give_back();
    throw;
  } catch (...) { // the connection failed, not the caller: it is replaced
    auto why = base::current_exception_info();
    ended_ = true;
    count_write(true);
    if (lease_ != nullptr)
      engine_system_->core().leases().give_back(*lease_, true);
    else
      engine_system_->core().writer().fail(why);
    why.code = errc::unavailable;
    throw error(std::move(why));
  }
  if (kind_ == kind::write)
    backend_->scope_.store(this, std::memory_order_relaxed);
  park();
}

void local_scope::park() noexcept {
  auto& core = engine_system_->core();
  switch (kind_) {
  case kind::write: break; // the caller's function runs: a shutdown waits for it
  case kind::read: core.leases().park(*lease_); break;
  case kind::raw_read: core.leases().park(*lease_, engine::lease::outside); break;
  case kind::raw_write: core.writer().set_held_outside(true); break;
  }
}

bool local_scope::resume() noexcept {
  if (lease_ != nullptr)
    return engine_system_->core().leases().resume(*lease_);
  if (kind_ == kind::raw_write)
    engine_system_->core().writer().set_held_outside(false);
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
  auto* mine = this; // a scope that never began is not stored there, but another thread's may be
  backend_->scope_.compare_exchange_strong(mine, nullptr, std::memory_order_relaxed);
  if (ended_ || !resume())
    return;
  count_write(true);
  if (!broken_) {
    connection().transaction().rollback();
    give_back();
  } else if (lease_ != nullptr) {
    engine_system_->core().leases().give_back(*lease_, true);
  } else {
    engine_system_->core().writer().fail(*broken_);
  }
}

connection& local_scope::connection() const {
  return lease_ != nullptr ? *lease_->conn : engine_system_->core().writer().connection();
}

void local_scope::give_back() noexcept {
  auto& core = engine_system_->core();
  auto& c = connection();
  switch (kind_) {
  case kind::write:
    c.auth().acting_as = sqlite::authority::writer;
    core.writer().unlock();
    core.sweeper().arm();
    break;
  case kind::read: core.leases().give_back(*lease_); break;
  case kind::raw_read: core.leases().give_back(*lease_, true); break;
  case kind::raw_write:
    // The host's changes to the connection are unknown: it is replaced.
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
  engine_system_->core().calls().refuse_nested();
  if (ended_)
    throw error(errc::invalid_state, "the transaction has ended");
  if (broken_)
    throw error(errc::invalid_state, "the transaction has ended: its connection failed");
}

template <class F>
auto local_scope::run(F&& f) {
  check_open();
  auto& core = engine_system_->core();
  core.calls().admit();
  const call running(*this);
  auto& c = connection();
  if (kind_ == kind::write && !c.transaction().is_open())
    throw error(
        errc::invalid_state,
        "an earlier statement ended the transaction (ROLLBACK conflict, full disk or interrupt)");
  if (kind_ == kind::read &&
      !c.transaction().is_open()) // SQLite ends reads, too, after such an error
    throw error(errc::invalid_state,
                "an earlier statement ended the snapshot (I/O error, full disk or out of memory)");
  sqlite::request_control ctl = backend_->calls_.control_of(options_);
  try {
    return std::forward<F>(f)(c, ctl);
  } catch (const sqlite::needs_writer&) {
    throw error(errc::read_only, "the statement writes, and this is a snapshot");
  } catch (const error& e) {
    core.disk().record_failure(e.info());
    kept_part_ = kept_part_ || e.outcome() == outcome::partially_applied;
    if (kind_ == kind::raw_write && !c.transaction().is_open()) // its commit may be what failed
      throw error(core.recovery().resolve_failed_commit(c, e.info()));
    throw;
  } catch (...) {
    // The connection failed, not its caller. It is replaced when the scope ends, because savepoints
    // may still hold it.
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
  auto& counts = engine_system_->core().counters().writer.of(request_class::transaction);
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
  // Counted as a fetch outside a scope.
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
    const bool own = !c.transaction().is_open(); // on a raw connection outside a transaction
    if (own)
      c.transaction().begin_immediate(ctl);
    else
      c.transaction().savepoint();
    try {
      auto r = c.execute_many(sql, sets, ctl);
      if (own)
        c.transaction().commit(ctl);
      else
        c.transaction().release_savepoint();
      return r;
    } catch (...) {
      if (own)
        c.transaction().rollback();
      else
        c.transaction().rollback_to_savepoint();
      throw;
    }
  });
  rows_ += static_cast<std::uint64_t>(result.changes);
  return result;
}

void local_scope::commit() {
  check_open();
  auto& c = connection();
  auto& core = engine_system_->core();
  if (!c.transaction().is_open())
    throw error(errc::sql, "a statement ended the transaction; nothing of it was kept");
  sqlite::request_control ctl;
  const auto before = c.commits();
  try {
    c.transaction().commit(ctl);
    core.checkpoints().after_commit();
  } catch (const error& e) {
    count_write(true);
    throw error(core.recovery().resolve_failed_commit(c, e.info()));
  } catch (...) {
    // The worker failed: the writer is restarted. The commit record says whether the transaction
    // was committed.
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
  static_cast<void>(backend_->calls_.control_of(o)); // throws if overdue or cancelled
  const bool own = o.timeout || o.cancel.stop_possible();
  return std::make_unique<savepoint_scope>(*this, connection(),
                                           own ? std::optional(o) : std::nullopt);
}

sqlite3* local_scope::native_handle() noexcept {
  return connection().handle();
}

} // namespace dbengine::actors::facade
