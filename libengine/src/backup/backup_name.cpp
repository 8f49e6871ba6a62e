// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup/backup_name.hpp"

#include <charconv>
#include <cstdio>
#include <system_error>

namespace dbengine::backup {

namespace {

using namespace std::chrono;

constexpr std::string_view name_begin = "backup_";
constexpr std::string_view name_end = ".sqlite";
constexpr std::string_view zstd_end = ".zst";
// `wall_time` counts nanoseconds and ends in the year 2262.
constexpr unsigned first_year = 1970;
constexpr unsigned last_year = 2261;

bool take(std::string_view& text, std::string_view head) {
  if (!text.starts_with(head))
    return false;
  text.remove_prefix(head.size());
  return true;
}

// Reads exactly `length` digits.
bool take_digits(std::string_view& text, std::size_t length, unsigned& result) {
  if (text.size() < length)
    return false;
  result = 0;
  for (const char c : text.substr(0, length)) {
    if (c < '0' || c > '9')
      return false;
    result = result * 10 + static_cast<unsigned>(c - '0');
  }
  text.remove_prefix(length);
  return true;
}

} // namespace

std::string backup_name::str() const {
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  char stamp[64];
  std::snprintf(stamp, sizeof stamp, "%04d%02u%02u_%02d%02d%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string result = std::string(name_begin) + stamp;
  if (number > 1)
    result += "_" + std::to_string(number);
  result += name_end;
  if (compressed)
    result += zstd_end;
  return result;
}

std::optional<backup_name> backup_name::parse(std::string_view text) {
  unsigned y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
  backup_name result;
  if (!take(text, name_begin) || !take_digits(text, 4, y) || !take_digits(text, 2, mo) ||
      !take_digits(text, 2, d) || !take(text, "_") || !take_digits(text, 2, h) ||
      !take_digits(text, 2, mi) || !take_digits(text, 2, s))
    return std::nullopt;
  const year_month_day date{year(static_cast<int>(y)), month(mo), day(d)};
  if (!date.ok() || y < first_year || y > last_year || h > 23 || mi > 59 || s > 59)
    return std::nullopt;
  result.time = sys_days(date) + hours(h) + minutes(mi) + seconds(s);
  if (take(text, "_")) {
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), result.number);
    // One spelling per number: no leading zero, no "_1".
    if (ec != std::errc() || text.front() == '0' || result.number < 2 || result.number > max_number)
      return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (!take(text, name_end))
    return std::nullopt;
  result.compressed = take(text, zstd_end);
  if (!text.empty())
    return std::nullopt;
  return result;
}

bool is_partial_name(std::string_view name) {
  if (!name.ends_with(partial_suffix))
    return false;
  name.remove_suffix(partial_suffix.size());
  if (name.ends_with(manifest_suffix))
    name.remove_suffix(manifest_suffix.size());
  return backup_name::parse(name).has_value();
}

} // namespace dbengine::backup
