// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/engine_handle.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "engine/maintenance.hpp"
#include "engine/write/idempotency.hpp"
#include "os/threads.hpp"
#include "sqlite/sql_text.hpp"
#include "system/request_effects.hpp"
#include "workers/detached_spawn.hpp"
#include "workers/reports.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/default_attachable.hpp>
#include <caf/make_actor.hpp>
#include <caf/make_message.hpp>

#include <thread>

namespace dbengine::actors::system {

using engine::request;

engine_actor engine_handle::make(std::shared_ptr<engine_system> h) {
  auto& sys = h->system();
  caf::actor_config cfg;
  return caf::make_actor<engine_handle, engine_actor>(sys.next_actor_id(), sys.node(), &sys, cfg,
                                                      std::move(h));
}

engine_handle* engine_handle::of(const engine_actor& handle) {
  return dynamic_cast<engine_handle*>(handle_base::of(handle));
}

engine_handle::engine_handle(caf::actor_config& cfg, std::shared_ptr<engine_system> h)
    : handle_base(cfg), engine_(std::move(h)) {}

// -- the end --------------------------------------------------------------------------------------

template <class F>
void engine_handle::run_on_own_thread(F f) {
  auto& running = home_system().registry();
  running.inc_running();
  try {
    std::thread([f = std::move(f), &running]() mutable {
      os::name_thread("dbengine.end");
      {
        const auto ends_here = std::move(f);
        ends_here();
      }
      running.dec_running();
    }).detach();
  } catch (...) { // no thread is available
    running.dec_running();
    throw;
  }
}

void engine_handle::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  // If an actor released the last handle, the engine ends on another thread: its end waits for its
  // workers and for the disk. If no thread can be started, it ends on this one.
  if (workers::on_actor_thread() && engine_->core().calls().accepting()) {
    try {
      run_on_own_thread([last = std::exchange(engine_, nullptr)] {});
    } catch (...) {
      base::log_limited(base::log_level::warning, "no thread for the end",
                        "no thread is available for the engine's end");
    }
  }
  caf::monitorable_actor::on_destroy();
}

std::vector<std::string> engine_handle::shutdown(std::chrono::milliseconds timeout) {
  engine_->core().calls().refuse_nested(); // it would wait for the statement that this thread is in
  engine_->stop(timeout);
  ports().close_all(); // last: peers still receive the outcomes of their requests
  cleanup(caf::exit_reason::user_shutdown, nullptr);
  return engine_->abandoned_workers();
}

void engine_handle::handle_exit(const caf::exit_msg&) {
  // The end of the handle is the end of the engine. It blocks, so it runs on its own thread.
  engine_->core().calls().stop_accepting();
  run_on_own_thread([keep = caf::strong_actor_ptr(ctrl()), this] {
    try {
      shutdown(engine_->core().opts().shutdown_timeout);
    } catch (...) { // no memory for more than a second: what is left ends with the handle
      base::log_limited(base::log_level::error, "no end",
                        "the engine could not be ended: out of memory");
    }
  });
}

void engine_handle::handle_down(const caf::down_msg& m) {
  engine_->cursors()->close_owned(m.source.id());
}

void engine_handle::check_sender() {
  engine_->core().calls().refuse_nested();
}

// -- requests -------------------------------------------------------------------------------------

bool engine_handle::dispatch(caf::message& m, actor_response& to) {
  return visit_request(m, [&]<class Row>(Row) {
    using asked = typename Row::request;
    if constexpr (Row::rule.to == route::stats)
      delegate(caf::actor_cast<caf::strong_actor_ptr>(engine_->handles().read().stats), m, to);
    else if constexpr (Row::rule.to == route::backup)
      delegate_to_backups(m.get_as<asked>(0), m, to);
    else
      handle(m.get_mutable_as<asked>(0), to);
    // A request without a result is done when it was handled.
    if constexpr (std::is_void_v<typename Row::result>)
      to.deliver(caf::message());
  });
}

engine_handle::request_ptr engine_handle::make_request(request::kind k, call_options& o,
                                                       actor_response& to) {
  if (k == request::kind::maintenance && !o.id.empty())
    throw error(engine::idempotency::refused("a cursor or maintenance"));
  const auto t = o.timeout.count() == 0 ? engine_->core().opts().request_timeout : o.timeout;
  if (t.count() < 0)
    throw error(errc::timeout, "the deadline had passed before the request arrived");
  const auto deadline = sqlite::deadline_after(t);
  auto r = std::make_shared<actor_request>(k, sqlite::request_control(deadline, {}), std::move(to));
  r->deadline = deadline;
  r->urgency = std::min(o.priority, priority::maintenance);
  r->id = std::move(o.id);
  r->read_only = o.read_only;
  r->peer = o.peer;
  if (o.peer != 0)
    r->ctl.deadline.share_processor();
  r->ctl.results.set_limit(static_cast<std::size_t>(o.max_result_bytes));
  if (o.cancel_token != 0)
    cancellable_.add(r->owner(), o.cancel_token, r);
  return r;
}

void engine_handle::submit(request_ptr r, route to) {
  r->set_submitted();
  const auto shared = r; // stays until the answer of a refusal is sent
  try {
    if (to == route::writer && r->read_only)
      throw error(errc::read_only, "the request writes, and this access is read-only");
    if (to == route::writer)
      engine_->core().writes().submit(std::move(r));
    else if (to == route::maintenance)
      engine_->core().reads().submit_maintenance(std::move(r));
    else
      engine_->core().reads().submit(std::move(r));
  } catch (...) { // refused, or no memory for the queue
    shared->fail(base::current_exception_info());
  }
}

void engine_handle::delegate(const caf::strong_actor_ptr& worker, const caf::message& m,
                             const actor_response& to) {
  engine_->core().calls().check_process();
  if (!worker)
    throw error(errc::shut_down, "the engine is shut down");
  to.delegate(worker, m);
}

template <class Request>
void engine_handle::delegate_to_backups(const Request& x, const caf::message& m,
                                        const actor_response& to) {
  if constexpr (requires { x.options; }) {
    const call_options& o = x.options;
    if (o.timeout.count() < 0)
      throw error(errc::timeout, "the deadline had passed before the request arrived");
    if (o.read_only && changes(x))
      throw error(errc::read_only, "the request writes, and this access is read-only");
    if (!o.id.empty())
      throw error(engine::idempotency::refused("a backup"));
    // Here, because a cancellation passes the handle as well and must not overtake the request.
    if (o.cancel_token != 0)
      engine_->backups().cancels().find_or_add(to.owner(), o.cancel_token);
  }
  delegate(caf::actor_cast<caf::strong_actor_ptr>(engine_->handles().read().backup_scheduler), m,
           to);
}

void engine_handle::handle(execute_request& x, actor_response& to) {
  auto r = make_request(request::kind::execute, x.options, to);
  r->sql = std::move(x.sql);
  r->parameters = std::move(x.parameters);
  submit(std::move(r), route::writer);
}

void engine_handle::handle(fetch_request& x, actor_response& to) {
  auto r = make_request(request::kind::fetch, x.options, to);
  r->sql = std::move(x.sql);
  r->parameters = std::move(x.parameters);
  // On a reader, a statement that writes would be overtaken by its sender's later writes. If the
  // request may not write, the reader's authorizer reports whether it would.
  const bool write =
      !engine_->core().file().read_only() && !r->read_only && sqlite::may_write(r->sql);
  submit(std::move(r), write ? route::writer : route::reader);
}

void engine_handle::handle(batch_request& x, actor_response& to) {
  auto r = make_request(request::kind::batch, x.options, to);
  r->sql = std::move(x.sql);
  r->batch_parameters = std::move(x.sets);
  submit(std::move(r), route::writer);
}

void engine_handle::handle(transaction_request& x, actor_response& to) {
  auto r = make_request(request::kind::transaction, x.options, to);
  r->operations = std::move(x.operations);
  submit(std::move(r), route::writer);
}

void engine_handle::handle(script_request& x, actor_response& to) {
  auto r = make_request(request::kind::script, x.options, to);
  r->sql = std::move(x.sql);
  r->mode = x.mode;
  submit(std::move(r), route::writer);
}

// Tasks must not own the engine: if a worker released the last reference, it would join itself.

void engine_handle::handle(cursor_open& x, actor_response& to) {
  auto r = make_request(request::kind::maintenance, x.options, to);
  r->job_class = request_class::cursor;
  r->sql = std::move(x.sql); // its bytes are counted in the request
  r->parameters = std::move(x.parameters);
  r->job = [core = &engine_->core(), cursors = engine_->cursors(), raw = r.get(),
            me = address()](sqlite::connection&) {
    if (!raw->reply.empty()) // opened, and then its worker failed
      return;
    const auto owner = raw->owner();
    const auto number = cursors->open(core->file().open_reader(), raw->sql, raw->parameters, owner,
                                      raw->ctl, raw->peer);
    // Only now that the cursor is open: an owner that has ended sends its `down_msg` at once.
    if (raw->sender() && cursors->watch(owner))
      raw->sender()->get()->attach(caf::default_attachable::make_monitor(
          caf::actor_cast<caf::actor_addr>(raw->sender()), me));
    raw->reply = caf::make_message(cursor_id{number});
    if (raw->now() != request::state::running)
      cursors->close(number, owner); // answered by the watchdog: no actor has the number
  };
  submit(std::move(r), route::reader);
}

void engine_handle::handle(cursor_next& x, actor_response& to) {
  call_options o{.timeout = x.timeout, .peer = x.peer};
  auto r = make_request(request::kind::maintenance, o, to);
  r->job_class = request_class::cursor;
  r->job = [cursors = engine_->cursors(), raw = r.get(), x](sqlite::connection&) {
    // These rows were stepped, and then the worker failed: another step would leave them out.
    if (!raw->reply.empty())
      return;
    auto page =
        cursors->next(x.id.number, raw->owner(), static_cast<std::size_t>(x.batch), raw->ctl);
    raw->job_rows = page.size();
    raw->reply = caf::make_message(std::move(page));
  };
  submit(std::move(r), route::reader);
}

void engine_handle::handle(cursor_close& x, actor_response& to) {
  engine_->cursors()->close(x.id.number, to.owner());
}

void engine_handle::handle(cancel_request& x, actor_response& to) {
  if (auto backup = engine_->backups().cancels().find(to.owner(), x.cancel_token))
    backup->request_stop();
  // The watchdog answers a request that waits, its worker one that runs.
  if (const auto entry = cancellable_.remove(to.owner(), x.cancel_token))
    if (const auto r = entry->lock())
      r->ctl.deadline.kill(errc::cancelled);
}

void engine_handle::handle(maintenance_request& x, actor_response& to) {
  const bool write = may_change(x);
  engine::maintenance::job job{x.what, std::move(x.argument), std::move(x.setting)};
  engine::maintenance::check(job);
  auto r = make_request(request::kind::maintenance, x.options, to);
  r->urgency = priority::maintenance;
  r->job = [core = &engine_->core(), raw = r.get(), job = std::move(job)](sqlite::connection& c) {
    raw->reply = caf::make_message(engine::maintenance::run(*core, c, job, raw->ctl));
  };
  submit(std::move(r), write ? route::writer : route::maintenance);
}

void engine_handle::handle(database_info_request& x, actor_response& to) {
  // A read as any other: it may wait for another process's lock.
  call_options o{.peer = x.peer};
  auto r = make_request(request::kind::maintenance, o, to);
  r->counted = false;
  r->job = [core = &engine_->core(), raw = r.get()](sqlite::connection& c) {
    raw->reply = caf::make_message(workers::report_database(*core, c, raw->ctl));
  };
  submit(std::move(r), route::reader);
}

} // namespace dbengine::actors::system
