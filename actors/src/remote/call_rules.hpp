// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What makes a message a call over the wire: its bytes, and what may be done with it when the connection is lost.
// Thread rule: stateless.

#pragma once

#include "control.hpp"
#include "maintenance.hpp"
#include "message_codec.hpp"
#include "remote/remote_call.hpp"

namespace dbengine::actors {

/// The body of a request: room for the time that is left, then the message.
template <class T>
std::string request_body(wire_kind k, const T& x) {
  // A fetch may not write until the server has said that it would: one that only reads can be sent again.
  if constexpr (std::is_same_v<T, fetch_request>)
    return detail::encode(std::int64_t{0}, x,
                          static_cast<std::uint8_t>(!x.options.id.empty() && !x.options.read_only));
  else
    return (void)k, detail::encode(std::int64_t{0}, x);
}

inline std::string empty_body() {
  return detail::encode(std::int64_t{0});
}

/// Sets `writes`, `repeatable` and `read_only`.
template <class T>
void apply_rules(remote_call& c, const T& x) {
  if constexpr (std::is_same_v<T, fetch_request>) {
    c.writes = !x.options.id.empty() && !x.options.read_only;
    c.read_only = x.options.read_only;
  } else if constexpr (std::is_same_v<T, maintenance_request>) {
    c.writes = maintenance::writes(x.what);
    c.repeatable = !c.writes;
  } else if constexpr (std::is_same_v<T, backup_request>) {
    c.writes = true;
    c.repeatable = false;
  } else if constexpr (std::is_same_v<T, cursor_next>) {
    c.repeatable = false; // the next rows are not the same rows
  } else if constexpr (!std::is_same_v<T, cursor_open>) {
    c.writes = true;
    c.repeatable = !x.options.id.empty();
  }
}

/// A backup takes as long as the file is large: only a time that was named bounds it.
inline bool without_deadline(wire_kind k, bool named) noexcept {
  return k == wire_kind::backup && !named;
}

} // namespace dbengine::actors
