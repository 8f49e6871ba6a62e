// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// One running engine: its core, its actors, and the order in which they start and stop. The composition root makes it.
// Thread rule: any thread. Ownership: the engine's handle and the facade share it.

#pragma once

#include "engine/background_refresh.hpp"
#include "engine/backups/backup_service.hpp"
#include "engine/engine.hpp"
#include "engine/read/cursor_table.hpp"
#include "workers/restart_policy.hpp"
#include "workers/supervisor_exit.hpp"
#include "workers/worker_status.hpp"

#include <dbengine/actors/handles.hpp>

#include <caf/actor_system.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace dbengine::actors::workers {
struct child_spec;
struct started_child;
} // namespace dbengine::actors::workers

namespace dbengine::actors::system {

/// The workers' current handles, renewed by the supervisor at each start.
class current_handles {
public:
  void set_writer(writer_actor h) {
    const std::lock_guard lock(mutex_);
    writer_ = std::move(h);
  }
  void set_reader(std::size_t i, reader_actor h) {
    const std::lock_guard lock(mutex_);
    readers_.resize(std::max(readers_.size(), i + 1));
    readers_[i] = std::move(h);
  }
  void set_pool(reader_pool_actor h) {
    const std::lock_guard lock(mutex_);
    pool_ = std::move(h);
  }
  void set_stats(stats_actor h) {
    const std::lock_guard lock(mutex_);
    stats_ = std::move(h);
  }
  void set_backups(backup_scheduler_actor h) {
    const std::lock_guard lock(mutex_);
    backups_ = std::move(h);
  }
  void set_supervisor(supervisor_actor h) {
    const std::lock_guard lock(mutex_);
    supervisor_ = std::move(h);
  }
  supervisor_actor supervisor() const {
    const std::lock_guard lock(mutex_);
    return supervisor_;
  }
  writer_actor writer() const {
    const std::lock_guard lock(mutex_);
    return writer_;
  }
  reader_actor reader(std::size_t i) const {
    const std::lock_guard lock(mutex_);
    return i < readers_.size() ? readers_[i] : reader_actor{};
  }
  reader_pool_actor pool() const {
    const std::lock_guard lock(mutex_);
    return pool_;
  }
  stats_actor stats() const {
    const std::lock_guard lock(mutex_);
    return stats_;
  }
  backup_scheduler_actor backups() const {
    const std::lock_guard lock(mutex_);
    return backups_;
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    writer_ = nullptr;
    readers_.clear();
    pool_ = nullptr;
    stats_ = nullptr;
    backups_ = nullptr;
    supervisor_ = nullptr;
  }

private:
  mutable std::mutex mutex_;
  writer_actor writer_;
  std::vector<reader_actor> readers_;
  reader_pool_actor pool_;
  stats_actor stats_;
  backup_scheduler_actor backups_;
  supervisor_actor supervisor_;
};

/// How the workers are run; deterministic tests switch `detached` off.
struct spawn_settings {
  bool detached = true;
  /// A cursor that nobody asked for this long is closed.
  std::chrono::milliseconds cursor_idle = defaults::cursor_idle;
  workers::restart_policy restarts = {};
};

class engine_system {
public:
  /// Opens the database and starts the actors. Throws `error`.
  static std::shared_ptr<engine_system> open(caf::actor_system& sys, std::string_view url,
                                             options o, spawn_settings s = {});
  ~engine_system();
  engine_system(const engine_system&) = delete;
  engine_system& operator=(const engine_system&) = delete;

  /// Stops in order: refuse, drain within `timeout`, interrupt and answer the rest, stop the actors, close the files. What sits in
  /// a statement that cannot be interrupted is left behind a second later: its callers are answered, and what it holds (a thread, a
  /// connection) goes when it comes back. Idempotent; a second caller waits for the first. In a forked child it does nothing.
  void stop(std::chrono::milliseconds timeout);
  /// Workers that `stop` left behind: the actor system cannot end before they do.
  const std::vector<std::string>& left_behind() const noexcept { return left_; }

  /// What health and statistics tell of files is of now, or of a while ago where the disk or the folder of the backups does not
  /// answer within `defaults::look_patience`.
  void look();
  /// `report_health`, after `look`; with what the disk keeps waiting for.
  health_report health();

  engine::engine& core() noexcept { return *core_; }
  const std::shared_ptr<engine::engine>& core_ptr() const noexcept { return core_; }
  const workers::worker_status_table& workers() const noexcept { return *board_; }
  current_handles& handles() noexcept { return *handles_; }
  engine::backup_service& backups() noexcept { return *backups_; }
  const std::shared_ptr<engine::cursor_table>& cursors() const noexcept { return cursors_; }
  caf::actor_system& system() noexcept { return *sys_; }

private:
  engine_system(caf::actor_system& sys, std::shared_ptr<engine::engine> core,
                const spawn_settings& s);
  /// Why one of the workers could not be started, if so.
  error_info start(spawn_settings s);
  void supervise(std::vector<workers::child_spec> specs, std::vector<workers::started_child> first,
                 const workers::restart_policy& policy);

  caf::actor_system* sys_;
  std::shared_ptr<engine::engine> core_;
  std::shared_ptr<workers::worker_status_table> board_;
  std::shared_ptr<current_handles> handles_;
  std::shared_ptr<engine::backup_service> backups_;
  std::shared_ptr<engine::background_refresh> disk_look_;
  std::shared_ptr<engine::cursor_table> cursors_;
  supervisor_actor supervisor_;
  std::shared_ptr<workers::supervisor_exit> stopped_;
  std::mutex stop_mutex_;
  bool stop_done_ = false;
  std::vector<std::string> left_;
};

} // namespace dbengine::actors::system
