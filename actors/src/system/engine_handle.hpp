// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine's stable address for CAF users: a message becomes a request in a queue without a hop,
// and the worker answers the sender itself.
// Thread safety: any thread. Ownership: shares the engine with the facade.

#pragma once

#include "base/cancel_registry.hpp"
#include "system/actor_request.hpp"
#include "system/engine_system.hpp"
#include "system/handle_base.hpp"
#include "system/request_routes.hpp"

#include <memory>
#include <string>
#include <vector>

namespace dbengine::actors::system {

class engine_handle final : public handle_base {
public:
  /// Makes the handle of `h`.
  static engine_actor make(std::shared_ptr<engine_system> h);
  /// Null unless the actor is the handle of an engine in this process.
  static engine_handle* of(const engine_actor& handle);

  engine_handle(caf::actor_config& cfg, std::shared_ptr<engine_system> h);

  void on_destroy() override;

  /// Stops the engine and ends the handle.
  std::vector<std::string> shutdown(std::chrono::milliseconds timeout) override;
  engine_system& engine() noexcept { return *engine_; }

private:
  using request_ptr = std::shared_ptr<actor_request>;

  bool dispatch(caf::message& m, actor_response& to) override;
  void check_sender() override;
  void handle_down(const caf::down_msg& m) override;
  void handle_exit(const caf::exit_msg& m) override;

  // A handler for each request that does not go to another actor as it is. `m` is the message that
  // holds the request.
  void handle(execute_request& x, actor_response& to);
  void handle(fetch_request& x, actor_response& to);
  void handle(batch_request& x, actor_response& to);
  void handle(transaction_request& x, actor_response& to);
  void handle(script_request& x, actor_response& to);
  void handle(cursor_open& x, actor_response& to);
  void handle(cursor_next& x, actor_response& to);
  void handle(cursor_close& x, actor_response& to);
  void handle(cancel_request& x, actor_response& to);
  void handle(maintenance_request& x, actor_response& to);
  void handle(database_info_request& x, actor_response& to);

  /// Moves `to` into the request. Throws if the deadline has passed.
  request_ptr make_request(engine::request::kind k, call_options& o, actor_response& to);
  /// Queues it, or fails it.
  void submit(request_ptr r, route to);
  template <class Request>
  void delegate_to_backups(const Request& x, const caf::message& m, const actor_response& to);
  void delegate(const caf::strong_actor_ptr& worker, const caf::message& m,
                const actor_response& to);
  /// Runs `f`, which may block, on a separate thread that the system waits for. Throws if no thread
  /// can be started; `f` did not run then.
  template <class F>
  void run_on_own_thread(F f);

  std::shared_ptr<engine_system> engine_;
  base::cancel_registry<std::weak_ptr<actor_request>> cancellable_;
};

} // namespace dbengine::actors::system
