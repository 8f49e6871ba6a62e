// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors
#include "guard/counters.hpp"

namespace dbengine::actors::guard {

std::string_view to_string(close_reason reason) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(close_reason::count_)>
      names{"peer_closed",     "handshake_timeout", "handshake_invalid", "half_open_evicted",
            "frame_too_large", "frame_timeout",     "malformed_header",  "malformed_payload",
            "forbidden",       "unread_output",     "stalled_output",    "memory",
            "tls_failed",      "tls_required",      "tls_unexpected",    "broker_closed",
            "listener_closed", "io_failed"};
  return reason < close_reason::count_ ? names[static_cast<std::size_t>(reason)] : "invalid";
}

std::string_view to_string(drop_reason reason) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(drop_reason::count_)>
      names{"named_receiver",    "other_actor",    "not_a_request", "unlisted_type",
            "too_many_requests", "too_many_bytes", "outgoing"};
  return reason < drop_reason::count_ ? names[static_cast<std::size_t>(reason)] : "invalid";
}

} // namespace dbengine::actors::guard
