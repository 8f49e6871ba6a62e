// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The destination of the answer to a message, as in CAF's `response_promise`, for handles that are
// not a `local_actor`.
// Thread safety: as a plain value; `deliver` and `fail` may be called on any thread.
// Ownership: keeps the sender alive, but not the engine's handle: a running request does not keep
// its engine open.

#pragma once

#include <dbengine/error.hpp>

#include <caf/abstract_actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/error.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>

namespace dbengine::actors::system {

/// Guarantee 1: a result goes to the last of the message's stages (`f * engine` gives it to `f`),
/// with the sender as its source; without stages to the sender, with the handle as its source.
/// Guarantee 2: a failure goes to the sender past all stages. CAF would send it to the next stage,
/// which ends by it and leaves the sender without an answer.
/// A message that is not a request is not answered; its result still goes to its stages.
class actor_response {
public:
  /// Answers no actor.
  actor_response() = default;
  /// Takes sender and stages out of `what`, which `handle` received.
  actor_response(caf::abstract_actor& handle, caf::mailbox_element& what)
      : handle_(handle.ctrl()), sender_(std::move(what.sender)), stages_(std::move(what.stages)),
        id_(what.mid) {}

  /// Cost: waits up to a second for memory, then throws `std::bad_alloc`.
  void deliver(const caf::message& result) const;
  void fail(const error_info& why) const;
  void fail(const caf::error& why) const;
  /// As CAF's `delegate`: `next` answers in the place of the handle. The same cost.
  void delegate(const caf::strong_actor_ptr& next, const caf::message& m) const;

  /// Null if the message had none.
  const caf::strong_actor_ptr& sender() const noexcept { return sender_; }
  /// What a request is owned by: its sender's number, 0 without one.
  caf::actor_id owner() const noexcept { return sender_ ? sender_->id() : 0; }
  bool is_request() const noexcept { return id_.is_request(); }

private:
  void answer_sender(const caf::message& m) const;

  caf::weak_actor_ptr handle_;
  caf::strong_actor_ptr sender_;
  caf::mailbox_element::forwarding_stack stages_;
  caf::message_id id_;
};

} // namespace dbengine::actors::system
