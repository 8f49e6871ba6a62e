// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "ui/terminal.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

namespace dbengine::app::ui {

namespace {

std::string_view environment(const char* name) noexcept {
  const char* found = std::getenv(name);
  return found == nullptr ? std::string_view() : std::string_view(found);
}

// The first variable that is set decides, as in setlocale(3).
bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string text(environment(name));
    if (text.empty())
      continue;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text.find("utf-8") != std::string::npos || text.find("utf8") != std::string::npos;
  }
  return false;
}

} // namespace

terminal inspect(int descriptor, colour_choice choice) {
  terminal t;
  const auto term = environment("TERM");
  const bool dumb = term.empty() || term == "dumb";
  const bool tty = ::isatty(descriptor) == 1;
  t.tty = tty;
  t.interactive = tty && !dumb;
  t.unicode = locale_is_utf8();
  t.colour = choice == colour_choice::always || (choice == colour_choice::automatic &&
                                                 t.interactive && environment("NO_COLOR").empty());
  t.descriptor = tty ? descriptor : -1;
  return t;
}

unsigned terminal::columns() const noexcept {
  constexpr unsigned usual = 80;
  winsize size{};
  const bool known =
      descriptor >= 0 && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : usual;
}

std::string_view begin(const terminal& t, style s) noexcept {
  if (!t.colour)
    return {};
  switch (s) {
  case style::plain: return {};
  case style::bold: return "\x1b[1m";
  case style::dim: return "\x1b[2m";
  case style::red: return "\x1b[31m";
  case style::green: return "\x1b[32m";
  case style::yellow: return "\x1b[33m";
  case style::cyan: return "\x1b[36m";
  }
  return {};
}

std::string_view end(const terminal& t, style s) noexcept {
  return t.colour && s != style::plain ? std::string_view("\x1b[0m") : std::string_view();
}

} // namespace dbengine::app::ui
