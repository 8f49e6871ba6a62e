// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The composition root: the one place that knows every actor.

#include "system/engine_system.hpp"
#include "base/log.hpp"
#include "base/wait_for_memory.hpp"
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
#include <string>

namespace dbengine::actors::system {

namespace {

// In its own thread, where it is to be detached.
template <class F, class... Ts>
auto spawn_worker(caf::actor_system& sys, bool detached, F f, Ts... xs) {
  return detached ? workers::spawn_detached(sys, f, std::move(xs)...)
                  : workers::spawn_scheduled(sys, f, std::move(xs)...);
}

// Here and now: when a worker is stuck, its spare's thread must be there already. Where one cannot be had the rest is not
// started, and is nobody's to restart.
error_info start_first(std::vector<workers::child_spec>& specs,
                       std::vector<workers::started_child>& first,
                       workers::worker_status_table& names) {
  error_info why;
  for (const auto& spec : specs) {
    names.add(spec.name);
    auto child = workers::start_child(spec);
    if (child.handle) {
      first.push_back(std::move(child));
      continue;
    }
    why = child.failure;
    // Those in threads of their own come first.
    const auto threads =
        std::count_if(specs.begin(), specs.end(), [](const auto& x) { return x.detached; });
    if (spec.detached && why.code == errc::cannot_open)
      why.message = std::to_string(threads) + " threads are needed and only " +
                    std::to_string(first.size()) + " can be had: " + why.message;
    break;
  }
  specs.erase(specs.begin() + static_cast<std::ptrdiff_t>(first.size()), specs.end());
  return why;
}

} // namespace

engine_system::engine_system(caf::actor_system& sys, std::shared_ptr<engine::engine> core,
                             const spawn_settings& s)
    : sys_(&sys), core_(std::move(core)), board_(std::make_shared<workers::worker_status_table>()),
      handles_(std::make_shared<current_handles>()),
      backups_(std::make_shared<engine::backup_service>(core_, s.detached)),
      disk_look_(std::make_shared<engine::background_refresh>(
          [core = core_] { core->disk().take_sample(); }, s.detached)),
      cursors_(std::make_shared<engine::cursor_table>(
          s.cursor_idle,
          [handles = handles_, idle = s.cursor_idle] {
            if (const auto h = handles->pool())
              caf::delayed_anon_send(h, idle, caf::timeout_atom_v);
          },
          [handles = handles_] {
            if (const auto h = handles->pool())
              caf::anon_send(h, caf::close_atom_v);
          })),
      stopped_(std::make_shared<workers::supervisor_exit>()) {}

engine_system::~engine_system() {
  if (core_->calls().forked()) {
    // A copy of the parent's: its connections and locks must not feel the end of it.
    static_cast<void>(new auto(core_));
    static_cast<void>(new auto(cursors_));
    static_cast<void>(new auto(backups_));
    static_cast<void>(new auto(disk_look_));
    static_cast<void>(new auto(handles_));
    static_cast<void>(new auto(supervisor_));
    return;
  }
  try {
    stop(std::chrono::milliseconds(0));
  } catch (...) { // no memory for more than a second
    base::log(base::log_level::error, "the engine's end failed for want of memory");
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

error_info engine_system::start(spawn_settings s) {
  auto& sys = *sys_;
  const auto core = core_;
  const auto handles = handles_;
  std::vector<workers::child_spec> specs;
  if (!core->file().read_only())
    specs.push_back({"writer", workers::strategy::rest_for_one,
                     [&sys, core, handles, s](std::function<void()> ready) {
                       auto h =
                           spawn_worker(sys, s.detached, workers::writer, core, std::move(ready));
                       handles->set_writer(h);
                       // What was asked while it had no handle woke nobody.
                       caf::anon_send(h, caf::flush_atom_v);
                       return caf::actor_cast<caf::actor>(h);
                     },
                     [core](const error_info& why) { core->writes().open_circuit(why); },
                     [core] { core->writes().close_circuit(); }, s.detached});
  for (std::size_t i = 0; i < core->reads().count(); ++i)
    specs.push_back({core->reads().is_maintenance(i) ? "upkeep" : "reader " + std::to_string(i + 1),
                     workers::strategy::one_for_one,
                     [&sys, core, handles, s, i](std::function<void()> ready) {
                       auto h = spawn_worker(sys, s.detached, workers::reader, core, i,
                                             std::move(ready));
                       handles->set_reader(i, h);
                       caf::anon_send(h, caf::flush_atom_v);
                       return caf::actor_cast<caf::actor>(h);
                     },
                     [core, i](const error_info& why) { core->reads().set_circuit(i, true, why); },
                     [core, i] { core->reads().set_circuit(i, false, {}); }, s.detached});
  specs.push_back({"reader pool",
                   workers::strategy::one_for_one,
                   [&sys, core, handles, cursors = cursors_, s](std::function<void()> ready) {
                     auto h = spawn_worker(sys, s.detached, workers::reader_pool, core, cursors);
                     handles->set_pool(h);
                     // What was closed while it had no handle told nobody.
                     caf::anon_send(h, caf::close_atom_v);
                     ready();
                     return caf::actor_cast<caf::actor>(h);
                   },
                   {},
                   {},
                   s.detached});
  specs.push_back(
      {"stats",
       workers::strategy::one_for_one,
       [&sys, handles, from = workers::report_sources{core, board_, backups_, disk_look_}](
           std::function<void()> ready) {
         auto h = workers::spawn_scheduled(sys, workers::stats, [&sys, from] {
           return workers::spawn_scheduled(sys, workers::report_worker, from);
         });
         handles->set_stats(h);
         ready();
         return caf::actor_cast<caf::actor>(h);
       },
       {},
       {}});
  specs.push_back({"backup scheduler",
                   workers::strategy::rest_for_one,
                   [&sys, core, handles, backups = backups_, s](std::function<void()> ready) {
                     workers::start_backup_worker start = [&sys, backups, s] {
                       if (s.detached)
                         os::require_threads(1);
                       return spawn_worker(sys, s.detached, workers::backup_worker, backups);
                     };
                     auto h = workers::spawn_scheduled(
                         sys, workers::backup_scheduler, backups, core->opts().backup_enabled,
                         std::move(start), [&sys, backups] {
                           return workers::spawn_scheduled(
                               sys, workers::report_worker,
                               workers::report_sources{.backups = backups});
                         });
                     handles->set_backups(h);
                     ready();
                     return caf::actor_cast<caf::actor>(h);
                   },
                   {},
                   {}});
  engine::worker_signals w;
  w.flush_writer = [handles] {
    if (const auto h = handles->writer())
      caf::anon_send(h, caf::flush_atom_v);
  };
  w.flush_reader = [handles](std::size_t i) {
    if (const auto h = handles->reader(i))
      caf::anon_send(h, caf::flush_atom_v);
  };
  w.schedule_sweep = [handles] {
    if (const auto h = handles->pool())
      caf::delayed_anon_send(h, defaults::lease_idle, caf::tick_atom_v);
  };
  w.schedule_checkpoint = [handles] {
    if (const auto h = handles->writer())
      caf::delayed_anon_send(h, defaults::checkpoint_idle, caf::idle_atom_v);
  };
  w.writer_failed = [handles](const error_info&) {
    if (const auto h = handles->writer())
      caf::anon_send(h, caf::close_atom_v);
  };
  w.wal_pinned = [cursors = cursors_](std::uint64_t bytes) { return cursors->wal_pinned(bytes); };
  w.schedule_watchdog = [handles] {
    if (const auto h = handles->supervisor())
      caf::delayed_anon_send(h, defaults::watch_interval, caf::tick_atom_v);
  };
  // Before any worker runs: its first act may be to wake another.
  core->start(std::move(w));
  std::vector<workers::started_child> first;
  const auto why = start_first(specs, first, *board_);
  supervise(std::move(specs), std::move(first), s.restarts);
  return why;
}

void engine_system::supervise(std::vector<workers::child_spec> specs,
                              std::vector<workers::started_child> first,
                              const workers::restart_policy& policy) {
  // Shared, so that a start that found no memory leaves them here.
  using self_pointer = supervisor_actor::stateful_pointer<workers::supervisor_state>;
  const auto all = std::make_shared<
      std::pair<std::vector<workers::child_spec>, std::vector<workers::started_child>>>(
      std::move(specs), std::move(first));
  try {
    supervisor_ = base::patiently([&] {
      return workers::spawn_scheduled(
          *sys_,
          [core = core_, b = board_, all, ended = stopped_,
           policy](self_pointer self) -> supervisor_actor::behavior_type {
            return workers::supervisor(self, core, b, std::move(all->first), std::move(all->second),
                                       ended, policy);
          });
    });
  } catch (...) {
    for (const auto& c : all->second)
      if (c.handle)
        base::patiently_or_not(
            [&] { caf::anon_send_exit(c.handle, caf::exit_reason::user_shutdown); });
    stopped_->set({});
    throw;
  }
  handles_->set_supervisor(supervisor_);
}

void engine_system::look() {
  const auto until = sqlite::clock::now() + defaults::look_patience;
  disk_look_->wait_until(until);
  backups_->folder().wait_for_listing(until);
}

health_report engine_system::health() {
  look();
  return workers::report_health(*core_, *board_, *backups_, disk_look_->running_for());
}

void engine_system::stop(std::chrono::milliseconds timeout) {
  if (core_->calls().forked())
    return; // the parent's threads are not here: nobody could answer
  const std::lock_guard lock(stop_mutex_);
  if (stop_done_)
    return;
  stop_done_ = true;
  const auto deadline = sqlite::deadline_after(timeout);
  core_->calls().stop_accepting();
  if (!core_->wait_drained(deadline))
    base::patiently([this] { core_->cancel_requests(); });
  const auto ask_to_stop = [this] {
    base::patiently_or_not([this] { caf::anon_send(supervisor_, caf::close_atom_v); });
  };
  ask_to_stop();
  const auto last_moment = std::max(deadline, sqlite::clock::now()) + defaults::shutdown_grace;
  if (!stopped_->wait_until(last_moment)) {
    core_->supervision().abandon_requests();
    ask_to_stop();
    const auto ended_within_half = [this] {
      return stopped_->wait_until(sqlite::clock::now() + defaults::shutdown_grace / 2);
    };
    bool ended = ended_within_half();
    if (!ended) {
      ask_to_stop();
      ended = ended_within_half();
    }
    // The supervisor itself gets no turn where this thread is the only one that the scheduler has: it ends after it.
    left_ = ended ? stopped_->left() : std::vector<std::string>{"supervisor"};
    for (const auto& name : left_)
      base::log(base::log_level::error, name + " does not come back and is left behind");
  }
  if (!backups_->close(std::max(last_moment, sqlite::clock::now()))) {
    left_.emplace_back("backup");
    base::log(base::log_level::error, "the running backup does not end and is left behind");
  }
  disk_look_->close();
  base::patiently([this] { core_->cancel_requests(); });
  cursors_->close_all();
  core_->close(deadline, last_moment);
  supervisor_ = nullptr;
  handles_->clear();
}

} // namespace dbengine::actors::system
