// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Events that a restart of a worker does not resolve, reported to the owner of the engine.
// Thread safety: plain data. Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine {

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
std::string_view to_string(escalation_kind k) noexcept;

/// One event that the engine cannot resolve itself, or the end of one.
struct escalation {
  escalation_kind what = escalation_kind::circuit_opened;
  /// Name of the worker, as in `worker_health::name`.
  std::string worker = {};
  /// The cause: the last failure, or the state of the file.
  error_info reason = {};

  friend bool operator==(const escalation&, const escalation&) = default;
};

/// The event as one line: "writer: circuit opened (internal: …)".
std::string to_string(const escalation& e);

} // namespace dbengine
