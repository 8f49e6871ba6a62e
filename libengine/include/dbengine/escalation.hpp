// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What restarting alone does not mend: told to the owner of the engine.
// Thread rule: plain data. Ownership: by value.

#pragma once

#include <dbengine/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine {

enum class escalation_kind : std::uint8_t {
  circuit_opened, ///< a worker failed too often: what needs it fails with `errc::unavailable` until a probe succeeds
  circuit_closed, ///< a probe succeeded, the worker is back
  writing_fenced, ///< the file is not the one that was opened, or a failed commit is not settled: no write is taken
  writing_resumed, ///< the failed commit is settled, writes are taken again
  worker_stuck,    ///< a worker sits in a statement that cannot be interrupted
  supervision_lost ///< the supervisor itself ended: the engine answers `errc::unavailable` and is to be opened anew
};
std::string_view to_string(escalation_kind k) noexcept;

/// One event of the kind that an engine cannot settle by itself, or the end of one.
struct escalation {
  escalation_kind what = escalation_kind::circuit_opened;
  /// As in `worker_health::name`.
  std::string worker = {};
  /// Why: the last failure, or the state of the file.
  error_info reason = {};

  friend bool operator==(const escalation&, const escalation&) = default;
};

/// "writer: circuit opened (internal: …)".
std::string to_string(const escalation& e);

} // namespace dbengine
