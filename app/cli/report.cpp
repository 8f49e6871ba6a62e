// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "cli/report.hpp"

#include "ui/text.hpp"

#include <algorithm>

namespace dbengine::app {

namespace {

// The position of the first UTF-8 character at or after `at`.
std::size_t character_start(std::string_view text, std::size_t at) {
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80)
    ++at;
  return at;
}

// The sentence about an error's outcome; none if nothing ran.
std::string outcome_text(const error_info& e) {
  switch (e.outcome) {
  case outcome::not_run: return {};
  case outcome::rolled_back: return ", rolled back";
  case outcome::unknown: return ", outcome unknown";
  case outcome::partially_applied: return ", the changes before the failure are kept";
  }
  return {};
}

} // namespace

std::string error_line(std::string_view text, const ui::terminal& t) {
  std::string out(ui::begin(t, ui::style::red));
  out += "error: ";
  out += ui::end(t, ui::style::red);
  out += text;
  out += "\n";
  return out;
}

std::string pointer_text(std::string_view text, std::size_t offset, const ui::terminal& t) {
  offset = std::min(offset, text.size());
  // The mistake is the first word after the spaces.
  if (const auto word = text.find_first_not_of(" \t\r\n", offset); word != std::string_view::npos)
    offset = word;
  // A mistake at the very end is shown after the last line that is not empty.
  if (offset == text.size())
    while (offset > 0 && (text[offset - 1] == '\n' || text[offset - 1] == '\r'))
      --offset;
  const auto before = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
  const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const std::size_t end = std::min(text.find('\n', offset), text.size());
  const auto number =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(begin), '\n') + 1;
  const std::string prefix = "  line " + std::to_string(number) + ": ";

  // Of a long line, only the part around the mistake is shown.
  const std::size_t room = std::max<std::size_t>(t.columns(), 40) - prefix.size() - 8;
  std::size_t from = begin;
  if (offset - begin > room / 2)
    from = character_start(text, std::max(begin, offset - room / 2));
  const std::string left =
      (from > begin ? "..." : "") + ui::visible(text.substr(from, offset - from));
  const std::string rest = ui::visible(text.substr(offset, std::min(end - offset, room * 4)));
  const auto right = ui::clip(rest, room - std::min(room, ui::display_width(left)) + 4);

  std::string out = prefix;
  out += left;
  out += right;
  if (right.size() < rest.size())
    out += "...";
  out += "\n" + std::string(prefix.size() + ui::display_width(left), ' ');
  out += ui::begin(t, ui::style::red);
  out += "^";
  out += ui::end(t, ui::style::red);
  return out + "\n";
}

std::string failure_text(const error_info& e, std::string_view sql, const ui::terminal& t) {
  std::string text = ui::visible(e.message) + " (" + std::string(to_string(e.code));
  if (e.extended_code != 0)
    text += ", SQLite code " + std::to_string(e.extended_code & 0xff);
  text += outcome_text(e) + ")";
  std::string out = error_line(text, t);
  if (e.offset && !sql.empty())
    out += pointer_text(sql, *e.offset, t);
  return out;
}

} // namespace dbengine::app
