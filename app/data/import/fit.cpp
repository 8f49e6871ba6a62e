// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/import/fit.hpp"

#include "output/row_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace dbengine::app {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// A text that SQLite converts to a number.
struct numeral {
  bool whole = true;
  bool kept_as_real = false;
  bool fits_integer = false;
};

// Empty if a numeric column stores the text unchanged. SQLite accepts surrounding spaces, a plus
// sign, and a point without digits before or after it. It accepts neither hexadecimal digits nor
// names such as Inf.
std::optional<numeral> numeral_of(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  if (text.starts_with('+'))
    text.remove_prefix(1);
  numeral n;
  std::size_t at = text.starts_with('-') ? 1 : 0;
  std::size_t digits = 0;
  for (bool point = false; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
      n.whole = false;
    } else if (c < '0' || c > '9') {
      break;
    } else {
      ++digits;
    }
  }
  if (digits == 0)
    return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    n.whole = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-'))
      ++at;
    const auto exponent = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9')
      ++at;
    if (at == exponent)
      return std::nullopt;
  }
  if (at != text.size() || text.starts_with("-+"))
    return std::nullopt;
  const char* last = text.data() + text.size();
  double x = 0;
  n.kept_as_real = std::from_chars(text.data(), last, x).ec == std::errc() && keeps_digits(text, x);
  std::int64_t integer = 0;
  const auto [end, code] = std::from_chars(text.data(), last, integer);
  n.fits_integer = n.whole && code == std::errc() && end == last;
  return n;
}

// The digits of a number without leading and trailing zeros, which carry no precision.
std::string significant_digits(std::string_view number) {
  std::string digits;
  for (const char c : number) {
    if (c == 'e' || c == 'E')
      break;
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty()))
      digits += c;
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

std::string lost(const value& v, const target_column& column, const char* how) {
  std::string text = std::holds_alternative<std::int64_t>(v.data())
                         ? std::to_string(std::get<std::int64_t>(v.data()))
                         : "'" + std::get<std::string>(v.data()) + "'";
  return text + how + " in column '" + column.name + "'";
}

std::string fit_text(const value& v, const target_column& column, bool strict) {
  const auto& text = std::get<std::string>(v.data());
  constexpr std::size_t longest_numeral = 400;
  if (text.size() > longest_numeral)
    return {};
  const auto n = numeral_of(text);
  if (!n)
    return {};
  if (strict)
    return lost(v, column, " is text and would become a number");
  const bool kept = n->fits_integer ? column.affinity == affinity::number ||
                                          fits_a_real(static_cast<std::int64_t>(std::stoll(text)))
                                    : n->kept_as_real;
  return kept ? std::string() : lost(v, column, " would lose digits");
}

} // namespace

bool keeps_digits(std::string_view number, double x) {
  const auto wanted = significant_digits(number);
  if (wanted.empty())
    return x == 0;
  if (wanted.size() <= std::numeric_limits<double>::digits10 &&
      std::abs(x) >= std::numeric_limits<double>::min())
    return true;
  std::array<char, 64> shown{};
  char* const first = shown.data();
  char* const last = first + shown.size();
  const auto same = [&](std::to_chars_result r) {
    return significant_digits({first, r.ptr}) == wanted;
  };
  constexpr auto format = std::chars_format::scientific;
  constexpr int all_digits = 16; // after the point: 17 digits distinguish every double from its
                                 // neighbours
  return same(std::to_chars(first, last, x, format)) ||
         same(std::to_chars(first, last, x, format, all_digits));
}

bool fits_a_real(std::int64_t n) noexcept {
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  if (n >= -exact && n <= exact)
    return true;
  const auto x = static_cast<double>(n);
  return x < 9223372036854775808.0 && static_cast<std::int64_t>(x) == n;
}

std::string fit(value& v, const target_column& column, bool strict) {
  const auto type = v.type();
  switch (column.affinity) {
  case affinity::none: return {};
  case affinity::text:
    if (type == value_type::integer)
      v = value(std::to_string(std::get<std::int64_t>(v.data())));
    else if (type == value_type::real)
      v = value(real_text(std::get<double>(v.data())));
    return {};
  case affinity::real:
    if (type == value_type::integer && !fits_a_real(std::get<std::int64_t>(v.data())))
      return lost(v, column, " would lose digits");
    [[fallthrough]];
  case affinity::number:
    return type == value_type::text ? fit_text(v, column, strict) : std::string();
  }
  return {};
}

} // namespace dbengine::app
