// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/input/sniff.hpp"

#include "data/import/fit.hpp"
#include "output/encode.hpp"

#include <charconv>
#include <limits>

namespace dbengine::app {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// Whether the text is a number in JSON's grammar, and whether it has a fraction or an exponent.
// Digits, an e and digits do not count: programs write a sign in the exponent, and 557e90 is
// usually an identifier.
struct shape {
  bool number = false;
  bool real = false;
};

shape shape_of(std::string_view text) noexcept {
  shape s;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at]))
      ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-')
    ++at;
  const std::size_t first = at;
  const std::size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0'))
    return s;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0)
      return s;
    s.real = true;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-'))
      ++at;
    else if (!s.real)
      return s;
    if (digits() == 0)
      return s;
    s.real = true;
  }
  s.number = at == text.size();
  return s;
}

template <class T>
bool read(std::string_view text, T& x) noexcept {
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, x);
  return code == std::errc() && end == last;
}

struct meaning {
  value_type type = value_type::text;
  std::int64_t integer = 0;
  double real = 0;
};

meaning mean(std::string_view text) {
  meaning m;
  if (text.empty())
    return m;
  const char c = text.front();
  if (c == 'I' || (c == '-' && text.size() == 4 && text[1] == 'I')) {
    if (text == "Inf" || text == "-Inf") {
      m.type = value_type::real;
      m.real = c == '-' ? -std::numeric_limits<double>::infinity()
                        : std::numeric_limits<double>::infinity();
    }
    return m;
  }
  if (c != '-' && !is_digit(c))
    return m;
  const shape s = shape_of(text);
  if (!s.number || text == "-0")
    return m;
  if (!s.real && read(text, m.integer))
    m.type = value_type::integer;
  else if (s.real && read(text, m.real) && keeps_digits(text, m.real))
    m.type = value_type::real;
  return m;
}

// x'0aff' for a blob, t'0aff' for text that is not UTF-8.
bool is_hexadecimal(std::string_view text) noexcept {
  return text.size() >= 3 && text.size() % 2 == 1 && (text[0] == 'x' || text[0] == 't') &&
         text[1] == '\'' && text.back() == '\'' &&
         text.substr(2, text.size() - 3).find_first_not_of("0123456789abcdefABCDEF") ==
             std::string_view::npos;
}

} // namespace

value sniff(std::string_view text) {
  if (is_hexadecimal(text)) {
    const auto bytes = from_hex(text.substr(2, text.size() - 3)).value_or("");
    if (text[0] == 't')
      return value(bytes);
    return value(std::as_bytes(std::span<const char>(bytes)));
  }
  const meaning m = mean(text);
  switch (m.type) {
  case value_type::integer: return value(m.integer);
  case value_type::real: return value(m.real);
  default: return value(text);
  }
}

value_type sniff_type(std::string_view text) {
  if (is_hexadecimal(text))
    return text[0] == 't' ? value_type::text : value_type::blob;
  return mean(text).type;
}

bool is_literal_text(std::string_view text) {
  return !is_hexadecimal(text) && mean(text).type == value_type::text;
}

} // namespace dbengine::app
