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

/// What the pages tell of. The databases do not change once pages are made.
struct served {
  std::vector<std::unique_ptr<database>> databases = {};
  std::atomic<server_state> state{server_state::starting};
  std::chrono::system_clock::time_point started = std::chrono::system_clock::now();
};

/// `from` outlives the pages. /healthz: 200 while every engine answers, whatever it answers; /readyz: 200 while all are
/// healthy and the server neither starts nor stops; else 503 with the reasons.
/// After so long in statements that do not come back, a database is not alive: a new process mends that.
inline constexpr std::chrono::minutes stuck_for_good{10};

/// Why the process should be started anew, a sentence for each database; empty where it should not. It waits for nobody.
std::vector<std::string> reasons_to_restart(const served& from,
                                            std::chrono::milliseconds most = stuck_for_good);

http::pages make_pages(const served& from, std::chrono::milliseconds most_stuck = stuck_for_good);

} // namespace dbengine::app::serve
