// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One running engine: its core, its actors, and the order in which they start and stop. The
// composition root: no other class knows every actor.
// Thread safety: any thread. Ownership: shared by the engine's handles and the facade. Errors:
// `open` throws, `stop` does not.

#pragma once

#include "base/thread_annotations.hpp"
#include "engine/background_refresh.hpp"
#include "engine/backups/backup_service.hpp"
#include "engine/engine.hpp"
#include "engine/read/cursor_table.hpp"
#include "workers/progress_listeners.hpp"
#include "workers/restart_policy.hpp"
#include "workers/supervisor_exit.hpp"
#include "workers/worker_handles.hpp"
#include "workers/worker_status_table.hpp"

#include <caf/actor_system.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::actors::workers {
struct child_spec;
} // namespace dbengine::actors::workers

namespace dbengine::actors::system {

/// How the workers run.
struct spawn_settings {
  /// Deterministic tests switch it off: every actor is scheduled then.
  bool detached = true;
  /// A cursor without a request for this long is closed.
  std::chrono::milliseconds cursor_idle = defaults::cursor_idle;
  workers::restart_policy restarts = {};
};

class engine_system {
public:
  /// Opens the database and starts the actors. Throws `error`; nothing of it runs then.
  static std::shared_ptr<engine_system> open(caf::actor_system& sys, std::string_view url,
                                             options o, spawn_settings s = {});
  ~engine_system();
  engine_system(const engine_system&) = delete;
  engine_system& operator=(const engine_system&) = delete;

  /// Stops in order: refuses new requests, drains within `timeout`, interrupts and answers the
  /// others, stops the actors, closes the files. A worker in a statement that cannot be interrupted
  /// is abandoned a second later: its callers are answered, and its thread and connection end with
  /// the statement. Idempotent; a second caller waits for the first. In a forked child it does
  /// nothing.
  void stop(std::chrono::milliseconds timeout);
  /// The workers that `stop` abandoned: the actor system cannot end before they do.
  const std::vector<std::string>& abandoned_workers() const noexcept { return abandoned_; }

  /// Takes new samples of the disk and of the backups' folder, for statistics and health. If either
  /// does not answer within `defaults::look_patience`, the sample before it stays.
  void refresh_samples();
  /// The reports after `refresh_samples`. They need no actor, so they answer while none works.
  dbengine::statistics statistics();
  health_report health();

  engine::engine& core() noexcept { return *core_; }
  const std::shared_ptr<engine::engine>& core_ptr() const noexcept { return core_; }
  const workers::worker_status_table& workers() const noexcept { return *status_; }
  workers::worker_handle_table& handles() noexcept { return *handles_; }
  workers::progress_listeners& listeners() noexcept { return *listeners_; }
  engine::backup_service& backups() noexcept { return *backups_; }
  const std::shared_ptr<engine::cursor_table>& cursors() const noexcept { return cursors_; }
  caf::actor_system& system() noexcept { return *sys_; }

private:
  engine_system(caf::actor_system& sys, std::shared_ptr<engine::engine> core,
                const spawn_settings& s);
  /// Starts the supervisor, then its children. Returns why one of them could not be started, or an
  /// error with `errc::none`.
  error_info start(const spawn_settings& s);
  std::vector<workers::child_spec> make_children(const spawn_settings& s);
  workers::child_spec writer_child(const spawn_settings& s);
  workers::child_spec reader_child(const spawn_settings& s, std::size_t i);
  workers::child_spec reader_pool_child(const spawn_settings& s);
  workers::child_spec stats_child();
  workers::child_spec backup_scheduler_child(const spawn_settings& s);
  void connect_core();
  void start_supervisor(std::vector<workers::child_spec> children,
                        const workers::restart_policy& policy);
  /// Stops the workers through the supervisor; those that do not end are abandoned.
  void stop_workers(sqlite::clock::time_point last_moment);

  caf::actor_system* sys_;
  std::shared_ptr<engine::engine> core_;
  std::shared_ptr<workers::worker_status_table> status_;
  std::shared_ptr<workers::worker_handle_table> handles_;
  std::shared_ptr<workers::progress_listeners> listeners_;
  std::shared_ptr<engine::backup_service> backups_;
  std::shared_ptr<engine::background_refresh> disk_look_;
  std::shared_ptr<engine::cursor_table> cursors_;
  workers::supervisor_actor supervisor_;
  std::shared_ptr<workers::supervisor_exit> exit_;
  base::mutex stop_mutex_;
  bool stopped_ DBENGINE_GUARDED_BY(stop_mutex_) = false;
  std::vector<std::string> abandoned_; // written by `stop`, read after it
};

} // namespace dbengine::actors::system
