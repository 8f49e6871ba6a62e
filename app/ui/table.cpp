// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "ui/table.hpp"

#include "ui/text.hpp"

#include <algorithm>
#include <numeric>

namespace dbengine::app::ui {

namespace {

struct frame {
  const char *horizontal, *vertical;
  const char *top_left, *top, *top_right;
  const char *left, *cross, *right;
  const char *bottom_left, *bottom, *bottom_right;
};

constexpr frame drawn{"─", "│", "┌", "┬", "┐", "├", "┼", "┤", "└", "┴", "┘"};
constexpr frame ascii{"-", "|", "+", "+", "+", "+", "+", "+", "+", "+", "+"};

void rule(std::string& out, const frame& f, const std::vector<std::size_t>& widths,
          const char* left, const char* middle, const char* right) {
  out += left;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    if (i > 0)
      out += middle;
    for (std::size_t k = 0; k < widths[i] + 2; ++k)
      out += f.horizontal;
  }
  out += right;
  out += '\n';
}

// Narrower columns would show only ellipses.
constexpr std::size_t narrowest = 8;

// Narrows the widest columns until a row fits. Returns false if no column had to be narrowed.
bool fit(std::vector<std::size_t>& widths, std::size_t columns) {
  const std::size_t frames = 3 * widths.size() + 1;
  std::size_t total = frames;
  for (const auto w : widths)
    total += w;
  if (total <= columns)
    return false;
  for (auto& w : widths)
    w = std::min(w, std::max(columns, narrowest));
  for (;;) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= narrowest || std::accumulate(widths.begin(), widths.end(), frames) <= columns)
      return true;
    --*widest;
  }
}

std::string shortened(const terminal& t, const std::string& text, std::size_t width) {
  if (display_width(text) <= width)
    return text;
  const std::string_view dots = t.unicode ? "…" : "...";
  const std::size_t room = width - std::min(width, display_width(dots));
  return std::string(clip(text, room)) + std::string(dots);
}

void put(std::string& out, const terminal& t, const table_cell& cell, std::size_t width,
         align where, bool cut) {
  const std::string text = cut ? shortened(t, cell.text, width) : cell.text;
  const std::size_t fill = width - std::min(width, display_width(text));
  out += ' ';
  if (where == align::right)
    out.append(fill, ' ');
  out += begin(t, cell.look);
  out += text;
  out += end(t, cell.look);
  if (where == align::left)
    out.append(fill, ' ');
  out += ' ';
}

} // namespace

std::vector<std::size_t> table::measure() const {
  std::vector<std::size_t> widths;
  widths.reserve(columns_.size());
  for (const auto& c : columns_)
    widths.push_back(display_width(c.title));
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], display_width(row[i].text));
  return widths;
}

std::string table::header_text(const terminal& t) {
  widths_ = measure();
  cut_ = t.tty && fit(widths_, t.columns());
  const frame& f = t.unicode ? drawn : ascii;
  std::string out;
  rule(out, f, widths_, f.top_left, f.top, f.top_right);
  out += f.vertical;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    put(out, t, {columns_[i].title, style::bold}, widths_[i], columns_[i].align, cut_);
    out += f.vertical;
  }
  out += '\n';
  rule(out, f, widths_, f.left, f.cross, f.right);
  return out;
}

std::string table::row_text(const terminal& t, const std::vector<table_cell>& row) const {
  static const table_cell empty{""};
  const frame& f = t.unicode ? drawn : ascii;
  std::string out = f.vertical;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    put(out, t, i < row.size() ? row[i] : empty, widths_[i], columns_[i].align, cut_);
    out += f.vertical;
  }
  return out + '\n';
}

std::string table::footer_text(const terminal& t) const {
  const frame& f = t.unicode ? drawn : ascii;
  std::string out;
  rule(out, f, widths_, f.bottom_left, f.bottom, f.bottom_right);
  return out;
}

std::string table::text(const terminal& t) const {
  table whole(*this);
  std::string out = whole.header_text(t);
  for (const auto& row : rows_)
    out += whole.row_text(t, row);
  return out + whole.footer_text(t);
}

} // namespace dbengine::app::ui
