// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Durations and sizes as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::app {

/// "250ms", "5s", "2m", "1.5h", "1d"; a bare number is seconds. Nothing for anything else or what does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "4096", "64MiB", "1.5GiB", "10MB"; nothing for anything else or what does not fit.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest text that `parse_duration` reads as the same: "90s", "1h", "250ms".
std::string to_text(std::chrono::milliseconds d);

} // namespace dbengine::app
