// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include <dbengine/params.hpp>
#include <dbengine/value.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace dbengine {

std::string_view to_string(value_type type) noexcept {
  switch (type) {
  case value_type::null: return "null";
  case value_type::integer: return "integer";
  case value_type::real: return "real";
  case value_type::text: return "text";
  case value_type::blob: return "blob";
  }
  return "?";
}

namespace detail {

std::string iso8601(std::chrono::sys_time<std::chrono::microseconds> t, bool fraction) {
  using namespace std::chrono;
  const auto day = floor<days>(t);
  if (day < sys_days{year{0} / January / 1} || day >= sys_days{year{10000} / January / 1})
    throw error(errc::range,
                "a time outside of the years 0 to 9999 has no ISO-8601 text that SQLite reads");
  const year_month_day date{day};
  const hh_mm_ss time{t - day};
  char buffer[64];
  int n = std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u %02d:%02d:%02d",
                        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                        static_cast<unsigned>(date.day()), static_cast<int>(time.hours().count()),
                        static_cast<int>(time.minutes().count()),
                        static_cast<int>(time.seconds().count()));
  if (fraction)
    n += std::snprintf(buffer + n, sizeof buffer - static_cast<std::size_t>(n), ".%06d",
                       static_cast<int>(time.subseconds().count()));
  return {buffer, static_cast<std::size_t>(n)};
}

namespace {

/// Reads the parts of an ISO-8601 time from left to right. Each function throws `errc::type` if the
/// text does not continue as it must.
class time_reader {
public:
  explicit time_reader(std::string_view text) : whole_(text), text_(text) {
    while (text_.ends_with(' '))
      text_.remove_suffix(1);
  }

  bool at_end() const noexcept { return at_ == text_.size(); }

  std::chrono::sys_days read_date() {
    using namespace std::chrono;
    const int y = read_number(4);
    expect("-");
    const int m = read_number(2);
    expect("-");
    const int d = read_number(2);
    const year_month_day date{year{y}, month{static_cast<unsigned>(m)},
                              day{static_cast<unsigned>(d)}};
    if (!date.ok())
      fail();
    return sys_days{date};
  }

  std::chrono::microseconds read_time_of_day() {
    using namespace std::chrono;
    const int h = read_number(2);
    expect(":");
    const int m = read_number(2);
    const int s = skip(":") ? read_number(2) : 0;
    if (h > 23 || m > 59 || s > 59)
      fail();
    return hours{h} + minutes{m} + seconds{s} + read_fraction();
  }

  /// The offset of the time zone east of UTC; zero if the text has none.
  std::chrono::minutes read_zone() {
    using namespace std::chrono;
    while (skip(" ")) {
    }
    if (at_end() || skip("Zz"))
      return minutes{0};
    const bool west = text_[at_] == '-'; // signs as SQLite's own functions read them
    expect("+-");
    const int h = read_number(2);
    expect(":");
    const int m = read_number(2);
    if (h > 14 || m > 59)
      fail();
    const minutes east = hours{h} + minutes{m};
    return west ? -east : east;
  }

  void expect(std::string_view any) {
    if (!skip(any))
      fail();
  }

  [[noreturn]] void fail() const {
    throw error(errc::type, "\"" + std::string(whole_.substr(0, 64)) +
                                "\" is not an ISO-8601 time (YYYY-MM-DD HH:MM:SS.ffffff)");
  }

private:
  // Skips one character of `any`; returns false if the next one is another.
  bool skip(std::string_view any) noexcept {
    if (at_end() || any.find(text_[at_]) == any.npos)
      return false;
    ++at_;
    return true;
  }

  // Reads a number of exactly this many digits.
  int read_number(std::size_t digits) {
    int x = 0;
    if (text_.size() < at_ + digits)
      fail();
    const auto* end = text_.data() + at_ + digits;
    const auto r = std::from_chars(text_.data() + at_, end, x);
    if (r.ec != std::errc{} || r.ptr != end || text_[at_] == '-')
      fail();
    at_ += digits;
    return x;
  }

  // Digits after the sixth are below a microsecond and dropped.
  std::chrono::microseconds read_fraction() {
    std::chrono::microseconds result{0};
    if (!skip("."))
      return result;
    std::int64_t unit = 100'000;
    const auto first = at_;
    for (; !at_end() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_, unit /= 10)
      result += std::chrono::microseconds{(text_[at_] - '0') * unit};
    if (at_ == first)
      fail();
    return result;
  }

  std::string_view whole_;
  std::string_view text_;
  std::size_t at_ = 0;
};

} // namespace

std::chrono::sys_time<std::chrono::microseconds> parse_iso8601(std::string_view text) {
  time_reader in(text);
  std::chrono::sys_time<std::chrono::microseconds> t = in.read_date();
  if (in.at_end())
    return t;
  in.expect(" T");
  t += in.read_time_of_day();
  t -= in.read_zone();
  if (!in.at_end())
    in.fail();
  return t;
}

} // namespace detail

params params::from(std::vector<std::string> names, std::vector<value> values) {
  if (names.size() != values.size())
    throw error(errc::bind, "the numbers of parameter names and values differ");
  if (std::any_of(names.begin(), names.end(), [](const auto& n) { return n.empty(); }))
    throw error(errc::bind, "a named parameter without a name");
  params p;
  p.names_ = std::move(names);
  p.values_ = std::move(values);
  return p;
}

void params::add(std::string name, value x) {
  if (names_.size() != values_.size())
    throw error(errc::bind, "named parameter \"" + name + "\" after positional ones");
  if (name.empty())
    throw error(errc::bind, "a named parameter without a name");
  if (std::find(names_.begin(), names_.end(), name) != names_.end())
    throw error(errc::bind, "parameter \"" + name + "\" is given twice");
  names_.push_back(std::move(name));
  values_.push_back(std::move(x));
}

void params::add(value x) {
  if (!names_.empty())
    throw error(errc::bind, "a positional parameter after named ones");
  values_.push_back(std::move(x));
}

std::size_t params::bytes() const noexcept {
  std::size_t n = values_.size() * sizeof(value);
  for (const auto& name : names_)
    n += name.size();
  for (const auto& v : values_)
    n += v.type() >= value_type::text ? value_ref(v).size : 0;
  return n;
}

params params_view::owned() const {
  if (named != nullptr)
    return *named;
  std::vector<value> values;
  values.reserve(positional.size());
  for (const auto& v : positional)
    switch (v.type) {
    case value_type::null: values.emplace_back(); break;
    case value_type::integer: values.emplace_back(v.integer); break;
    case value_type::real: values.emplace_back(v.real); break;
    case value_type::text: values.emplace_back(std::string(v.bytes, v.size)); break;
    case value_type::blob: values.emplace_back(std::as_bytes(std::span(v.bytes, v.size))); break;
    }
  return params(std::move(values));
}

} // namespace dbengine
