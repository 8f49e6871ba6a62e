// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Text for display: widths in columns, visible control characters, figures with units. Nothing
// depends on the C locale: text is UTF-8.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine::app::ui {

/// Columns that the text occupies on a terminal: wide characters count two, combining ones none. A
/// byte that is not UTF-8 counts one.
std::size_t display_width(std::string_view text) noexcept;

/// The longest prefix that occupies at most `columns`; no character is split.
std::string_view clip(std::string_view text, std::size_t columns) noexcept;

/// Makes visible what would control a terminal. `\n`, `\t`, `\e`, `\x07` are escaped; bidirectional
/// overrides and other control characters become `\u{202e}`, bytes that are not UTF-8 `\xff`. Other
/// text stays unchanged.
std::string visible(std::string_view text);

/// The same, except that newlines and tabs stay.
std::string visible_lines(std::string_view text);

/// Whether the text is valid UTF-8 as a whole.
bool is_utf8(std::string_view text) noexcept;

/// 1234567 -> "1,234,567".
std::string grouped(std::uint64_t n);
/// Bytes with a binary unit: "3.4 MiB".
std::string bytes_text(std::uint64_t n);
/// A duration with three digits and a unit: "12.3 ms", "850 us".
std::string duration_text(std::chrono::nanoseconds d);

} // namespace dbengine::app::ui
