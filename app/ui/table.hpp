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

/// One cell of a table: its text (made visible by the caller where it comes from outside) and its style.
struct table_cell {
  table_cell(std::string t, style s = style::plain) : text(std::move(t)), look(s) {}
  table_cell(const char* t) : text(t) {}
  std::string text;
  style look = style::plain;
};

/// Lines and boxes are drawn with box-drawing characters where the terminal shows UTF-8, else with ASCII.
/// A row with fewer cells than columns is filled up with empty ones. On a terminal that is too narrow the widest columns
/// are made narrower, and what does not fit is cut with an ellipsis; elsewhere everything is written.
class table {
public:
  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<table_cell> row) { rows_.push_back(std::move(row)); }
  std::size_t size() const noexcept { return rows_.size(); }
  /// The whole table, each line ended by a newline.
  std::string text(const terminal& t) const;

  /// In parts, for tables too long to be held: as wide as the rows added so far ask for and the terminal is at the
  /// header. A wider cell sticks out.
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
