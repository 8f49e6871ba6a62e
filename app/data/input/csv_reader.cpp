// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/input/csv_reader.hpp"

#include "cli/exit_code.hpp"

namespace dbengine::app {

namespace {

/// SQLite's limit for a row.
constexpr std::size_t longest_record = 1'000'000'000;
// SQLite's highest possible limit of columns. Each field takes 24 bytes, so a line of separators
// would take 24 times its size.
constexpr std::size_t most_fields = 32'767;

} // namespace

// Consumes LF, CRLF and, if the dialect ends lines with it, CR. In other dialects a lone CR is
// text: it is consumed, and the function returns false.
bool csv_reader::at_line_end() {
  int c = peek();
  bool end = false;
  if (c == '\r') {
    consume();
    c = peek();
    end = line_end_ == '\r';
    if (c == end_of_input)
      return true;
  }
  if (c == '\n')
    consume();
  else if (!end)
    return false;
  ++line_;
  return true;
}

void csv_reader::pass_line() {
  for (int c = peek(); c != end_of_input; c = peek()) {
    if (c != '\n' && c != '\r')
      consume();
    else if (at_line_end())
      return;
  }
}

// A byte order mark and the line that names the separator are not records.
void csv_reader::begin() {
  started_ = true;
  static constexpr std::string_view mark = "\xef\xbb\xbf";
  std::size_t matched = 0;
  while (matched < mark.size() && peek() == static_cast<unsigned char>(mark[matched])) {
    consume();
    ++matched;
  }
  if (matched < mark.size())
    text_ = mark.substr(0, matched); // not a complete mark; belongs to the first field
  if (separator_line_)
    pass_line();
}

bool csv_reader::next() {
  text_.clear();
  fields_.clear();
  problem_.clear();
  if (!started_)
    begin();
  record_line_ = line_;
  if (peek() == end_of_input && text_.empty())
    return false;
  while (field())
    consume(); // the separator
  return true;
}

// Reads one field. Returns true if a separator follows; otherwise the end of the line has been
// consumed.
bool csv_reader::field() {
  if (fields_.size() == most_fields) {
    reject_record("more than " + std::to_string(most_fields) + " fields");
    return false;
  }
  const std::size_t begin = fields_.empty() ? 0 : text_.size();
  if (text_.size() == begin && peek() == '"') {
    consume();
    return quoted_field(begin);
  }
  return plain_field(begin);
}

bool csv_reader::plain_field(std::size_t begin) {
  for (;;) {
    const int c = peek();
    if (c == static_cast<unsigned char>(separator_)) {
      fields_.push_back({begin, text_.size(), false});
      return true;
    }
    if (c == '\n' || c == '\r' || c == end_of_input) {
      if (c == end_of_input || at_line_end()) {
        fields_.push_back({begin, text_.size(), false});
        return false;
      }
      text_ += '\r';
      continue;
    }
    // All bytes up to the next special character at once.
    const auto rest = in_.unread();
    std::size_t end = 0;
    while (end < rest.size() && rest[end] != separator_ && rest[end] != '\n' && rest[end] != '\r')
      ++end;
    text_.append(rest, 0, end);
    in_.consume(end);
    if (text_.size() > longest_record)
      throw data_error("the record that begins in line " + std::to_string(record_line_) +
                       " is too long");
  }
}

bool csv_reader::quoted_field(std::size_t begin) {
  const std::uint64_t opened = line_;
  for (;;) {
    const int c = peek();
    if (c == end_of_input) {
      reject_record("the quote opened in line " + std::to_string(opened) + " is never closed");
      return false;
    }
    if (c != '"') {
      const auto rest = in_.unread();
      std::size_t end = 0;
      for (; end < rest.size() && rest[end] != '"'; ++end)
        if (rest[end] == line_end_)
          ++line_;
      text_.append(rest, 0, end);
      in_.consume(end);
      if (text_.size() > longest_record)
        throw data_error("the record that begins in line " + std::to_string(record_line_) +
                         " is too long");
      continue;
    }
    consume();
    if (peek() == '"') {
      text_ += '"';
      consume();
      continue;
    }
    fields_.push_back({begin, text_.size(), true});
    const int after = peek();
    if (after == static_cast<unsigned char>(separator_))
      return true;
    if (after != end_of_input && !at_line_end())
      reject_record("text after the closing quote of field " + std::to_string(fields_.size()));
    return false;
  }
}

// Discards the record; reading continues in the next line.
void csv_reader::reject_record(std::string problem) {
  problem_ = std::move(problem);
  pass_line();
}

namespace {

// The line that Excel writes and reads: sep=X, with quotes around it or without.
std::optional<char> named_separator(std::string_view line) {
  if (line.size() > 2 && line.front() == '"' && line.back() == '"')
    line = line.substr(1, line.size() - 2);
  if (line.size() != 5 || !line.starts_with("sep=") || line[4] == '"')
    return std::nullopt;
  return line[4];
}

// Whether no line of the text ends with LF, and one ends with CR.
bool ends_lines_with_cr(std::string_view text, char separator) {
  bool quoted = false, field_start = true, cr = false;
  for (const char c : text) {
    if (quoted) {
      quoted = c != '"'; // the second of two consecutive quotes opens the field again
      field_start = !quoted;
      continue;
    }
    if (c == '\n')
      return false;
    cr = cr || c == '\r';
    quoted = c == '"' && field_start;
    field_start = c == separator || c == '\r';
  }
  return cr;
}

} // namespace

csv_dialect csv_dialect_of(std::string_view head, std::optional<char> separator) {
  if (head.starts_with("\xef\xbb\xbf"))
    head.remove_prefix(3);
  csv_dialect d;
  const auto named = named_separator(head.substr(0, head.find_first_of("\r\n")));
  d.separator_line = named && separator.value_or(*named) == *named;
  d.separator = separator ? *separator : named.value_or(d.separator);
  d.cr_lines = ends_lines_with_cr(head, d.separator);
  return d;
}

} // namespace dbengine::app
