// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The facade's backend over the wire.
// Thread safety: any thread. Ownership: owns its actor system and the link; the engine belongs to
// the server.

#pragma once

#include "facade/control_plane.hpp"
#include "remote/client/remote_link.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace dbengine::actors::remote {

class facade_call;

class remote_backend final : public facade::control_plane {
public:
  /// `open` makes the link in the given system; the function belongs to the composition root.
  using opener = remote_link_ptr (*)(caf::actor_system&, const endpoint&, const remote_options&);

  remote_backend(const endpoint& to, const remote_options& how, opener open);
  ~remote_backend() override;

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
  void backup_to(const std::filesystem::path& target, const progress_callback& progress,
                 const request_options& o) override;
  void shutdown() override;

private:
  struct config;
  friend class remote_cursor;

  template <class Request>
  std::shared_ptr<facade_call> start(Request r, const request_options& o);
  template <class Request>
  typename system::row_of<Request>::result run(Request r, const request_options& o);
  void check_call(access a) const override;
  /// Waits for the call and throws its failure; the answer stays in the call.
  void wait(const std::shared_ptr<facade_call>& c, const request_options& o);

  std::unique_ptr<config> config_;
  std::unique_ptr<caf::actor_system> system_;
  remote_link_ptr link_;
};

} // namespace dbengine::actors::remote
