// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The engine's log: one spdlog logger named "dbengine", which a host may replace by registering its own first.

#pragma once

#include <string_view>

namespace dbengine::detail {

enum class log_level { debug, info, warning, error };

/// Thread-safe; never throws.
void log(log_level level, std::string_view text) noexcept;

} // namespace dbengine::detail
