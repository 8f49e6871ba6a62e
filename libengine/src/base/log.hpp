// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine's log: one spdlog logger named "dbengine", which a host may replace by registering its own first. The engine's own
// never waits for its reader (`standard_error.hpp`); a host's logger is the host's: one that blocks stops the engine's threads, so give it
// an asynchronous one that overruns where its sink can block.

#pragma once

#include <string_view>

namespace dbengine::base {

enum class log_level { debug, info, warning, error };

/// Thread-safe; never throws.
void log(log_level level, std::string_view text) noexcept;
/// For what may happen many times a second: of each kind one line in ten seconds; the next one says how many were left out.
void log_limited(log_level level, const char* kind, std::string_view text) noexcept;

} // namespace dbengine::base
