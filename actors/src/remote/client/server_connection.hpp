// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A link's connection to the gateway of a server: what the server takes, and the messages in flight
// with the calls that they belong to.
// Thread safety: none; the link's lock guards it.
// Ownership: belongs to one link. Its window is shared with the other links of the system to the
// same server. It holds the node of each call in flight.
// Errors: only what sends, and `late_calls`, need memory. If a message cannot be sent for lack of
// it, nothing is in flight, and the call still waits in its table with its body.

#pragma once

#include "remote/client/call_table.hpp"
#include "remote/client/wire_window.hpp"

#include <caf/actor_control_block.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace dbengine::actors::remote {

class server_connection {
public:
  using clock = remote_call::clock;

  struct sent_message {
    call_table::node call; // empty for a control message, whose answer nothing waits for
    std::size_t bytes = 0;

    /// The call if it is not finished yet.
    remote_call* open_call() const {
      return call.empty() || call.mapped()->done ? nullptr : call.mapped().get();
    }
  };
  /// The key is the message's id in CAF.
  using messages = std::unordered_map<std::uint64_t, sent_message>;

  /// `sender`: the link, which the server answers. It must outlive this.
  explicit server_connection(caf::actor_control_block* sender) noexcept : sender_(sender) {}

  // -- from its welcome to its loss ---------------------------------------------------------------

  void open(caf::strong_actor_ptr gateway, std::shared_ptr<wire_window> window,
            wire_welcome w) noexcept;
  /// Sends no more on this connection, which is about to end. Answers are still handled.
  void stop_sending() noexcept { stopping_ = true; }
  /// The connection is lost, or could not be made. Returns what was in flight.
  messages lose(std::string reason) noexcept;
  /// The link is closed: its open calls in flight return to the table. Their messages count for the
  /// other links until they are answered.
  void close(call_table& calls) noexcept;

  bool is_open() const noexcept { return gateway_ != nullptr; }
  /// Of the last connection, if there is none now.
  bool read_only() const noexcept { return welcome_.read_only; }
  std::uint64_t max_frame_bytes() const noexcept { return welcome_.max_frame_bytes; }
  /// Why there is no connection.
  const std::string& lost_reason() const noexcept { return lost_reason_; }

  // -- messages -----------------------------------------------------------------------------------

  /// Sends the calls that wait, in their order, as far as there is room. Without memory the others
  /// wait for the next sweep.
  void send_waiting(call_table& calls) noexcept;
  /// Requests the next part of the call's answer. If it throws, `call` is unchanged.
  void request_next_part(call_table::node& call, std::uint64_t id);
  /// Sends a message about the call with the number `about`, if there is a connection.
  void send_control(wire_kind k, std::uint64_t about, std::uint64_t id);

  /// The message that was answered; it is no longer in flight. None if it was one of an earlier
  /// connection.
  std::optional<sent_message> take_answered(std::uint64_t mid) noexcept;
  /// The open calls whose answer is overdue, or has not come in time after their cancellation.
  std::vector<remote_call_ptr> late_calls(clock::time_point now) const;

private:
  bool can_send() const noexcept { return is_open() && !stopping_; }
  /// Returns whether one more request may be in flight now, and counts it then.
  bool reserve_room(std::size_t bytes);
  void send_first(call_table& calls);
  /// Sends one message; no call belongs to it yet. If it throws, the body is unchanged and nothing
  /// is in flight.
  sent_message& send(wire_kind k, std::uint64_t id, std::string& body, std::size_t bytes);

  caf::actor_control_block* sender_;
  /// Null while there is no connection.
  caf::strong_actor_ptr gateway_;
  /// Null while there is no connection. A closed link keeps it until its messages are answered.
  std::shared_ptr<wire_window> window_;
  wire_welcome welcome_;
  std::string lost_reason_;
  /// Set when the server shuts down or a request was undelivered; reset by the next connection.
  bool stopping_ = false;
  std::uint64_t last_mid_ = 0;
  messages in_flight_;
};

} // namespace dbengine::actors::remote
