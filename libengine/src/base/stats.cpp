// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/escalation.hpp>
#include <dbengine/stats.hpp>

namespace dbengine {

std::string_view to_string(request_class c) noexcept {
  switch (c) {
  case request_class::execute: return "execute";
  case request_class::bulk: return "bulk";
  case request_class::fetch: return "fetch";
  case request_class::transaction: return "transaction";
  case request_class::script: return "script";
  case request_class::backup: return "backup";
  case request_class::cursor: return "cursor";
  case request_class::maintenance: return "maintenance";
  }
  return "?";
}

std::string_view to_string(circuit_state s) noexcept {
  switch (s) {
  case circuit_state::closed: return "closed";
  case circuit_state::open: return "open";
  case circuit_state::half_open: return "half-open";
  }
  return "?";
}

std::string_view to_string(worker_state s) noexcept {
  switch (s) {
  case worker_state::idle: return "idle";
  case worker_state::running: return "running";
  case worker_state::stalled: return "stalled";
  case worker_state::restarting: return "restarting";
  case worker_state::failed: return "failed";
  case worker_state::stopped: return "stopped";
  case worker_state::spare: return "spare";
  }
  return "?";
}

std::string_view to_string(escalation_kind k) noexcept {
  switch (k) {
  case escalation_kind::circuit_opened: return "circuit opened";
  case escalation_kind::circuit_closed: return "circuit closed";
  case escalation_kind::writing_fenced: return "writing fenced";
  case escalation_kind::writing_resumed: return "writing resumed";
  case escalation_kind::worker_stuck: return "worker stuck";
  case escalation_kind::supervision_lost: return "supervision lost";
  }
  return "?";
}

std::string to_string(const escalation& e) {
  auto text = e.worker + ": " + std::string(to_string(e.what));
  if (e.reason.code != errc::none)
    text += " (" + to_string(e.reason) + ")";
  return text;
}

} // namespace dbengine
