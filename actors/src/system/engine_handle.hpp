// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine's stable address for CAF users. It owns nothing and runs in its sender's thread: a message becomes a request in
// a queue without a hop, and the worker answers the sender itself.
//
// Why not an event-based actor? It would add a hop, and a scheduled one at that, to every request.

#pragma once

#include "remote/server/published_ports.hpp"
#include "system/actor_response.hpp"
#include "system/engine_system.hpp"

#include <caf/monitorable_actor.hpp>

#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>

namespace dbengine::actors::system {

class engine_handle final : public caf::monitorable_actor, public remote::published_ports {
public:
  /// Makes the handle of `h`.
  static engine_actor make(std::shared_ptr<engine_system> h);
  /// The router behind a handle, null for any other actor.
  static engine_handle* of(const engine_actor& handle);

  engine_handle(caf::actor_config& cfg, std::shared_ptr<engine_system> h);

  using caf::abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;
  std::set<std::string> message_types() const override;
  void on_destroy() override;

  /// Stops the engine and ends the handle.
  void shutdown(std::chrono::milliseconds timeout);
  engine_system& engine() noexcept { return *house_; }

private:
  void on_cleanup(const caf::error& reason) override;
  bool dispatch(caf::mailbox_element& what);
  std::shared_ptr<actor_response> make_request(engine::request::kind k, caf::mailbox_element& what,
                                               call_options& o);
  void submit(std::shared_ptr<actor_response> r, bool write, bool upkeep = false);
  void remember(const std::shared_ptr<actor_response>& r, std::uint64_t token);
  /// To an actor of the house; one that is not there yet gets it in a moment.
  void pass_on(const caf::strong_actor_ptr& to, caf::mailbox_element& what, caf::message m);
  void pass_on_backup(caf::mailbox_element& what, const caf::message& m, const call_options& o,
                      bool writes);
  void cancel(const caf::strong_actor_ptr& sender, std::uint64_t token);
  /// `f`, which may block, on a thread of its own that the system waits for. Throws where there is none: it did not run.
  template <class F>
  void run_elsewhere(F f);

  std::shared_ptr<engine_system> house_;
  std::mutex cancel_mutex_;
  // By sender and token; swept when it grows.
  std::map<std::pair<caf::actor_id, std::uint64_t>, std::weak_ptr<actor_response>> cancellable_;
};

} // namespace dbengine::actors::system
