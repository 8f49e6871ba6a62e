// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Parses and writes durations and sizes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dbengine::app {

/// Parses "250ms", "5s", "2m", "1.5h", "1d"; a number without a unit is seconds. Empty for any
/// other text and for a value out of range.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Parses "4096", "64MiB", "1.5GiB", "10MB". Empty for any other text and for a value out of range.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest text that `parse_duration` converts to the same value: "90s", "1h", "250ms".
std::string to_text(std::chrono::milliseconds d);

} // namespace dbengine::app
