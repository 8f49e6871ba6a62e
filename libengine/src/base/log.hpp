// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine's log: one spdlog logger named "dbengine". A host replaces it by registering its own
// logger first. The default logger never blocks (`standard_error.hpp`). A host's logger that blocks
// also blocks the engine's threads; if its sink can block, it should be asynchronous and overrun.
// Thread safety: any thread. Errors: nothing is thrown; a line that cannot be written is lost.

#pragma once

#include <string_view>

namespace dbengine::base {

enum class log_level { debug, info, warning, error };

/// Writes one line.
void log(log_level level, std::string_view text) noexcept;
/// Writes a line that may occur many times a second. Of each `kind` at most one line is written in
/// ten seconds; the next one includes the number of suppressed lines.
void log_limited(log_level level, const char* kind, std::string_view text) noexcept;

} // namespace dbengine::base
