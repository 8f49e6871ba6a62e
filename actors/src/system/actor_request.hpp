// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request that an actor sent as a message.
// Thread safety: as `engine::request`. The answer may be sent on any thread.
// Errors: a request that is destroyed without an answer fails, so that no sender waits for ever:
// with `errc::too_big` (out of memory) before it is submitted, with `errc::internal` afterwards.

#pragma once

#include "engine/request.hpp"
#include "system/actor_response.hpp"

namespace dbengine::actors::system {

/// The worker answers the sender itself: no hop leads back through the handle.
class actor_request final : public engine::request {
public:
  actor_request(kind k, sqlite::request_control c, actor_response to)
      : engine::request(k, std::move(c)), to_(std::move(to)) {}
  ~actor_request() override;

  void refuse(const error_info& info) noexcept override;
  const caf::strong_actor_ptr& sender() const noexcept { return to_.sender(); }
  caf::actor_id owner() const noexcept { return to_.owner(); }

  /// From now on a queue owns the request and answers it.
  void set_submitted() noexcept { submitted_ = true; }

  /// The answer of a task.
  caf::message reply;

private:
  void answered() noexcept override;
  void deliver_result();

  const actor_response to_;
  bool submitted_ = false;
};

} // namespace dbengine::actors::system
