// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/local_backend.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "engine/write/idempotency.hpp"
#include "facade/inline_write.hpp"
#include "facade/leased_read.hpp"
#include "facade/local_cursor.hpp"
#include "facade/local_scope.hpp"
#include "os/threads.hpp"
#include "system/engine_handle.hpp"
#include "workers/detached_spawn.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/logger.hpp>
#include <caf/send.hpp>

#include <sqlite3.h>
#include <system_error>
#include <thread>

namespace dbengine::actors::facade {

using engine::request;
using sqlite::clock;
using sqlite::request_control;

struct local_backend::config : caf::actor_system_config {
  config() {
    // Sharing: an idle engine uses no processor; stealing polls 430 times a second
    // (docs/measurements.md).
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
    set("scheduler.max-throughput", dbengine::defaults::scheduler_throughput);
    setup(*this);
  }
};

// What an abandoned worker needs until it ends. The members are destroyed in reverse order: engine,
// actor system, configuration.
struct local_backend::abandoned_system {
  std::unique_ptr<config> configuration;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<system::engine_system> engine;
};

std::unique_ptr<caf::actor_system> local_backend::make_actor_system(config& c) {
  // The scheduler's two threads, its clock, its printer and one spare: CAF ends the process if it
  // cannot start one of them.
  os::require_threads(5);
  auto s = std::make_unique<caf::actor_system>(c);
  // The thread that constructs a system is tied to its logger; that thread's end could access a
  // logger that no longer exists.
  caf::logger::set_current_actor_system(nullptr);
  return s;
}

std::shared_ptr<system::engine_system> local_backend::open_engine(caf::actor_system& sys,
                                                                  std::string_view url, options o,
                                                                  const system::spawn_settings& s) {
  auto e = system::engine_system::open(sys, url, std::move(o), s);
  // Spawning an actor ties the thread again: the system's end on another thread would wait for the
  // end of this one.
  caf::logger::set_current_actor_system(nullptr);
  return e;
}

local_backend::local_backend(std::string_view url, options o, system::spawn_settings s)
    : config_(std::make_unique<config>()), system_(make_actor_system(*config_)),
      engine_system_(open_engine(*system_, url, std::move(o), s)), core_(&engine_system_->core()),
      calls_(*core_), on_writer_(*core_) {
  connect(*system_, system::engine_handle::make(engine_system_));
}

local_backend::~local_backend() {
  if (core_->calls().forked()) { // leaked: the threads and the file are the parent's
    static_cast<void>(config_.release());
    static_cast<void>(system_.release());
    static_cast<void>(new engine_actor(disconnect()));
    static_cast<void>(new std::shared_ptr<system::engine_system>(std::move(engine_system_)));
    return;
  }
  shutdown();
  disconnect();
  if (engine_system_->abandoned_workers().empty())
    return;
  // The actor system cannot end before the abandoned worker does. A separate thread waits for that,
  // not the caller.
  abandoned_system* left = nullptr;
  if (!base::try_with_retries([&] { left = new abandoned_system; }))
    return; // this thread waits for the worker
  *left = {std::move(config_), std::move(system_), std::move(engine_system_)};
  try {
    std::thread([left] { delete left; }).detach();
  } catch (...) { // the actor system stays for the life of the process
    base::log(base::log_level::error,
              "no thread is available to wait for the abandoned worker; its actor system is kept");
  }
}

void local_backend::shutdown() {
  engine_system_->stop(core_->opts().shutdown_timeout);
}

void local_backend::refuse_id(const request_options& o, const char* what) {
  if (!o.id.empty())
    throw error(engine::idempotency::refused(what));
}

// -- reads ----------------------------------------------------------------------------------------

rows local_backend::fetch(std::string_view sql, const params_view& p, const request_options& o) {
  core_->calls().admit();
  if (!o.id.empty()) // it goes to the writer, and this thread may hold the write connection
    check_writable();
  auto ctl = calls_.control_of(o);
  engine::lease* l = nullptr;
  try {
    l = o.id.empty() ? core_->leases().take() : nullptr;
  } catch (...) { // no descriptor or memory for another connection: the readers have theirs
    base::log(base::log_level::warning, "a lease: " + to_string(base::current_exception_info()));
  }
  if (l == nullptr)
    return calls_.fetch(sql, p, o, !o.id.empty());
  int failed_workers = 0;
  leased_read read(*core_, *l);
  try {
    auto result = read.run(on_writer_, sql, p, ctl, failed_workers);
    read.finish(sql, result, ctl);
    return result;
  } catch (const sqlite::needs_writer&) {
    read.release();
    check_writable();
    return calls_.fetch(sql, p, o, true);
  } catch (const error& e) {
    read.fail(e);
    if (!core_->calls().accepting() && e.sqlite_code() == SQLITE_INTERRUPT)
      throw error(errc::shut_down, "the engine shut down while the statement ran");
    throw;
  } catch (...) { // the connection failed, not the statement: the read runs again, on a reader
    const auto why = base::current_exception_info();
    const bool poison = ++failed_workers >= defaults::poison_attempts;
    read.discard(poison);
    if (poison)
      throw error(errc::poison, "the request failed " + std::to_string(failed_workers) +
                                    " workers: " + why.message);
  }
  return calls_.fetch(sql, p, o, false, failed_workers);
}

// -- writes ---------------------------------------------------------------------------------------

void local_backend::check_writable() const {
  if (core_->file().read_only())
    throw error(errc::read_only, "the engine is read-only");
  if (core_->writer().held_by_this_thread())
    throw error(
        errc::invalid_state,
        "this thread is inside write() or a raw connection of this engine: use its transaction");
}

write_result local_backend::execute(std::string_view sql, const params_view& p,
                                    const request_options& o) {
  core_->calls().admit();
  check_writable();
  const bool alone = o.id.empty() && o.priority == priority::interactive;
  bool again = false;
  if (alone && core_->writer().try_lock_for_statement()) {
    if (auto result = inline_write(*core_).run(sql, p, calls_, o))
      return std::move(*result);
    again = true; // on the next writer, in a separate group
  }
  auto r = calls_.make(request::kind::execute, o);
  r->sql = sql;
  r->parameters = p.owned();
  r->attempts = again ? 1 : 0;
  r->isolated = again;
  calls_.run(r, true, o);
  return std::get<write_result>(r->result);
}

batch_result local_backend::execute_many(std::string_view sql, std::span<const params> sets,
                                         const request_options& o) {
  core_->calls().admit();
  check_writable();
  if (sets.empty())
    return {};
  auto r = calls_.make(request::kind::batch, o);
  r->sql = sql;
  r->borrowed_batch = sets;
  calls_.run_batch(r, o);
  return std::get<batch_result>(r->result);
}

std::vector<operation_result> local_backend::transact(std::span<const operation> ops,
                                                      const request_options& o) {
  core_->calls().admit();
  check_writable();
  if (ops.empty())
    return {};
  auto r = calls_.make(request::kind::transaction, o);
  r->operations.assign(ops.begin(), ops.end());
  calls_.run(r, true, o);
  return std::move(std::get<std::vector<operation_result>>(r->result));
}

script_result local_backend::script(std::string_view sql, script_mode mode,
                                    const request_options& o) {
  core_->calls().admit();
  check_writable();
  auto r = calls_.make(request::kind::script, o);
  r->sql = sql;
  r->mode = mode;
  calls_.run(r, true, o);
  return std::move(std::get<script_result>(r->result));
}

// -- scopes ---------------------------------------------------------------------------------------

void local_backend::lock_writer(const request_options& o) {
  core_->calls().admit();
  check_writable();
  static_cast<void>(calls_.control_of(o));
  core_->fence().check();
  calls_.run(calls_.make(request::kind::acquire_writer, o), true, o);
  core_->writer().adopt();
  try {
    core_->recovery().ensure_writable();
  } catch (...) {
    core_->writer().unlock();
    throw;
  }
}

engine::lease& local_backend::take_lease(const request_options& o) {
  core_->calls().admit();
  const auto ctl = calls_.control_of(o);
  engine::lease* l = nullptr;
  try {
    l = core_->leases().take_until(core_->calls().deadline_of(o), ctl);
  } catch (const error&) { // no connection can be opened
    throw;
  } catch (...) { // the connection failed; the caller cannot act on the reason
    auto why = base::current_exception_info();
    why.code = errc::unavailable;
    throw error(std::move(why));
  }
  if (l != nullptr)
    return *l;
  throw error(o.cancel.stop_requested()    ? errc::cancelled
              : core_->calls().accepting() ? errc::timeout
                                           : errc::shut_down,
              "no reader connection was free in time (max_leases)");
}

std::unique_ptr<detail::scope> local_backend::begin_write(const request_options& o) {
  refuse_id(o, "write()");
  if (core_->writer().held_by_this_thread() && scope_.load(std::memory_order_relaxed) != nullptr)
    return scope_.load(std::memory_order_relaxed)->savepoint_with(o);
  auto s = std::make_unique<local_scope>(*this, local_scope::kind::write, o);
  lock_writer(o);
  s->begin(nullptr);
  return s;
}

std::unique_ptr<detail::scope> local_backend::begin_read(const request_options& o) {
  refuse_id(o, "read()");
  auto s = std::make_unique<local_scope>(*this, local_scope::kind::read, o);
  s->begin(&take_lease(o));
  return s;
}

std::unique_ptr<detail::scope> local_backend::begin_raw(bool read_only, const request_options& o) {
  refuse_id(o, "a raw connection");
  auto s = std::make_unique<local_scope>(
      *this, read_only ? local_scope::kind::raw_read : local_scope::kind::raw_write, o);
  if (!read_only)
    lock_writer(o);
  s->begin(read_only ? &take_lease(o) : nullptr);
  return s;
}

std::unique_ptr<detail::cursor_source> local_backend::open_cursor(std::string_view sql,
                                                                  const params_view& p,
                                                                  std::size_t batch,
                                                                  const request_options& o) {
  refuse_id(o, "a cursor");
  if (batch == 0)
    throw error(errc::invalid_option, "a cursor's batch must be at least one row");
  auto c = std::make_unique<local_cursor>(*core_, engine_system_, batch, o);
  c->open(take_lease(o), sql, p);
  return c;
}

// -- control plane --------------------------------------------------------------------------------

void local_backend::check_call(access a) const {
  if (a == access::report)
    return core_->calls().check_process();
  core_->calls().admit();
  if (a == access::write)
    check_writable();
}

void local_backend::follow_backup(const caf::actor& sender) {
  engine_system_->listeners().add(sender.id(), std::make_shared<workers::progress_channel>(sender));
}

void local_backend::unfollow_backup(const caf::actor& sender) noexcept {
  engine_system_->listeners().remove(sender.id());
}

// This thread composes the report if no actor can, because the engine is shut down or its
// supervisor has failed, which is what the caller wants to know. A thread that must not wait for an
// actor composes it, too: one of the scheduler's own, or one inside an SQL function.
template <class Report, class Ask, class Compose>
Report local_backend::report(Ask ask, Compose compose) {
  if (workers::on_actor_thread()) {
    core_->calls().check_process();
    return compose();
  }
  try {
    return ask();
  } catch (const error& e) {
    if (e.code() != errc::shut_down && e.code() != errc::unavailable &&
        e.code() != errc::invalid_state)
      throw;
  }
  return compose();
}

dbengine::statistics local_backend::statistics() {
  return report<dbengine::statistics>([&] { return control_plane::statistics(); },
                                      [&] { return engine_system_->statistics(); });
}

health_report local_backend::health() {
  return report<health_report>([&] { return control_plane::health(); },
                               [&] { return engine_system_->health(); });
}

} // namespace dbengine::actors::facade
