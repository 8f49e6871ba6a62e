// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "ui/text.hpp"

#include <array>
#include <cstdio>

#include <utf8proc.h>

namespace dbengine::app::ui {

namespace {

struct decoded {
  std::int32_t point = -1; // -1: the byte is not part of valid UTF-8
  std::size_t length = 1;
};

decoded decode(std::string_view text, std::size_t at) noexcept {
  utf8proc_int32_t point = -1;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
  const auto n = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() - at), &point);
  if (n <= 0)
    return {};
  return {point, static_cast<std::size_t>(n)};
}

std::size_t width_of(const decoded& d) noexcept {
  if (d.point < 0)
    return 1;
  const int w = utf8proc_charwidth(d.point);
  return w < 0 ? 0 : static_cast<std::size_t>(w);
}

// Characters that move the cursor or change the writing direction.
bool is_control(std::int32_t c) noexcept {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void append_escape(std::string& out, std::int32_t c) {
  switch (c) {
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  case 0x1b: out += "\\e"; return;
  default: break;
  }
  std::array<char, 16> buffer{};
  std::snprintf(buffer.data(), buffer.size(), c < 0x80 ? "\\x%02x" : "\\u{%x}",
                static_cast<unsigned>(c));
  out += buffer.data();
}

std::string made_visible(std::string_view text, bool keep_lines) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto d = decode(text, at);
    if (d.point < 0) {
      std::array<char, 8> buffer{};
      std::snprintf(buffer.data(), buffer.size(), "\\x%02x",
                    static_cast<unsigned>(static_cast<unsigned char>(text[at])));
      out += buffer.data();
    } else if (is_control(d.point) && !(keep_lines && (d.point == '\n' || d.point == '\t'))) {
      append_escape(out, d.point);
    } else {
      out.append(text, at, d.length);
    }
    at += d.length;
  }
  return out;
}

} // namespace

std::size_t display_width(std::string_view text) noexcept {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto d = decode(text, at);
    width += width_of(d);
    at += d.length;
  }
  return width;
}

std::string_view clip(std::string_view text, std::size_t columns) noexcept {
  std::size_t width = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto d = decode(text, at);
    width += width_of(d);
    if (width > columns)
      break;
    at += d.length;
  }
  return text.substr(0, at);
}

std::string visible(std::string_view text) {
  return made_visible(text, false);
}

std::string visible_lines(std::string_view text) {
  return made_visible(text, true);
}

bool is_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const auto d = decode(text, at);
    if (d.point < 0)
      return false;
    at += d.length;
  }
  return true;
}

std::string grouped(std::uint64_t n) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string bytes_text(std::uint64_t n) {
  if (n < 1024)
    return std::to_string(n) + " B";
  static constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double scaled = static_cast<double>(n) / 1024;
  std::size_t unit = 0;
  while (scaled >= 1024 && unit + 1 < units.size()) {
    scaled /= 1024;
    ++unit;
  }
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.1f %s", scaled, units[unit]);
  return buffer.data();
}

std::string duration_text(std::chrono::nanoseconds d) {
  if (d.count() == 0)
    return "0 s";
  const auto ns = static_cast<double>(d.count());
  const auto [scaled, unit] = ns < 1e3   ? std::pair{ns, "ns"}
                              : ns < 1e6 ? std::pair{ns / 1e3, "us"}
                              : ns < 1e9 ? std::pair{ns / 1e6, "ms"}
                                         : std::pair{ns / 1e9, "s"};
  const int digits = scaled < 10 ? 2 : scaled < 100 ? 1 : 0;
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f %s", digits, scaled, unit);
  return buffer.data();
}

} // namespace dbengine::app::ui
