// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "system/engine_system.hpp"

#include "base/log.hpp"
#include "base/retry_on_bad_alloc.hpp"
#include "os/threads.hpp"
#include "workers/backup_scheduler.hpp"
#include "workers/backup_worker.hpp"
#include "workers/detached_spawn.hpp"
#include "workers/reader.hpp"
#include "workers/reader_pool_actor.hpp"
#include "workers/report_worker.hpp"
#include "workers/reports.hpp"
#include "workers/stats_actor.hpp"
#include "workers/supervisor.hpp"
#include "workers/writer.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace dbengine::actors::system {

namespace {

using workers::child_life;
using workers::child_spec;
using workers::strategy;
using workers::worker_handles;
using workers::worker_role;

template <class F, class... Ts>
auto spawn_worker(caf::actor_system& sys, bool detached, F f, Ts... xs) {
  return detached ? workers::spawn_detached(sys, f, std::move(xs)...)
                  : workers::spawn_scheduled(sys, f, std::move(xs)...);
}

// Sends a new worker its first message. A worker that cannot get it is ended: the supervisor does
// not know it yet.
template <class Handle, class Message>
caf::actor send_first(const Handle& h, Message m) {
  try {
    base::retry_on_bad_alloc([&] { caf::anon_send(h, m); });
  } catch (...) {
    base::try_with_retries([&] { caf::anon_send_exit(h, caf::exit_reason::user_shutdown); });
    throw;
  }
  return caf::actor_cast<caf::actor>(h);
}

// Sends `m` to the worker that `member` names, if it has been started.
template <class Handle, class Message>
void send_to(const workers::worker_handle_table& handles, Handle worker_handles::*member,
             Message m) {
  if (const auto h = handles.select([&](const worker_handles& all) { return all.*member; }))
    caf::anon_send(h, std::move(m));
}

template <class Handle, class Message>
void send_later(const workers::worker_handle_table& handles, Handle worker_handles::*member,
                std::chrono::milliseconds delay, Message m) {
  if (const auto h = handles.select([&](const worker_handles& all) { return all.*member; }))
    caf::delayed_anon_send(h, delay, std::move(m));
}

// Ends the workers that were not reported to the supervisor before it ended. The supervisor has
// sent an exit to the others.
void end_workers(const worker_handles& all) noexcept {
  const auto end = [](const auto& h) {
    if (h)
      base::try_with_retries([&] { caf::anon_send_exit(h, caf::exit_reason::user_shutdown); });
  };
  end(all.writer);
  for (const auto& r : all.readers)
    end(r);
  end(all.reader_pool);
  end(all.stats);
  end(all.backup_scheduler);
}

} // namespace

engine_system::engine_system(caf::actor_system& sys, std::shared_ptr<engine::engine> core,
                             const spawn_settings& s)
    : sys_(&sys), core_(std::move(core)), status_(std::make_shared<workers::worker_status_table>()),
      handles_(std::make_shared<workers::worker_handle_table>(core_->reads().count())),
      listeners_(std::make_shared<workers::progress_listeners>()),
      backups_(std::make_shared<engine::backup_service>(core_, s.detached)),
      disk_look_(std::make_shared<engine::background_refresh>(
          [core = core_] { core->disk().take_sample(); }, s.detached)),
      cursors_(std::make_shared<engine::cursor_table>(
          s.cursor_idle,
          [handles = handles_, idle = s.cursor_idle] {
            send_later(*handles, &worker_handles::reader_pool, idle, workers::expire_cursors{});
          },
          [handles = handles_] {
            send_to(*handles, &worker_handles::reader_pool, workers::drop_closed_cursors{});
          })),
      exit_(std::make_shared<workers::supervisor_exit>()) {}

engine_system::~engine_system() {
  if (core_->calls().forked()) {
    // A copy of the parent's: its connections and locks are leaked, because their end would act on
    // the parent's files.
    static_cast<void>(new auto(core_));
    static_cast<void>(new auto(cursors_));
    static_cast<void>(new auto(backups_));
    static_cast<void>(new auto(disk_look_));
    static_cast<void>(new auto(handles_));
    static_cast<void>(new auto(listeners_));
    static_cast<void>(new auto(supervisor_));
    return;
  }
  try {
    stop(std::chrono::milliseconds(0));
  } catch (...) { // no memory for more than a second
    base::log(base::log_level::error, "the engine could not be ended: out of memory");
  }
}

std::shared_ptr<engine_system> engine_system::open(caf::actor_system& sys, std::string_view url,
                                                   options o, spawn_settings s) {
  auto core = std::make_shared<engine::engine>(url, std::move(o));
  std::shared_ptr<engine_system> h(new engine_system(sys, std::move(core), s));
  if (const auto why = h->start(s); why.code != errc::none) {
    h->core_->file().undo_opening();
    h->stop(std::chrono::milliseconds(0));
    throw error(why);
  }
  return h;
}

// -- the children ---------------------------------------------------------------------------------

child_spec engine_system::writer_child(const spawn_settings& s) {
  return {
      .id = {worker_role::writer},
      .restart = strategy::rest_for_one,
      .start =
          [&sys = *sys_, core = core_, handles = handles_, s](const child_life& life) {
            auto h = spawn_worker(sys, s.detached, workers::writer, core, life);
            handles->update([&](worker_handles& all) { all.writer = h; });
            // Requests that were queued before the handle was set could not wake it.
            return send_first(h, caf::flush_atom_v);
          },
      .circuit_opened = [core = core_](const error_info& why) { core->writes().open_circuit(why); },
      .circuit_closed = [core = core_] { core->writes().close_circuit(); },
      .detached = s.detached};
}

child_spec engine_system::reader_child(const spawn_settings& s, std::size_t i) {
  return {.id = {core_->reads().is_maintenance(i) ? worker_role::maintenance_reader
                                                  : worker_role::reader,
                 i},
          .start =
              [&sys = *sys_, core = core_, handles = handles_, s, i](const child_life& life) {
                auto h = spawn_worker(sys, s.detached, workers::reader, core, i, life);
                handles->update([&](worker_handles& all) { all.readers[i] = h; });
                return send_first(h, caf::flush_atom_v);
              },
          .circuit_opened = [core = core_,
                             i](const error_info& why) { core->reads().set_circuit(i, true, why); },
          .circuit_closed = [core = core_, i] { core->reads().set_circuit(i, false, {}); },
          .detached = s.detached};
}

child_spec engine_system::reader_pool_child(const spawn_settings& s) {
  return {.id = {worker_role::reader_pool},
          .start =
              [&sys = *sys_, core = core_, handles = handles_, cursors = cursors_,
               s](const child_life& life) {
                auto h = spawn_worker(sys, s.detached, workers::reader_pool, core, cursors, life);
                handles->update([&](worker_handles& all) { all.reader_pool = h; });
                // A cursor that was closed before the handle was set sent no message.
                return send_first(h, workers::drop_closed_cursors{});
              },
          .detached = s.detached};
}

child_spec engine_system::stats_child() {
  return {.id = {worker_role::stats},
          .start = [&sys = *sys_, handles = handles_,
                    from = workers::report_sources{core_, status_, backups_, disk_look_}](
                       const child_life& life) {
            auto h = workers::spawn_scheduled(
                sys, workers::stats, workers::start_report_worker([&sys, from] {
                  return workers::spawn_scheduled(sys, workers::report_worker, from);
                }),
                life);
            handles->update([&](worker_handles& all) { all.stats = h; });
            return caf::actor_cast<caf::actor>(h);
          }};
}

child_spec engine_system::backup_scheduler_child(const spawn_settings& s) {
  return {.id = {worker_role::backup_scheduler},
          .restart = strategy::rest_for_one,
          .start = [&sys = *sys_, core = core_, handles = handles_, backups = backups_,
                    listeners = listeners_, s](const child_life& life) {
            workers::start_backup_worker start = [&sys, backups, listeners, s] {
              if (s.detached)
                os::require_threads(1);
              return spawn_worker(sys, s.detached, workers::backup_worker, backups, listeners);
            };
            auto h = workers::spawn_scheduled(
                sys, workers::backup_scheduler, backups, core->opts().backup_enabled,
                std::move(start), workers::start_report_worker([&sys, backups] {
                  return workers::spawn_scheduled(sys, workers::report_worker,
                                                  workers::report_sources{.backups = backups});
                }),
                life);
            handles->update([&](worker_handles& all) { all.backup_scheduler = h; });
            return caf::actor_cast<caf::actor>(h);
          }};
}

// In the order of their start. The detached ones come first: `start` counts on it when a thread is
// missing.
std::vector<child_spec> engine_system::make_children(const spawn_settings& s) {
  std::vector<child_spec> all;
  if (!core_->file().read_only())
    all.push_back(writer_child(s));
  for (std::size_t i = 0; i < core_->reads().count(); ++i)
    all.push_back(reader_child(s, i));
  all.push_back(reader_pool_child(s));
  all.push_back(stats_child());
  all.push_back(backup_scheduler_child(s));
  for (auto& c : all)
    c.name = workers::display_name(c.id);
  return all;
}

// -- start ----------------------------------------------------------------------------------------

void engine_system::connect_core() {
  engine::worker_signals w;
  const auto handles = handles_;
  w.flush_writer = [handles] { send_to(*handles, &worker_handles::writer, caf::flush_atom_v); };
  w.flush_reader = [handles](std::size_t i) {
    if (const auto h = handles->select([i](const worker_handles& all) {
          return i < all.readers.size() ? all.readers[i] : workers::reader_actor{};
        }))
      caf::anon_send(h, caf::flush_atom_v);
  };
  w.schedule_sweep = [handles] {
    send_later(*handles, &worker_handles::reader_pool, defaults::lease_idle,
               workers::sweep_leases{});
  };
  w.schedule_checkpoint = [handles] {
    send_later(*handles, &worker_handles::writer, defaults::checkpoint_idle,
               workers::checkpoint_if_idle{});
  };
  w.writer_failed = [handles](const error_info&) {
    send_to(*handles, &worker_handles::writer, workers::writer_lost{});
  };
  w.wal_pinned = [cursors = cursors_](std::uint64_t bytes) { return cursors->wal_pinned(bytes); };
  w.schedule_watchdog = [handles] {
    send_later(*handles, &worker_handles::supervisor, defaults::watch_interval,
               workers::watchdog_scan{});
  };
  core_->start(std::move(w));
}

void engine_system::start_supervisor(std::vector<child_spec> children,
                                     const workers::restart_policy& policy) {
  using self_pointer = workers::supervisor_actor::stateful_pointer<workers::supervisor_state>;
  // Shared, so that a spawn that finds no memory and is repeated has them still.
  const auto specs = std::make_shared<std::vector<child_spec>>(std::move(children));
  try {
    supervisor_ = base::retry_on_bad_alloc([&] {
      return workers::spawn_scheduled(
          *sys_,
          [core = core_, status = status_, specs, exit = exit_,
           policy](self_pointer self) -> workers::supervisor_actor::behavior_type {
            return workers::supervisor(self, core, status, std::move(*specs), exit, policy);
          });
    });
  } catch (...) {
    exit_->set({}); // `stop` must not wait for it
    throw;
  }
  handles_->update([this](worker_handles& all) { all.supervisor = supervisor_; });
}

error_info engine_system::start(const spawn_settings& s) {
  const auto children = make_children(s);
  for (const auto& c : children)
    status_->add(c.id, c.name);
  connect_core(); // before any worker runs: its first act may be to wake another
  start_supervisor(children, s.restarts);
  // On this thread: the caller gets the reason of a failure, and a spare reader's thread exists
  // before it is needed. After a failure the other children are not started; the supervisor starts
  // no child by itself.
  for (std::uint32_t i = 0; i < children.size(); ++i) {
    auto started = workers::start_child(children[i], i,
                                        child_life(supervisor_, i, workers::first_incarnation));
    if (!started.handle) {
      auto why = std::move(started.failure);
      const auto threads =
          std::count_if(children.begin(), children.end(), [](const auto& x) { return x.detached; });
      if (children[i].detached && why.code == errc::cannot_open)
        why.message = std::to_string(threads) + " threads are needed and only " +
                      std::to_string(i) + " are available: " + why.message;
      return why;
    }
    try {
      base::retry_on_bad_alloc([&] { caf::anon_send(supervisor_, started); });
    } catch (...) { // no memory: the child has no supervisor
      base::try_with_retries(
          [&] { caf::anon_send_exit(started.handle, caf::exit_reason::user_shutdown); });
      throw;
    }
  }
  return {};
}

// -- samples --------------------------------------------------------------------------------------

void engine_system::refresh_samples() {
  const auto until = sqlite::clock::now() + defaults::look_patience;
  disk_look_->wait_until(until);
  backups_->folder().wait_for_listing(until);
}

dbengine::statistics engine_system::statistics() {
  refresh_samples();
  return workers::report_statistics(*core_, *status_, *backups_);
}

health_report engine_system::health() {
  refresh_samples();
  return workers::report_health(*core_, *status_, *backups_, disk_look_->running_for());
}

// -- stop -----------------------------------------------------------------------------------------

void engine_system::stop_workers(sqlite::clock::time_point last_moment) {
  const auto stop_children = [this](workers::stop_mode mode) {
    base::try_with_retries([&] { caf::anon_send(supervisor_, workers::stop_children{mode}); });
  };
  stop_children(workers::stop_mode::in_order);
  if (exit_->wait_until(last_moment))
    return;
  core_->supervision().abandon_requests();
  const auto ended_within_half = [this] {
    return exit_->wait_until(sqlite::clock::now() + defaults::shutdown_grace / 2);
  };
  stop_children(workers::stop_mode::all);
  bool ended = ended_within_half();
  if (!ended) {
    stop_children(workers::stop_mode::abandon);
    ended = ended_within_half();
  }
  // If this thread is the scheduler's only one, the supervisor cannot run now: it ends after this
  // thread's work.
  abandoned_ = ended ? exit_->abandoned() : std::vector<std::string>{"supervisor"};
  for (const auto& name : abandoned_)
    base::log(base::log_level::error, name + " does not end and is abandoned");
}

void engine_system::stop(std::chrono::milliseconds timeout) {
  if (core_->calls().forked())
    return; // the parent's threads do not exist here
  const base::scoped_lock lock(stop_mutex_);
  if (stopped_)
    return;
  stopped_ = true;
  const auto deadline = sqlite::deadline_after(timeout);
  core_->calls().stop_accepting();
  if (!core_->wait_drained(deadline))
    base::retry_on_bad_alloc([this] { core_->cancel_requests(); });
  const auto last_moment = std::max(deadline, sqlite::clock::now()) + defaults::shutdown_grace;
  stop_workers(last_moment);
  if (!backups_->close(std::max(last_moment, sqlite::clock::now()))) {
    abandoned_.emplace_back("backup");
    base::log(base::log_level::error, "the running backup does not end and is abandoned");
  }
  disk_look_->close();
  base::retry_on_bad_alloc([this] { core_->cancel_requests(); });
  cursors_->close_all();
  core_->close(deadline, last_moment);
  supervisor_ = nullptr;
  end_workers(handles_->clear());
}

} // namespace dbengine::actors::system
