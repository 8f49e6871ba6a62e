// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The typed handle of an engine in another process.
// Thread safety: any thread. Ownership: owns only its link.

#pragma once

#include "base/cancel_registry.hpp"
#include "remote/client/remote_link.hpp"
#include "system/handle_base.hpp"
#include "system/request_routes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace dbengine::actors::remote {

class actor_call;

class remote_engine final : public system::handle_base {
public:
  static engine_actor make(caf::actor_system& sys, remote_link_ptr link);

  remote_engine(caf::actor_config& cfg, remote_link_ptr link);

  void on_destroy() override;

  /// Ends the handle, not the server's engine.
  std::vector<std::string> shutdown(std::chrono::milliseconds timeout) override;

private:
  bool dispatch(caf::message& m, system::actor_response& to) override;
  void handle_exit(const caf::exit_msg& m) override;

  /// Makes a call of the request and submits it to the link.
  template <class Row>
  void submit(typename Row::request& x, system::actor_response& to);
  void cancel(const cancel_request& x, const system::actor_response& to);

  remote_link_ptr link_;
  base::cancel_registry<std::weak_ptr<actor_call>> cancellable_;
};

} // namespace dbengine::actors::remote
