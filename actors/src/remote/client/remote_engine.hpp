// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The typed handle of an engine elsewhere. It owns nothing but its link and runs in its sender's thread, as `engine_handle` does.

#pragma once

#include "remote/client/remote_link.hpp"
#include "remote/server/published_ports.hpp"

#include <map>

namespace dbengine::actors::remote {

class actor_call;

class remote_engine final : public caf::monitorable_actor, public published_ports {
public:
  static engine_actor make(caf::actor_system& sys, remote_link_ptr link);
  static remote_engine* of(const engine_actor& handle);

  remote_engine(caf::actor_config& cfg, remote_link_ptr link);

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;
  std::set<std::string> message_types() const override;
  void on_destroy() override;

  /// Ends the handle, not the server's engine.
  void shutdown(std::chrono::milliseconds timeout);

private:
  bool dispatch(caf::mailbox_element& what);
  template <class Request, class Result>
  bool forward(caf::mailbox_element& what, caf::message& m, wire_kind k);
  template <class Result>
  void forward_plain(caf::mailbox_element& what, wire_kind k);
  void submit(const std::shared_ptr<actor_call>& c, const call_options* o);
  void cancel(const caf::strong_actor_ptr& sender, std::uint64_t token);

  remote_link_ptr link_;
  std::mutex cancel_mutex_;
  std::map<std::pair<caf::actor_id, std::uint64_t>, std::weak_ptr<actor_call>> cancellable_;
};

} // namespace dbengine::actors::remote
