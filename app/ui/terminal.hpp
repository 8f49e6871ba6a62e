// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What the terminal behind a stream can do. Looked up once and passed on as plain data, but for its width, which changes.
#pragma once

#include <string_view>

namespace dbengine::app::ui {

/// The user's wish about colours: `automatic` colours terminals only.
enum class colour_wish { automatic, always, never };

/// What may be written to one stream.
struct terminal {
  /// It is a terminal, however simple: lines longer than `columns()` are broken.
  bool tty = false;
  /// A person looks at it: progress bars make sense.
  bool interactive = false;
  /// ANSI colours may be written.
  bool colour = false;
  /// The terminal shows UTF-8: box drawing and blocks may be written.
  bool unicode = false;
  /// Of the terminal, -1 for none.
  int descriptor = -1;

  /// How wide it is now: whoever draws asks again. 80 where it does not say, or is no terminal.
  unsigned columns() const noexcept;
};

/// Looks at a file descriptor and the environment: NO_COLOR (any non-empty value) and TERM=dumb turn
/// colours off unless `wish` is `always`; LC_ALL, LC_CTYPE, LANG say whether UTF-8 is shown.
terminal inspect(int descriptor, colour_wish wish);

enum class style { plain, bold, dim, red, green, yellow, cyan };

/// The escape sequence that starts a style, empty where the terminal has no colours.
std::string_view begin(const terminal& t, style s) noexcept;
/// The sequence that ends it.
std::string_view end(const terminal& t, style s) noexcept;

} // namespace dbengine::app::ui
