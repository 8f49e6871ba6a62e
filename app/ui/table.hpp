// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A table of text with aligned columns.
#pragma once

#include "ui/terminal.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace dbengine::app::ui {

enum class align { left, right };

struct column {
  std::string title;
  ui::align align = ui::align::left;
};

/// A cell: its text and its style. The caller makes text from outside visible.
struct table_cell {
  table_cell(std::string t, style s = style::plain) : text(std::move(t)), look(s) {}
  table_cell(const char* t) : text(t) {}
  std::string text;
  style look = style::plain;
};

/// Lines and boxes use box-drawing characters if the terminal shows UTF-8, otherwise ASCII. A row
/// with fewer cells than columns is extended with empty ones. If the terminal is too narrow, the
/// widest columns are narrowed and long texts end with an ellipsis. Other outputs get the full
/// text.
class table {
public:
  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<table_cell> row) { rows_.push_back(std::move(row)); }
  std::size_t size() const noexcept { return rows_.size(); }
  /// The whole table, each line ended by a newline.
  std::string text(const terminal& t) const;

  /// Parts of a table that is too long for memory. The widths are those of the rows added so far,
  /// limited by the terminal's width at the time of the header. A wider cell is not cut.
  std::string header_text(const terminal& t);
  std::string row_text(const terminal& t, const std::vector<table_cell>& row) const;
  std::string footer_text(const terminal& t) const;

private:
  std::vector<std::size_t> measure() const;

  std::vector<std::size_t> widths_;
  bool cut_ = false; // some columns are narrower than their cells
  std::vector<column> columns_;
  std::vector<std::vector<table_cell>> rows_;
};

} // namespace dbengine::app::ui
