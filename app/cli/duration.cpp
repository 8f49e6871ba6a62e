// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/duration.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace dbengine::app {

namespace {

template <std::size_t N>
std::optional<double> scaled(std::string_view text,
                             const std::array<std::pair<std::string_view, double>, N>& units) {
  double n = 0;
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, n, std::chars_format::fixed);
  if (code != std::errc() || !std::isfinite(n) || n < 0)
    return std::nullopt;
  std::string_view unit(end, static_cast<std::size_t>(last - end));
  while (unit.starts_with(' '))
    unit.remove_prefix(1);
  for (const auto& [name, factor] : units)
    if (unit == name)
      return n * factor;
  return std::nullopt;
}

// Fits a signed 64-bit integer and a double without loss.
constexpr double limit = 9e15;

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 6> units{
      {{"ms", 1}, {"s", 1e3}, {"", 1e3}, {"m", 60e3}, {"h", 3600e3}, {"d", 86400e3}}};
  const auto ms = scaled(text, units);
  if (!ms || *ms > limit)
    return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(std::llround(*ms)));
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, double>, 12> units{
      {{"", 1},
       {"B", 1},
       {"kB", 1e3},
       {"KB", 1e3},
       {"MB", 1e6},
       {"GB", 1e9},
       {"KiB", 1024},
       {"MiB", 1048576},
       {"GiB", 1073741824},
       {"TiB", 1099511627776.0},
       {"K", 1024},
       {"M", 1048576}}};
  const auto bytes = scaled(text, units);
  if (!bytes || *bytes > limit)
    return std::nullopt;
  return static_cast<std::uint64_t>(std::llround(*bytes));
}

std::string to_text(std::chrono::milliseconds d) {
  const auto ms = d.count();
  static constexpr std::array<std::pair<std::int64_t, const char*>, 4> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}}};
  if (ms != 0)
    for (const auto& [size, name] : units)
      if (ms % size == 0)
        return std::to_string(ms / size) + name;
  return ms == 0 ? "0s" : std::to_string(ms) + "ms";
}

} // namespace dbengine::app
