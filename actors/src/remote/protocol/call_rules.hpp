// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What makes a message a call over the wire: its bytes, and what may be done with it when the connection is lost.
// Thread rule: stateless.

#pragma once

#include "engine/maintenance.hpp"
#include "remote/client/remote_call.hpp"
#include "sqlite/request_control.hpp"
#include "sqlite/sql_text.hpp"
#include "system/message_codec.hpp"

namespace dbengine::actors::remote {

/// Whether a fetch is sent as one that may write. One that may not can be sent again; where it would write after all, the server
/// says so. By that second way it would be overtaken by its sender's later writes: so only where its text looks like reading.
inline bool sent_to_write(const fetch_request& x) {
  return !x.options.read_only && (!x.options.id.empty() || sqlite::may_write(x.sql));
}

/// The body of a request: room for the time that is left, then the message.
template <class T>
std::string request_body(wire_kind k, const T& x) {
  if constexpr (std::is_same_v<T, fetch_request>)
    return base::encode(std::int64_t{0}, x, static_cast<std::uint8_t>(sent_to_write(x)));
  else
    return (void)k, base::encode(std::int64_t{0}, x);
}

inline std::string empty_body() {
  return base::encode(std::int64_t{0});
}

/// Sets `writes`, `repeatable` and `read_only`.
template <class T>
void apply_rules(remote_call& c, const T& x) {
  if constexpr (std::is_same_v<T, fetch_request>) {
    c.writes = sent_to_write(x);
    c.repeatable = !c.writes || !x.options.id.empty();
    c.read_only = x.options.read_only;
  } else if constexpr (std::is_same_v<T, maintenance_request>) {
    c.writes = engine::maintenance::writes(x.what);
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

} // namespace dbengine::actors::remote
