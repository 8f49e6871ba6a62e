// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

/// @file
/// Events that a restart of a worker does not resolve, reported to the owner of the engine.
/// Thread safety: plain data. Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine {

/// What happened. Each event is reported once, when it begins or ends.
enum class escalation_kind : std::uint8_t {
  /// a worker failed too often; requests that need it fail with `errc::unavailable` until a probe
  /// succeeds
  circuit_opened,
  circuit_closed, ///< a probe succeeded; the worker runs again
  /// the database file was replaced or a failed commit is unresolved; writes are refused
  writing_fenced,
  writing_resumed, ///< the failed commit is resolved; writes are accepted again
  worker_stuck,    ///< a worker is in a statement that cannot be interrupted
  /// the supervisor ended; the engine returns `errc::unavailable` and has to be reopened
  supervision_lost
};

/// The kind in words: "circuit opened", "worker stuck" and so on. The text is static.
std::string_view to_string(escalation_kind k) noexcept;

/// One event that the engine cannot resolve itself, or the end of one.
struct escalation {
  /// What happened; `circuit_closed` and `writing_resumed` end an earlier event.
  escalation_kind what = escalation_kind::circuit_opened;
  /// Name of the worker, as in `worker_health::name`.
  std::string worker = {};
  /// The cause: the last failure, or the state of the file. `errc::none` if an event ended.
  error_info reason = {};

  friend bool operator==(const escalation&, const escalation&) = default;
};

/// The event as one line: "writer: circuit opened (internal: …)".
std::string to_string(const escalation& e);

} // namespace dbengine
