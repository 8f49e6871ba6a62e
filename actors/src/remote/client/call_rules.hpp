// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What makes a request a call over the wire: its bytes, its deadline, and the flags by which
// `resend_rules.hpp` decides when the connection is lost. All come from the request's row in the
// table.
// Thread safety: plain functions.

#pragma once

#include "remote/client/remote_call.hpp"
#include "sqlite/request_control.hpp"
#include "system/message_codec.hpp"
#include "system/request_effects.hpp"

namespace dbengine::actors::remote {

/// The body of a request: room for the remaining time, then the message.
template <class Request>
std::string request_body(const Request& x) {
  if constexpr (std::is_same_v<Request, fetch_request>)
    return base::encode(std::int64_t{0}, x, static_cast<std::uint8_t>(system::may_change(x)));
  else
    return base::encode(std::int64_t{0}, x);
}

/// Sets `writes`, `repeatable` and `read_only`.
template <class Request>
void apply_rules(remote_call& c, const Request& x) {
  constexpr system::request_rule rule = system::row_of<Request>::rule;
  c.writes = rule.does == system::effect::backup || system::changes(x);
  switch (rule.again) {
  case system::resend::always: c.repeatable = true; break;
  case system::resend::never: c.repeatable = false; break;
  case system::resend::if_reading: c.repeatable = !c.writes; break;
  case system::resend::if_reading_or_id:
    c.repeatable = !c.writes;
    if constexpr (requires { x.options; })
      c.repeatable = c.repeatable || !x.options.id.empty();
    break;
  }
  if constexpr (std::is_same_v<Request, fetch_request>)
    c.read_only = x.options.read_only;
}

/// The time by which the request must be answered. `timeout` 0: the request has none, and `usual`
/// applies if the request is of a kind that a time bounds.
template <class Request>
void set_deadline(remote_call& c, std::chrono::milliseconds timeout,
                  std::chrono::milliseconds usual) {
  if (timeout.count() != 0)
    c.deadline = sqlite::deadline_after(timeout);
  else if (system::row_of<Request>::rule.bounded)
    c.deadline = sqlite::deadline_after(usual);
}

} // namespace dbengine::actors::remote
