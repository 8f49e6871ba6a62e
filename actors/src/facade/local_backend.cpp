// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "facade/local_backend.hpp"

#include "base/error_map.hpp"
#include "base/fault.hpp"
#include "base/log.hpp"
#include "base/wait_for_memory.hpp"
#include "engine/idempotency.hpp"
#include "engine/maintenance.hpp"
#include "facade/local_scope.hpp"
#include "os/threads.hpp"
#include "workers/detached_spawn.hpp"
#include "workers/reports.hpp"

#include <dbengine/actors/spawn.hpp>

#include <caf/logger.hpp>
#include <caf/send.hpp>

#include <stop_token>
#include <system_error>
#include <thread>

namespace dbengine::actors::facade {

using engine::request;
using sqlite::clock;
using sqlite::request_control;

struct local_backend::config : caf::actor_system_config {
  config() {
    // Sharing: an idle engine wakes nobody; stealing polls 430 times a second (PLATFORM).
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
    set("scheduler.max-throughput", dbengine::defaults::scheduler_throughput);
    setup(*this);
  }
};

// What is left when a worker does not come back. Ends in the order house, system, configuration.
struct local_backend::remains {
  std::unique_ptr<config> configuration;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<system::engine_system> engine;
};

local_backend::local_backend(std::string_view url, options o, system::spawn_settings s)
    : config_(std::make_unique<config>()) {
  os::require_threads(
      5); // the scheduler's two, its clock and its printer; without one it ends the process, so one to spare
  system_ = std::make_unique<caf::actor_system>(*config_);
  // Else the thread that made the system is tied to its logger, and a later thread's end would touch a dead one.
  caf::logger::set_current_actor_system(nullptr);
  house_ = system::engine_system::open(*system_, url, std::move(o), s);
  // To spawn an actor ties it again: the system's end on another thread would wait for this one's.
  caf::logger::set_current_actor_system(nullptr);
  core_ = &house_->core();
}

local_backend::~local_backend() {
  if (core_->calls()
          .forked()) { // nothing of it may be touched: the threads and the file are the parent's
    static_cast<void>(config_.release());
    static_cast<void>(system_.release());
    static_cast<void>(new std::shared_ptr<system::engine_system>(std::move(house_)));
    return;
  }
  shutdown();
  if (house_->left_behind().empty())
    return;
  // The system cannot end before the worker comes back: a thread of its own waits for that, not the caller.
  remains* rest = nullptr;
  if (!base::patiently_or_not([&] { rest = new remains; }))
    return; // this thread waits, then
  *rest = {std::move(config_), std::move(system_), std::move(house_)};
  try {
    std::thread([rest] { delete rest; }).detach();
  } catch (...) { // no thread to be had: it stays for the life of the process
    base::log(base::log_level::error, "no thread to wait for the worker that was left behind");
  }
}

void local_backend::shutdown() {
  house_->stop(core_->opts().shutdown_timeout);
}

sqlite::request_control local_backend::control_of(const request_options& o) const {
  const auto t = o.timeout.value_or(core_->opts().request_timeout);
  if (t.count() <= 0)
    throw error(errc::timeout, "the deadline passed before the request started");
  if (o.cancel.stop_requested())
    throw error(errc::cancelled, "cancelled before the request started");
  return {t, o.cancel};
}

void local_backend::refuse_id(const request_options& o, const char* what) {
  if (!o.id.empty())
    throw error(engine::idempotency::refused(what));
}

// -- queued ---------------------------------------------------------------------------------------

std::shared_ptr<blocking_request> local_backend::make(request::kind k,
                                                      const request_options& o) const {
  static_cast<void>(control_of(o));
  const auto deadline = core_->calls().deadline_of(o);
  auto r = std::make_shared<blocking_request>(k, request_control(deadline, o.cancel));
  r->deadline = deadline;
  r->urgency = o.priority;
  r->id = o.id;
  return r;
}

void local_backend::run(const std::shared_ptr<blocking_request>& r, bool write,
                        const request_options& o) {
  if (!write)
    core_->reads().submit(r);
  else if (!run_inline(r))
    core_->writes().submit(r);
  wait(r, o);
}

bool local_backend::run_inline(const std::shared_ptr<blocking_request>& r) {
  if (r->urgency != priority::interactive || r->attempts > 0 ||
      r->what == request::kind::maintenance || !core_->writer().try_lock())
    return false;
  if (r->what == request::kind::acquire_writer)
    r->finish();
  else
    core_->writes().run_on_this_thread(r);
  return true;
}

void local_backend::wait(const std::shared_ptr<blocking_request>& r, const request_options& o) {
  const auto leave = [&](errc code, const char* text) {
    const auto outcome = r->abandon();
    if (!outcome)
      return false; // the answer came at this moment
    r->ctl.kill(code);
    error_info info{.code = code, .outcome = *outcome, .message = text};
    throw error(std::move(info));
  };
  std::optional<std::stop_callback<std::function<void()>>> nudge;
  if (o.cancel.stop_possible())
    nudge.emplace(o.cancel, [r] { r->nudge(); });
  for (;;) {
    const bool expired = clock::now() >= r->deadline;
    if (r->wait_until(expired ? r->deadline + defaults::interrupt_grace : r->deadline))
      break;
    if (o.cancel.stop_requested()) {
      if (r->now() == request::state::waiting) {
        leave(errc::cancelled, "cancelled while it waited");
      } else if (!r->wait_until(clock::now() + defaults::interrupt_grace)) {
        leave(errc::cancelled, "cancelled, and the statement cannot be interrupted");
      }
    } else if (clock::now() >= r->deadline) {
      // Running, it is interrupted by its progress handler: it gets the grace to say what became of it.
      if (r->now() == request::state::waiting)
        leave(errc::timeout, "the deadline passed while it waited");
      else if (clock::now() >= r->deadline + defaults::interrupt_grace)
        leave(errc::timeout, "the deadline passed and the statement cannot be interrupted");
    }
    if (r->now() == request::state::answered)
      break;
  }
  // `answered` is set just before the answer is published: wait for that.
  while (!r->wait_until(clock::now() + std::chrono::seconds(1))) {
  }
  if (r->refusal())
    throw error(*r->refusal());
  if (r->failure)
    throw error(std::move(*r->failure));
}

rows local_backend::fetch_queued(std::string_view sql, const params_view& p,
                                 const request_options& o, bool write, int attempts) {
  auto r = make(request::kind::fetch, o);
  r->attempts = attempts;
  r->sql = sql;
  r->parameters = p.owned();
  run(r, write, o);
  return std::move(std::get<rows>(r->result));
}

// -- writes ---------------------------------------------------------------------------------------

void local_backend::check_writable() {
  if (core_->file().read_only())
    throw error(errc::read_only, "the engine is read-only");
  if (core_->writer().held_by_this_thread())
    throw error(
        errc::invalid_state,
        "this thread is inside write() or a raw connection of this engine: use the transaction it was given");
}

write_result local_backend::execute(std::string_view sql, const params_view& p,
                                    const request_options& o) {
  core_->calls().admit();
  check_writable();
  if (o.id.empty() && o.priority == priority::interactive &&
      core_->writer().try_lock_for_statement()) {
    auto& w = core_->writer().connection();
    auto& counts = core_->counters().writer.of(request_class::execute);
    const auto before = w.commits();
    write_result result;
    bool done = false;
    try {
      auto ctl = control_of(o);
      core_->recovery().ensure_writable();
      DBENGINE_FAULT_POINT("inline.before_statement");
      result = w.execute(sql, p, ctl);
      done = true;
      DBENGINE_FAULT_POINT("inline.after_statement");
      if (w.commits() != before) {
        core_->checkpoints().after_commit();
        core_->counters().writer.commits.add();
      }
      counts.count.add();
      counts.rows.add(static_cast<std::uint64_t>(result.changes));
      counts.run.record(result.elapsed);
      core_->counters().slow.offer(sql, result.elapsed);
      core_->counters().writer.inline_writes.add();
      core_->writer().unlock();
      core_->sweeper().arm();
      return result;
    } catch (const error& e) {
      w.rollback();
      auto why = core_->recovery().resolve_failed_commit(w, e.info());
      counts.count.add();
      counts.errors.add();
      if (e.code() == errc::timeout)
        core_->counters().writer.timeouts.add();
      core_->writer().unlock();
      throw error(std::move(why));
    } catch (
        ...) { // the worker's failure: the writer is restarted, this request is answered or run by the next
      const auto why = base::current_exception_info();
      const bool committed = w.commits() != before;
      core_->writer().fail(why);
      if (done && committed)
        return result;
    }
    auto again = make(request::kind::execute, o);
    again->sql = sql;
    again->parameters = p.owned();
    again->attempts = 1;
    again->isolated = true;
    run(again, true, o);
    return std::get<write_result>(again->result);
  }
  auto r = make(request::kind::execute, o);
  r->sql = sql;
  r->parameters = p.owned();
  run(r, true, o);
  return std::get<write_result>(r->result);
}

batch_result local_backend::execute_many(std::string_view sql, std::span<const params> sets,
                                         const request_options& o) {
  core_->calls().admit();
  check_writable();
  if (sets.empty())
    return {};
  auto r = make(request::kind::batch, o);
  r->sql = sql;
  r->borrowed_batch = sets;
  if (!run_inline(r)) { // copied only where it must wait
    r->copy_batch();
    core_->writes().submit(r);
  }
  wait(r, o);
  return std::get<batch_result>(r->result);
}

std::vector<operation_result> local_backend::transact(std::span<const operation> ops,
                                                      const request_options& o) {
  core_->calls().admit();
  check_writable();
  if (ops.empty())
    return {};
  auto r = make(request::kind::transaction, o);
  r->operations.assign(ops.begin(), ops.end());
  run(r, true, o);
  return std::move(std::get<std::vector<operation_result>>(r->result));
}

script_result local_backend::script(std::string_view sql, script_mode mode,
                                    const request_options& o) {
  core_->calls().admit();
  check_writable();
  auto r = make(request::kind::script, o);
  r->sql = sql;
  r->mode = mode;
  run(r, true, o);
  return std::move(std::get<script_result>(r->result));
}

// -- scopes ---------------------------------------------------------------------------------------

void local_backend::take_writer(const request_options& o) {
  core_->calls().admit();
  check_writable();
  static_cast<void>(control_of(o));
  core_->fence().check();
  run(make(request::kind::acquire_writer, o), true, o);
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
  const auto ctl = control_of(o);
  engine::lease* l = nullptr;
  try {
    l = core_->leases().take_until(core_->calls().deadline_of(o), ctl);
  } catch (const error&) { // no connection can be opened now
    throw;
  } catch (...) { // the worker's failure, no reason that the caller could mend
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
  take_writer(o);
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
    take_writer(o);
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
  auto c = std::make_unique<local_cursor>(*core_, house_, batch, o);
  c->open(take_lease(o), sql, p);
  return c;
}

// -- upkeep and reports ---------------------------------------------------------------------------

maintenance_result local_backend::maintain(maintenance_request m, const request_options& o) {
  core_->calls().admit();
  refuse_id(o, "maintenance");
  engine::maintenance::job job{m.what, std::move(m.argument), std::move(m.setting)};
  engine::maintenance::check(job);
  const bool write = engine::maintenance::writes(job.what);
  if (write)
    check_writable();
  auto r = make(request::kind::maintenance, o);
  r->urgency = priority::maintenance;
  auto result = std::make_shared<maintenance_result>();
  r->job = [core = house_->core_ptr(), job = std::move(job), result,
            raw = r.get()](sqlite::connection& c) {
    *result = engine::maintenance::run(*core, c, job, raw->ctl);
  };
  if (write) {
    run(r, true, o);
  } else {
    core_->reads().submit_maintenance(r);
    wait(r, o);
  }
  return std::move(*result);
}

void local_backend::vacuum(const request_options& o) {
  maintain({.what = maintenance_kind::vacuum}, o);
}

void local_backend::analyze(std::string_view table, const request_options& o) {
  maintain({.what = maintenance_kind::analyze, .argument = std::string(table)}, o);
}

void local_backend::optimize(const request_options& o) {
  maintain({.what = maintenance_kind::optimize}, o);
}

std::vector<std::string> local_backend::integrity_check(bool quick, const request_options& o) {
  return maintain(
             {.what = quick ? maintenance_kind::quick_check : maintenance_kind::integrity_check}, o)
      .problems;
}

checkpoint_result local_backend::checkpoint(checkpoint_mode mode, const request_options& o) {
  static constexpr const char* names[] = {"passive", "full", "restart", "truncate"};
  return maintain({.what = maintenance_kind::checkpoint, .argument = names[static_cast<int>(mode)]},
                  o)
      .checkpoint;
}

void local_backend::set_pragma(std::string_view name, const value& v, const request_options& o) {
  maintain({.what = maintenance_kind::set_pragma, .argument = std::string(name), .setting = v}, o);
}

dbengine::statistics local_backend::statistics() {
  core_->calls().check_process();
  house_->look();
  return workers::report_statistics(*core_, house_->workers(), house_->backups());
}

health_report local_backend::health() {
  core_->calls().check_process();
  return house_->health();
}

dbengine::database_info local_backend::database_info() {
  core_->calls().admit();
  const auto c = core_->file().open_reader();
  sqlite::request_control ctl = control_of({});
  return workers::report_database(*core_, *c, ctl);
}

} // namespace dbengine::actors::facade
