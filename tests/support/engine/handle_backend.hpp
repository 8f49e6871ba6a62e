// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's backend over the typed handle alone: each call is one message, sent by a scoped
// actor. Code that is written for the facade thus runs against the handle.
// Thread safety: any thread.
// Ownership: owns its actor system and the engine in it.

#pragma once

#include <dbengine/actors/spawn.hpp>
#include <dbengine/backend.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <memory>
#include <string_view>

namespace dbengine::test {

/// The CAF configuration of a host that embeds the engine.
struct host_config : caf::actor_system_config {
  host_config();
};

class handle_backend final : public detail::backend {
public:
  handle_backend(std::string_view url, options o);
  /// A backend over an engine that the caller ends.
  explicit handle_backend(engine_actor engine);
  ~handle_backend() override;

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
  /// A handle gives no access to a connection: these throw `errc::not_allowed`.
  std::unique_ptr<detail::scope> begin_write(const request_options& o) override;
  std::unique_ptr<detail::scope> begin_read(const request_options& o) override;
  std::unique_ptr<detail::scope> begin_raw(bool read_only, const request_options& o) override;
  void backup_to(const std::filesystem::path& target, const progress_callback& progress,
                 const request_options& o) override;
  bool request_backup(const request_options& o) override;
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
  void shutdown() override;

  const engine_actor& handle() const noexcept { return engine_; }
  caf::actor_system& system() noexcept { return *system_; }

private:
  call_options translate(const request_options& o);
  template <class R, class M>
  R ask(M message, const request_options& o);
  maintenance_result maintain(maintenance_request m, const request_options& o);

  host_config config_;
  std::unique_ptr<caf::actor_system> system_;
  engine_actor engine_;
  bool ends_it_ = true;
  std::atomic<std::uint64_t> last_token_{0};
};

} // namespace dbengine::test
