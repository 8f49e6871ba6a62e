// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "backup_manifest.hpp"

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace dbengine::detail {

namespace {

using namespace std::chrono;

constexpr std::string_view name_begin = "backup_";
constexpr std::string_view name_end = ".sqlite";
constexpr std::string_view zstd_end = ".zst";
constexpr std::string_view format_name = "dbengine-backup";
constexpr int format_version = 1;
// `wall_time` counts nanoseconds and ends in the year 2262.
constexpr unsigned first_year = 1970;
constexpr unsigned last_year = 2261;
// Objects and arrays of a manifest: ours have two. More are refused while they are read, before they take memory.
constexpr int max_containers = 16;

bool take(std::string_view& text, std::string_view head) {
  if (!text.starts_with(head))
    return false;
  text.remove_prefix(head.size());
  return true;
}

// Exactly `length` digits.
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

std::string utc_text(wall_time t) {
  const auto ms = floor<milliseconds>(t);
  const auto day = floor<days>(ms);
  const year_month_day date(day);
  const hh_mm_ss clock(ms - day);
  char text[64];
  std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
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

std::string manifest::to_json() const {
  const auto whole = to_json(rows);
  return whole.size() <= max_manifest_bytes ? whole : to_json({});
}

std::string manifest::to_json(const row_counts& rows_of_tables) const {
  nlohmann::ordered_json j = {
      {"format", format_name},
      {"format_version", format_version},
      {"file", file},
      {"source", source},
      {"sha256", sha256},
      {"size", size},
      {"pages", pages},
      {"page_size", page_size},
      {"compressed", compressed},
      {"verified", verified},
      {"started", utc_text(started)},
      {"started_unix_ms", floor<milliseconds>(started).time_since_epoch().count()},
      {"duration_ms", duration.count()},
      {"engine_version", engine_version},
      {"sqlite_version", sqlite_version},
      {"foreign_key_violations", foreign_key_violations},
      {"rows", rows_of_tables},
  };
  if (!foreign_keys_unchecked.empty())
    j["foreign_keys_unchecked"] = foreign_keys_unchecked;
  // Table names and paths may be any bytes: what is no UTF-8 is replaced rather than refused.
  return j.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

namespace {

struct too_many {};

nlohmann::json parse_bounded(std::string_view text) {
  int containers = 0;
  const auto count = [&](int, nlohmann::json::parse_event_t event, nlohmann::json&) {
    using kind = nlohmann::json::parse_event_t;
    if ((event == kind::object_start || event == kind::array_start) &&
        ++containers > max_containers)
      throw too_many();
    return true;
  };
  try {
    return nlohmann::json::parse(text, count, false);
  } catch (const too_many&) {
    return nullptr;
  }
}

// Throws what says which one is wrong. A conversion would take what is negative, no integer or too large for another number.
template <class Integer>
Integer whole(const nlohmann::json& value, const std::string& name) {
  if (!value.is_number_unsigned() || !std::in_range<Integer>(value.get<std::uint64_t>()))
    throw std::out_of_range(name + " is no number that it can be");
  return static_cast<Integer>(value.get<std::uint64_t>());
}

} // namespace

std::optional<manifest> manifest::parse(std::string_view text, std::string& why) {
  const auto j = parse_bounded(text);
  if (!j.is_object()) {
    why = "it is no JSON object of this kind";
    return std::nullopt;
  }
  const auto number = [&](const char* key) { return whole<std::uint64_t>(j.at(key), key); };
  try {
    if (j.at("format") != format_name || j.at("format_version") != format_version) {
      why = "it is of another format or version";
      return std::nullopt;
    }
    manifest m;
    j.at("file").get_to(m.file);
    j.at("source").get_to(m.source);
    j.at("sha256").get_to(m.sha256);
    m.size = number("size");
    m.pages = number("pages");
    m.page_size = number("page_size");
    j.at("compressed").get_to(m.compressed);
    j.at("verified").get_to(m.verified);
    const auto started = number("started_unix_ms");
    if (std::cmp_greater(started, floor<milliseconds>(wall_time::max()).time_since_epoch().count()))
      throw std::out_of_range("its time is out of range");
    m.started = wall_time(milliseconds(started));
    m.duration = milliseconds(whole<std::int64_t>(j.at("duration_ms"), "duration_ms"));
    j.at("engine_version").get_to(m.engine_version);
    j.at("sqlite_version").get_to(m.sqlite_version);
    m.foreign_key_violations = number("foreign_key_violations");
    m.foreign_keys_unchecked = j.value("foreign_keys_unchecked", "");
    for (const auto& [table, rows] : j.at("rows").get_ref<const nlohmann::json::object_t&>())
      m.rows[table] = whole<std::int64_t>(rows, "rows");
    return m;
  } catch (const std::out_of_range& e) {
    why = e.what();
  } catch (const nlohmann::json::exception& e) {
    why = e.what();
  }
  return std::nullopt;
}

} // namespace dbengine::detail
