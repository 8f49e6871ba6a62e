// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The pages of the server: /api/stats, /metrics, /healthz, /readyz.
#pragma once

#include "serve/database.hpp"
#include "serve/http/message.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace dbengine::app::serve {

enum class server_state { starting, ready, draining };

/// The databases and the server state that the pages report. The databases do not change after the
/// pages are created.
struct served_databases {
  std::vector<std::unique_ptr<database>> databases = {};
  std::atomic<server_state> state{server_state::starting};
  std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
};

/// A database whose statements have not returned for this long is not alive: only a new process
/// resolves that.
inline constexpr std::chrono::minutes stuck_for_good{10};

/// The reasons why the process should be restarted, a sentence for each database; empty if there is
/// none. Does not block.
std::vector<std::string> reasons_to_restart(const served_databases& from,
                                            std::chrono::milliseconds most = stuck_for_good);

/// /healthz: 200 while every engine responds, whatever its health. /readyz: 200 while all are
/// healthy and the server is neither starting nor stopping. Otherwise 503 with the reasons.
/// Ownership: `from` outlives the pages.
http::pages make_pages(const served_databases& from,
                       std::chrono::milliseconds most_stuck = stuck_for_good);

} // namespace dbengine::app::serve
