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

std::chrono::sys_time<std::chrono::microseconds> parse_iso8601(std::string_view text) {
  using namespace std::chrono;
  const auto fail = [text]() -> error {
    return {errc::type, "\"" + std::string(text.substr(0, 64)) +
                            "\" is no ISO-8601 time (YYYY-MM-DD HH:MM:SS.ffffff)"};
  };
  while (text.ends_with(' '))
    text.remove_suffix(1);
  std::size_t at = 0;
  const auto number = [&](std::size_t digits) {
    int x = 0;
    if (text.size() < at + digits)
      throw fail();
    const auto* end = text.data() + at + digits;
    const auto r = std::from_chars(text.data() + at, end, x);
    if (r.ec != std::errc{} || r.ptr != end || text[at] == '-')
      throw fail();
    at += digits;
    return x;
  };
  const auto expect = [&](std::string_view any) {
    if (at >= text.size() || any.find(text[at]) == any.npos)
      throw fail();
    ++at;
  };
  const int y = number(4);
  expect("-");
  const int mo = number(2);
  expect("-");
  const int d = number(2);
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                            day{static_cast<unsigned>(d)}};
  if (!date.ok())
    throw fail();
  sys_time<microseconds> t = sys_days{date};
  if (at == text.size())
    return t;
  expect(" T");
  const int h = number(2);
  expect(":");
  const int mi = number(2);
  int s = 0;
  if (at < text.size() && text[at] == ':') {
    ++at;
    s = number(2);
  }
  if (h > 23 || mi > 59 || s > 59)
    throw fail();
  t += hours{h} + minutes{mi} + seconds{s};
  if (at < text.size() && text[at] == '.') {
    ++at;
    std::int64_t unit = 100'000;
    const auto first = at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit /= 10)
      t += microseconds{(text[at] - '0') * unit};
    if (at == first)
      throw fail();
  }
  while (at < text.size() && text[at] == ' ')
    ++at;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at < text.size() &&
             (text[at] == '+' || text[at] == '-')) { // as SQLite's own functions read it
    const int sign = text[at++] == '+' ? 1 : -1;
    const int east = number(2);
    expect(":");
    const int more = number(2);
    if (east > 14 || more > 59)
      throw fail();
    t -= sign * (hours{east} + minutes{more});
  }
  if (at != text.size())
    throw fail();
  return t;
}

} // namespace detail

params params::from(std::vector<std::string> names, std::vector<value> values) {
  if (names.size() != values.size())
    throw error(errc::bind, "not as many parameter names as values");
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
