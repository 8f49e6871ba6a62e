// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/fit.hpp"

#include "output/writer.hpp"

#include <charconv>
#include <cmath>

namespace dbengine::app {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// A text that SQLite takes for a number: its digits without zeros that say nothing.
struct numeral {
  bool whole = true;
  std::size_t significant = 0;
  double as_real = 0;
  bool fits_integer = false;
};

// Nothing where a column of numbers leaves the text as it is. SQLite allows space around, a plus, a point without digits
// before or behind it, but neither hexadecimal digits nor names such as Inf.
std::optional<numeral> numeral_of(std::string_view text) {
  while (!text.empty() && is_space(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  if (text.starts_with('+'))
    text.remove_prefix(1);
  numeral n;
  std::size_t at = text.starts_with('-') ? 1 : 0;
  std::size_t digits = 0, zeros = 0;
  for (bool point = false; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
      n.whole = false;
    } else if (c < '0' || c > '9') {
      break;
    } else {
      ++digits;
      zeros = c == '0' ? zeros + 1 : 0;
      if (c != '0' || n.significant > 0)
        ++n.significant;
    }
  }
  n.significant -= std::min(n.significant, zeros);
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
  if (std::from_chars(text.data(), last, n.as_real).ec != std::errc())
    n.as_real = HUGE_VAL;
  std::int64_t integer = 0;
  const auto [end, code] = std::from_chars(text.data(), last, integer);
  n.fits_integer = n.whole && code == std::errc() && end == last;
  return n;
}

// Digits that a double keeps.
constexpr std::size_t exact_digits = 17;

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
                                    : n->significant <= exact_digits && std::isfinite(n->as_real);
  return kept ? std::string() : lost(v, column, " would lose digits");
}

} // namespace

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
