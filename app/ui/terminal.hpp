// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The capabilities of the terminal behind a stream. They are determined once and passed on as plain
// data, except for the width, which changes.
#pragma once

#include <string_view>

namespace dbengine::app::ui {

/// The user's choice of colours: `automatic` colours terminals only.
enum class colour_choice { automatic, always, never };

/// The capabilities of one stream.
struct terminal {
  /// It is a terminal of any kind: lines longer than `columns()` are wrapped.
  bool tty = false;
  /// The reader is a person: progress bars are useful.
  bool interactive = false;
  /// ANSI colours are supported.
  bool colour = false;
  /// UTF-8 is supported, with box-drawing and block characters.
  bool unicode = false;
  /// The terminal's descriptor; -1 if there is none.
  int descriptor = -1;

  /// The current width: query it before each drawing. 80 if the terminal does not report it, or if
  /// there is none.
  unsigned columns() const noexcept;
};

/// Examines a file descriptor and the environment. NO_COLOR (any non-empty value) and TERM=dumb
/// turn colours off unless `choice` is `always`. LC_ALL, LC_CTYPE and LANG decide whether UTF-8 is
/// shown.
terminal inspect(int descriptor, colour_choice choice);

enum class style { plain, bold, dim, red, green, yellow, cyan };

/// The escape sequence that starts a style; empty without colours.
std::string_view begin(const terminal& t, style s) noexcept;
/// The sequence that ends it.
std::string_view end(const terminal& t, style s) noexcept;

} // namespace dbengine::app::ui
