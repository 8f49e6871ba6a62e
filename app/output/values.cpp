// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "output/encode.hpp"
#include "output/row_writer.hpp"
#include "ui/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace dbengine::app {

std::string real_text(double x) {
  if (std::isinf(x))
    return x < 0 ? "-Inf" : "Inf";
  std::array<char, 64> buffer{};
  char* const first = buffer.data();
  char* const last = first + buffer.size();
  // A large number without an exponent would show more digits than a double holds.
  constexpr double large = 1e17;
  char* const end = std::fabs(x) < large
                        ? std::to_chars(first, last, x).ptr
                        : std::to_chars(first, last, x, std::chars_format::scientific).ptr;
  std::string text(first, end);
  if (text.find_first_of(".en") == std::string::npos)
    text += ".0";
  return text;
}

std::string hex_text(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string base64_text(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= n ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned byte = 0;
    const char* last = text.data() + i + 2;
    const auto [end, code] = std::from_chars(text.data() + i, last, byte, 16);
    if (code != std::errc() || end != last)
      return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      std::uint32_t digit = 0;
      if (c >= 'A' && c <= 'Z')
        digit = static_cast<std::uint32_t>(c - 'A');
      else if (c >= 'a' && c <= 'z')
        digit = static_cast<std::uint32_t>(c - 'a' + 26);
      else if (c >= '0' && c <= '9')
        digit = static_cast<std::uint32_t>(c - '0' + 52);
      else if (c == '+' || c == '/')
        digit = c == '+' ? 62 : 63;
      else if (c == '=' && i + 4 == text.size() && k >= 2)
        ++padding;
      else
        return std::nullopt;
      if (c != '=' && padding > 0)
        return std::nullopt;
      group = group << 6 | digit;
    }
    for (std::size_t k = 0; k < 3 - padding; ++k)
      out += static_cast<char>(group >> (16 - 8 * k) & 255);
  }
  return out;
}

std::string shown_value(const field& f) {
  constexpr std::size_t shown_blob = 24;
  switch (f.type()) {
  case value_type::null: return "NULL";
  case value_type::integer: return std::to_string(f.as<std::int64_t>());
  case value_type::real: return real_text(f.as<double>());
  case value_type::text: return ui::visible(f.bytes());
  case value_type::blob: break;
  }
  const auto bytes = f.bytes();
  std::string text = "x'" + hex_text(bytes.substr(0, shown_blob));
  return bytes.size() <= shown_blob ? text + "'"
                                    : text + "...' (" + std::to_string(bytes.size()) + " bytes)";
}

} // namespace dbengine::app
