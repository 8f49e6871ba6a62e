// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/engine_handle.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"
#include "base/wait_for_memory.hpp"
#include "engine/idempotency.hpp"
#include "engine/maintenance.hpp"
#include "os/threads.hpp"
#include "sqlite/sql_text.hpp"
#include "workers/detached_spawn.hpp"
#include "workers/reports.hpp"

#include <caf/actor_config.hpp>
#include <caf/actor_registry.hpp>
#include <caf/actor_system.hpp>
#include <caf/default_attachable.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/system_messages.hpp>

#include <thread>

namespace dbengine::actors::system {

namespace {

using engine::request;

std::uint64_t owner_of(const caf::strong_actor_ptr& sender) {
  return sender ? sender->id() : 0;
}

} // namespace

engine_actor engine_handle::make(std::shared_ptr<engine_system> h) {
  auto& sys = h->system();
  caf::actor_config cfg;
  return caf::make_actor<engine_handle, engine_actor>(sys.next_actor_id(), sys.node(), &sys, cfg,
                                                      std::move(h));
}

engine_handle* engine_handle::of(const engine_actor& handle) {
  return handle ? dynamic_cast<engine_handle*>(caf::actor_cast<caf::abstract_actor*>(handle))
                : nullptr;
}

engine_handle::engine_handle(caf::actor_config& cfg, std::shared_ptr<engine_system> h)
    : caf::monitorable_actor(cfg), house_(std::move(h)) {}

std::set<std::string> engine_handle::message_types() const {
  return home_system().message_types<engine_actor>();
}

template <class F>
void engine_handle::run_elsewhere(F f) {
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
  } catch (...) { // no thread to be had
    running.dec_running();
    throw;
  }
}

void engine_handle::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  // The last handle was let go of in an actor: the engine's end waits for its workers and for the disk, so not on this thread. Where
  // no other can be had, here all the same.
  if (workers::on_actor_thread() && house_->core().calls().accepting()) {
    try {
      run_elsewhere([last = std::exchange(house_, nullptr)] {});
    } catch (...) {
      base::log_limited(base::log_level::warning, "no thread for the end",
                        "no thread can be had for the engine's end");
    }
  }
  caf::monitorable_actor::on_destroy();
}

void engine_handle::on_cleanup(const caf::error&) {}

void engine_handle::shutdown(std::chrono::milliseconds timeout) {
  house_->core().calls().refuse_nested(); // it would wait for the statement that this thread is in
  house_->stop(timeout);
  close_all(); // last: peers are told what became of their requests
  cleanup(caf::exit_reason::user_shutdown, nullptr);
}

void engine_handle::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  try {
    if (what->mid
            .is_request()) // who waits for its answer; a message without one may be sent from anywhere
      house_->core().calls().refuse_nested();
    if (dispatch(*what))
      return;
  } catch (...) {
    const auto why = base::current_exception_info();
    if (what->sender && what->mid.is_request())
      base::patiently([&] {
        what->sender->enqueue(nullptr, what->mid.response_id(), caf::make_message(from_info(why)),
                              host);
      });
    return;
  }
  if (what->sender && what->mid.is_request())
    what->sender->enqueue(nullptr, what->mid.response_id(),
                          caf::make_message(caf::make_error(caf::sec::unexpected_message)), host);
}

std::shared_ptr<actor_response> engine_handle::make_request(request::kind k,
                                                            caf::mailbox_element& what,
                                                            call_options& o) {
  if (k == request::kind::maintenance && !o.id.empty())
    throw error(engine::idempotency::refused("a cursor or maintenance"));
  const auto t = o.timeout.count() == 0 ? house_->core().opts().request_timeout : o.timeout;
  if (t.count() < 0)
    throw error(errc::timeout, "the deadline has passed before the request came");
  const auto deadline = sqlite::deadline_after(t);
  auto r = std::make_shared<actor_response>(k, sqlite::request_control(deadline, {}), what.sender,
                                            what.mid);
  r->deadline = deadline;
  r->urgency = std::min(o.priority, priority::maintenance);
  r->id = std::move(o.id);
  r->read_only = o.read_only;
  r->peer = o.peer;
  if (o.peer != 0)
    r->ctl.share_processor();
  r->ctl.bound_results(static_cast<std::size_t>(o.max_result_bytes));
  if (o.cancel_token != 0)
    remember(r, o.cancel_token);
  return r;
}

void engine_handle::submit(std::shared_ptr<actor_response> r, bool write, bool upkeep) {
  const auto shared = r; // stays until the answer of a refusal is sent
  try {
    if (write && r->read_only)
      throw error(errc::read_only, "the request writes, and this access is read-only");
    if (write)
      house_->core().writes().submit(std::move(r));
    else if (upkeep)
      house_->core().reads().submit_maintenance(std::move(r));
    else
      house_->core().reads().submit(std::move(r));
  } catch (const error& e) {
    shared->fail(e.info());
  }
}

void engine_handle::remember(const std::shared_ptr<actor_response>& r, std::uint64_t token) {
  constexpr std::size_t sweep_at = 1024;
  const std::lock_guard lock(cancel_mutex_);
  if (cancellable_.size() >= sweep_at)
    std::erase_if(cancellable_, [](const auto& e) { return e.second.expired(); });
  cancellable_[{owner_of(r->sender()), token}] = r;
}

void engine_handle::cancel(const caf::strong_actor_ptr& sender, std::uint64_t token) {
  house_->backups().cancels().cancel(owner_of(sender), token);
  std::shared_ptr<actor_response> found;
  {
    const std::lock_guard lock(cancel_mutex_);
    const auto it = cancellable_.find({owner_of(sender), token});
    if (it == cancellable_.end())
      return;
    found = it->second.lock();
    cancellable_.erase(it);
  }
  if (found)
    found->ctl.kill(errc::cancelled); // waiting, the watch answers it; running, its worker
}

void engine_handle::pass_on(const caf::strong_actor_ptr& to, caf::mailbox_element& what,
                            caf::message m) {
  house_->core().calls().check_process();
  if (!to)
    throw error(errc::shut_down, "the engine is shut down");
  to->enqueue(what.sender, what.mid, std::move(m), nullptr);
}

void engine_handle::pass_on_backup(caf::mailbox_element& what, const caf::message& m,
                                   const call_options& o, bool writes) {
  if (o.timeout.count() < 0)
    throw error(errc::timeout, "the deadline has passed before the request came");
  if (writes && o.read_only)
    throw error(errc::read_only, "the request writes, and this access is read-only");
  if (!o.id.empty())
    throw error(engine::idempotency::refused("a backup"));
  // Here, where its cancellation comes by, too: it must not overtake the request.
  if (o.cancel_token != 0)
    house_->backups().cancels().add(owner_of(what.sender), o.cancel_token);
  pass_on(caf::actor_cast<caf::strong_actor_ptr>(house_->handles().backups()), what, m);
}

bool engine_handle::dispatch(caf::mailbox_element& what) {
  auto m = what.move_content_to_message();
  if (m.match_elements<execute_request>()) {
    auto& x = m.get_mutable_as<execute_request>(0);
    auto r = make_request(request::kind::execute, what, x.options);
    r->sql = std::move(x.sql);
    r->parameters = std::move(x.parameters);
    submit(std::move(r), true);
  } else if (m.match_elements<fetch_request>()) {
    auto& x = m.get_mutable_as<fetch_request>(0);
    auto r = make_request(request::kind::fetch, what, x.options);
    r->sql = std::move(x.sql);
    r->parameters = std::move(x.parameters);
    // By way of a reader, a statement that writes would be overtaken by its sender's later writes. Where it may not write, the
    // reader's authorizer says whether it would.
    const bool write =
        !house_->core().file().read_only() && !r->read_only && sqlite::may_write(r->sql);
    submit(std::move(r), write);
  } else if (m.match_elements<batch_request>()) {
    auto& x = m.get_mutable_as<batch_request>(0);
    auto r = make_request(request::kind::batch, what, x.options);
    r->sql = std::move(x.sql);
    r->batch_parameters = std::move(x.sets);
    submit(std::move(r), true);
  } else if (m.match_elements<transaction_request>()) {
    auto& x = m.get_mutable_as<transaction_request>(0);
    auto r = make_request(request::kind::transaction, what, x.options);
    r->operations = std::move(x.operations);
    submit(std::move(r), true);
  } else if (m.match_elements<script_request>()) {
    auto& x = m.get_mutable_as<script_request>(0);
    auto r = make_request(request::kind::script, what, x.options);
    r->sql = std::move(x.sql);
    r->mode = x.mode;
    submit(std::move(r), true);
  } else if (m.match_elements<cursor_open>()) {
    auto& x = m.get_mutable_as<cursor_open>(0);
    auto r = make_request(request::kind::maintenance, what, x.options);
    r->job_class = request_class::cursor;
    // No task keeps the house: the worker that drops the last one would have to wait for its own end.
    r->sql = std::move(x.sql); // in the request, where its bytes are counted
    r->parameters = std::move(x.parameters);
    r->job = [core = &house_->core(), cursors = house_->cursors(), raw = r.get(),
              me = address()](sqlite::connection&) {
      if (!raw->reply.empty()) // opened, and then its worker failed
        return;
      const auto owner = owner_of(raw->sender());
      const auto number = cursors->open(core->file().open_reader(), raw->sql, raw->parameters,
                                        owner, raw->ctl, raw->peer);
      // After it is open: an owner that has ended by now says so at once.
      if (raw->sender() && cursors->watch(owner))
        raw->sender()->get()->attach(caf::default_attachable::make_monitor(
            caf::actor_cast<caf::actor_addr>(raw->sender()), me));
      raw->reply = caf::make_message(cursor_id{number});
      if (raw->now() != request::state::running)
        cursors->close(number, owner); // answered by the watch meanwhile: nobody knows the number
    };
    submit(std::move(r), false);
  } else if (m.match_elements<cursor_next>()) {
    auto& x = m.get_mutable_as<cursor_next>(0);
    call_options o{.timeout = x.timeout, .peer = x.peer};
    auto r = make_request(request::kind::maintenance, what, o);
    r->job_class = request_class::cursor;
    r->job = [cursors = house_->cursors(), raw = r.get(), x](sqlite::connection&) {
      // These rows were stepped, and then the worker failed: another step would leave them out.
      if (!raw->reply.empty())
        return;
      auto batch = cursors->next(x.id.number, owner_of(raw->sender()),
                                 static_cast<std::size_t>(x.batch), raw->ctl);
      raw->job_rows = batch.size();
      raw->reply = caf::make_message(std::move(batch));
    };
    submit(std::move(r), false);
  } else if (m.match_elements<cursor_close>()) {
    house_->cursors()->close(m.get_as<cursor_close>(0).id.number, owner_of(what.sender));
  } else if (m.match_elements<cancel_request>()) {
    cancel(what.sender, m.get_as<cancel_request>(0).cancel_token);
  } else if (m.match_elements<maintenance_request>()) {
    auto& x = m.get_mutable_as<maintenance_request>(0);
    auto r = make_request(request::kind::maintenance, what, x.options);
    r->urgency = priority::maintenance;
    const bool write = engine::maintenance::writes(x.what);
    engine::maintenance::job job{x.what, std::move(x.argument), std::move(x.setting)};
    engine::maintenance::check(job);
    r->job = [core = &house_->core(), raw = r.get(), job = std::move(job)](sqlite::connection& c) {
      raw->reply = caf::make_message(engine::maintenance::run(*core, c, job, raw->ctl));
    };
    submit(std::move(r), write, !write);
  } else if (m.match_elements<database_info_request>()) {
    // A read like any other: it may wait for another process's lock.
    call_options o{.peer = m.get_as<database_info_request>(0).peer};
    auto r = make_request(request::kind::maintenance, what, o);
    r->counted = false;
    r->job = [core = &house_->core(), raw = r.get()](sqlite::connection& c) {
      raw->reply = caf::make_message(workers::report_database(*core, c, raw->ctl));
    };
    submit(std::move(r), false);
  } else if (m.match_elements<statistics_request>() || m.match_elements<health_request>()) {
    pass_on(caf::actor_cast<caf::strong_actor_ptr>(house_->handles().stats()), what, std::move(m));
  } else if (m.match_elements<backup_request>()) {
    pass_on_backup(what, m, m.get_as<backup_request>(0).options, false);
  } else if (m.match_elements<backup_to_request>()) {
    pass_on_backup(what, m, m.get_as<backup_to_request>(0).options, true);
  } else if (m.match_elements<verify_request>()) {
    pass_on_backup(what, m, m.get_as<verify_request>(0).options, false);
  } else if (m.match_elements<prune_request>()) {
    const auto& x = m.get_as<prune_request>(0);
    pass_on_backup(what, m, x.options, !x.dry_run);
  } else if (m.match_elements<backup_info_request>()) {
    pass_on(caf::actor_cast<caf::strong_actor_ptr>(house_->handles().backups()), what,
            std::move(m));
  } else if (m.match_elements<caf::down_msg>()) {
    house_->cursors()->close_owned(m.get_as<caf::down_msg>(0).source.id());
  } else if (m.match_elements<caf::exit_msg>()) {
    // A linked actor that ends as it should ends nobody (CAF's rule).
    if (!m.get_as<caf::exit_msg>(0).reason)
      return true;
    // Whoever ends the handle ends the engine. It blocks, so not on this thread.
    house_->core().calls().stop_accepting();
    run_elsewhere([keep = caf::strong_actor_ptr(ctrl()), this] {
      try {
        shutdown(house_->core().opts().shutdown_timeout);
      } catch (...) { // no memory for more than a second: what is left ends with the handle
        base::log_limited(base::log_level::error, "no end",
                          "the engine's end failed for want of memory");
      }
    });
  } else {
    return false;
  }
  return true;
}

} // namespace dbengine::actors::system
