// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The formats for people: table, line, md.

#include "output/row_writer.hpp"
#include "ui/table.hpp"
#include "ui/text.hpp"

#include <algorithm>
#include <utility>

namespace dbengine::app {

namespace {

class table_writer : public row_writer {
public:
  table_writer(output_stream& to, const ui::terminal& t) : to_(to), terminal_(t) {}

  void begin(const std::vector<std::string>& columns) override {
    for (const auto& c : columns)
      columns_.push_back({ui::visible(c)});
  }

  void add(const row& r) override {
    std::vector<ui::table_cell> cells;
    cells.reserve(r.size());
    for (std::size_t i = 0; i < r.size(); ++i) {
      const auto f = r[i];
      const bool number = f.type() == value_type::integer || f.type() == value_type::real;
      if (number && sample_.size() < sampled)
        columns_[i].align = ui::align::right;
      cells.emplace_back(shown_value(f), f.is_null() ? ui::style::dim : ui::style::plain);
    }
    if (started_) {
      to_.write_styled(table_->row_text(terminal_, cells));
      return;
    }
    sample_.push_back(std::move(cells));
    if (sample_.size() == sampled)
      start();
  }

  void end() override {
    if (columns_.empty())
      return;
    if (!started_)
      start();
    to_.write_styled(table_->footer_text(terminal_));
  }

private:
  static constexpr std::size_t sampled = 1000;

  void start() {
    table_ = std::make_unique<ui::table>(columns_);
    for (const auto& row : sample_)
      table_->add(row);
    to_.write_styled(table_->header_text(terminal_));
    for (const auto& row : sample_)
      to_.write_styled(table_->row_text(terminal_, row));
    started_ = true;
    sample_.clear();
  }

  output_stream& to_;
  const ui::terminal terminal_;
  std::vector<ui::column> columns_;
  std::vector<std::vector<ui::table_cell>> sample_;
  std::unique_ptr<ui::table> table_;
  bool started_ = false;
};

class line_writer : public row_writer {
public:
  explicit line_writer(output_stream& to) : to_(to) {}

  void begin(const std::vector<std::string>& columns) override {
    for (const auto& c : columns) {
      names_.push_back(ui::visible(c));
      width_ = std::max(width_, ui::display_width(names_.back()));
    }
  }

  void add(const row& r) override {
    std::string out = first_ ? "" : "\n";
    first_ = false;
    for (std::size_t i = 0; i < r.size(); ++i) {
      out.append(width_ - ui::display_width(names_[i]), ' ');
      out += names_[i] + " = " + shown_value(r[i]) + "\n";
    }
    to_.write(out);
  }

  void end() override {}

private:
  output_stream& to_;
  std::vector<std::string> names_;
  std::size_t width_ = 0;
  bool first_ = true;
};

// Escapes text for a cell of a Markdown table.
std::string markdown(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[')
      out += '\\';
    out += c;
  }
  return out;
}

class markdown_writer : public row_writer {
public:
  explicit markdown_writer(output_stream& to) : to_(to) {}

  void begin(const std::vector<std::string>& columns) override {
    if (columns.empty())
      return;
    std::string out = "|", rule = "|";
    for (const auto& c : columns) {
      out += " " + markdown(ui::visible(c)) + " |";
      rule += " --- |";
    }
    to_.write(out + "\n" + rule + "\n");
  }

  void add(const row& r) override {
    std::string out = "|";
    for (std::size_t i = 0; i < r.size(); ++i)
      out += " " + markdown(shown_value(r[i])) + " |";
    to_.write(out + "\n");
  }

  void end() override {}

private:
  output_stream& to_;
};

} // namespace

std::unique_ptr<row_writer> make_table_writer(output_stream& to, const ui::terminal& t) {
  return std::make_unique<table_writer>(to, t);
}

std::unique_ptr<row_writer> make_line_writer(output_stream& to) {
  return std::make_unique<line_writer>(to);
}

std::unique_ptr<row_writer> make_markdown_writer(output_stream& to) {
  return std::make_unique<markdown_writer>(to);
}

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names{"table", "csv", "json", "jsonl", "line", "md"};
  return names;
}

std::unique_ptr<row_writer> make_writer(const std::string& format, output_stream& to,
                                        const ui::terminal& t) {
  if (format == "csv")
    return make_csv_writer(to);
  if (format == "json" || format == "jsonl")
    return make_json_writer(to, format == "jsonl");
  if (format == "line")
    return make_line_writer(to);
  if (format == "md")
    return make_markdown_writer(to);
  return make_table_writer(to, t);
}

std::unique_ptr<row_writer> make_export_writer(const std::string& format, output_stream& to) {
  if (format == "csv")
    return make_csv_writer(to);
  return make_json_writer(to, format == "jsonl", true);
}

std::unique_ptr<row_writer> row_writer_source::next() {
  if (!std::exchange(first_, false) && format_ != "json" && format_ != "jsonl")
    to_.write("\n");
  return make_writer(format_, to_, terminal_);
}

} // namespace dbengine::app
