// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's backend in the same process. Statements run on the calling thread, with a lease or
// with the free write connection. If neither is free, they wait in the engine's queues. Everything
// else is the control plane's.
// Thread safety: any thread. Ownership: owns the actor system and the engine. Errors: thrown.

#pragma once

#include "facade/control_plane.hpp"
#include "facade/queued_calls.hpp"
#include "facade/writer_read_path.hpp"
#include "system/engine_system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>

namespace dbengine::actors::facade {

class local_scope;

class local_backend final : public control_plane {
public:
  local_backend(std::string_view url, options o, system::spawn_settings s = {});
  ~local_backend() override;

  rows fetch(std::string_view sql, const params_view& p, const request_options& o) override;
  write_result execute(std::string_view sql, const params_view& p,
                       const request_options& o) override;
  batch_result execute_many(std::string_view sql, std::span<const params> sets,
                            const request_options& o) override;
  std::vector<operation_result> transact(std::span<const operation> ops,
                                         const request_options& o) override;
  script_result script(std::string_view sql, script_mode mode, const request_options& o) override;
  std::unique_ptr<detail::cursor_source> open_cursor(std::string_view sql, const params_view& p,
                                                     std::size_t batch,
                                                     const request_options& o) override;
  std::unique_ptr<detail::scope> begin_write(const request_options& o) override;
  std::unique_ptr<detail::scope> begin_read(const request_options& o) override;
  std::unique_ptr<detail::scope> begin_raw(bool read_only, const request_options& o) override;
  dbengine::statistics statistics() override;
  health_report health() override;
  void refuse_nested() const override { core_->calls().refuse_nested(); }
  void shutdown() override;

  const std::shared_ptr<system::engine_system>& engine() const noexcept { return engine_system_; }

private:
  struct config;
  struct abandoned_system;

  static std::unique_ptr<caf::actor_system> make_actor_system(config& c);
  static std::shared_ptr<system::engine_system> open_engine(caf::actor_system& sys,
                                                            std::string_view url, options o,
                                                            const system::spawn_settings& s);

  /// Refuses an id in a call that does not record it: ignoring the id could run the work twice.
  static void refuse_id(const request_options& o, const char* what);
  void check_writable() const;
  /// Waits for the write connection; on return this thread holds it.
  void lock_writer(const request_options& o);
  /// Waits for a reader connection; throws if none is free in time.
  engine::lease& take_lease(const request_options& o);
  void check_call(access a) const override;
  void follow_backup(const caf::actor& sender) override;
  void unfollow_backup(const caf::actor& sender) noexcept override;
  template <class Report, class Ask, class Compose>
  Report report(Ask ask, Compose compose);

  friend class local_scope;
  std::unique_ptr<config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<system::engine_system> engine_system_;
  engine::engine* core_;
  queued_calls calls_;
  writer_read_path on_writer_;
  /// The write transaction of the thread that holds the write connection; null if there is none.
  std::atomic<local_scope*> scope_{nullptr};
};

} // namespace dbengine::actors::facade
