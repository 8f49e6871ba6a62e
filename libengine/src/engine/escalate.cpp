// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "engine/escalate.hpp"

#include "base/error_map.hpp"
#include "base/log.hpp"

namespace dbengine::engine {

void escalate(const options& o, const escalation& e) noexcept {
  try {
    if (o.on_escalation)
      o.on_escalation(e);
  } catch (...) {
    try {
      base::log(base::log_level::error,
                "on_escalation failed: " + to_string(base::current_exception_info()));
    } catch (...) { // no memory for the text
    }
  }
}

} // namespace dbengine::engine
