// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A request that came as a message, and its one answer.
// Thread rule: as `request`; the answer may be sent from any thread.

#pragma once

#include "engine/request.hpp"

#include <caf/actor_control_block.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

namespace dbengine::actors::system {

/// Answers `sender` itself, so that no hop goes back through the engine. Destroyed without an answer it says so: a sender
/// is never left waiting.
class actor_response final : public engine::request {
public:
  actor_response(kind k, sqlite::request_control c, caf::strong_actor_ptr sender,
                 caf::message_id mid)
      : engine::request(k, std::move(c)), sender_(std::move(sender)), mid_(mid) {}
  ~actor_response() override;

  void refuse(const error_info& info) noexcept override;
  const caf::strong_actor_ptr& sender() const noexcept { return sender_; }

  /// What a task answers with.
  caf::message reply;

private:
  void answered() noexcept override;
  void answer();
  void respond(const caf::message& m);

  caf::strong_actor_ptr sender_;
  caf::message_id mid_;
};

} // namespace dbengine::actors::system
