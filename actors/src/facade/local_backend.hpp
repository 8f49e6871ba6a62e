// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's backend in the same process: leases first, queues where those are taken.
// Thread rule: any thread. Ownership: owns the actor system and, through the house, the engine.

#pragma once

#include "facade/blocking_request.hpp"
#include "system/engine_system.hpp"

#include <dbengine/backend.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <memory>

namespace dbengine::actors::facade {

class local_scope;

class local_backend final : public detail::backend {
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
  bool request_backup(const request_options& o) override;
  void backup_to(const std::filesystem::path& target, const progress_callback& progress,
                 const request_options& o) override;
  dbengine::backup_info backup_info() override;
  dbengine::statistics statistics() override;
  health_report health() override;
  dbengine::database_info database_info() override;
  void vacuum(const request_options& o) override;
  void analyze(std::string_view table, const request_options& o) override;
  void optimize(const request_options& o) override;
  std::vector<std::string> integrity_check(bool quick, const request_options& o) override;
  checkpoint_result checkpoint(checkpoint_mode mode, const request_options& o) override;
  void set_pragma(std::string_view name, const value& v, const request_options& o) override;
  void refuse_nested() const override { core_->calls().refuse_nested(); }
  void shutdown() override;

  const std::shared_ptr<system::engine_system>& engine() const noexcept { return house_; }

private:
  struct config;
  struct remains;

  sqlite::request_control control_of(const request_options& o) const;
  /// For what is not recorded with an id: ignoring it would do the work twice.
  static void refuse_id(const request_options& o, const char* what);
  std::shared_ptr<blocking_request> make(engine::request::kind k, const request_options& o) const;
  /// Sends it to its queue and waits for the answer; throws the failure.
  void run(const std::shared_ptr<blocking_request>& r, bool write, const request_options& o);
  rows fetch_queued(std::string_view sql, const params_view& p, const request_options& o,
                    bool write, int attempts = 0);
  /// Runs a read on the write connection where that is better than on the lease; false: it was not run.
  bool read_on_writer(engine::lease& l, std::string_view sql, const params_view& p,
                      sqlite::request_control& ctl, rows& result, int& failed_workers);
  /// Runs it on this thread if the write connection is free: false where it is not. Then it is answered, or in the queue
  /// where the worker failed under it.
  bool run_inline(const std::shared_ptr<blocking_request>& r);
  void wait(const std::shared_ptr<blocking_request>& r, const request_options& o);
  void check_writable();
  void take_writer(const request_options& o);
  /// Waits for a reader connection of its own; throws where none is free in time.
  engine::lease& take_lease(const request_options& o);
  maintenance_result maintain(maintenance_request m, const request_options& o);

  friend class local_scope;
  std::unique_ptr<config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<system::engine_system> house_;
  engine::engine* core_ = nullptr;
  std::atomic<local_scope*> scope_{nullptr}; // of the thread that has the write connection
};

} // namespace dbengine::actors::facade
