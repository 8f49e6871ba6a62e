// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/csv.hpp"

#include "cli/exit_code.hpp"

namespace dbengine::app {

namespace {

/// SQLite's own limit of a row.
constexpr std::size_t longest_record = 1'000'000'000;
// SQLite can be built for no more columns. Each field takes 24 bytes, so that a line of separators would take 24 times its size.
constexpr std::size_t most_fields = 32'767;

} // namespace

int csv_reader::peek() {
  if (at_ == piece_.size()) {
    piece_ = from_.next();
    at_ = 0;
    if (piece_.empty())
      return end_of_input;
  }
  return static_cast<unsigned char>(piece_[at_]);
}

// Takes LF or CRLF. A CR alone is text: it is taken, too, and the answer is no.
bool csv_reader::at_line_end() {
  int c = peek();
  if (c == '\r') {
    take();
    c = peek();
    if (c == end_of_input)
      return true;
  }
  if (c != '\n')
    return false;
  take();
  ++line_;
  return true;
}

bool csv_reader::next() {
  text_.clear();
  fields_.clear();
  problem_.clear();
  if (!started_) {
    started_ = true;
    static constexpr std::string_view mark = "\xef\xbb\xbf";
    std::size_t matched = 0;
    while (matched < mark.size() && peek() == static_cast<unsigned char>(mark[matched])) {
      take();
      ++matched;
    }
    if (matched < mark.size())
      text_ = mark.substr(0, matched); // looked like one; belongs to the first field
  }
  record_line_ = line_;
  if (peek() == end_of_input && text_.empty())
    return false;
  while (field())
    take(); // the separator
  return true;
}

// One field. True where the separator stands behind it; otherwise the line's end has been taken.
bool csv_reader::field() {
  if (fields_.size() == most_fields) {
    spoil("more than " + std::to_string(most_fields) + " fields");
    return false;
  }
  const std::size_t begin = fields_.empty() ? 0 : text_.size();
  if (text_.size() == begin && peek() == '"') {
    take();
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
    // Everything up to the next character that means something, at once.
    std::size_t end = at_;
    while (end < piece_.size() && piece_[end] != separator_ && piece_[end] != '\n' &&
           piece_[end] != '\r')
      ++end;
    text_.append(piece_, at_, end - at_);
    at_ = end;
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
      spoil("the quote opened in line " + std::to_string(opened) + " is never closed");
      return false;
    }
    if (c != '"') {
      std::size_t end = at_;
      for (; end < piece_.size() && piece_[end] != '"'; ++end)
        if (piece_[end] == '\n')
          ++line_;
      text_.append(piece_, at_, end - at_);
      at_ = end;
      if (text_.size() > longest_record)
        throw data_error("the record that begins in line " + std::to_string(record_line_) +
                         " is too long");
      continue;
    }
    take();
    if (peek() == '"') {
      text_ += '"';
      take();
      continue;
    }
    fields_.push_back({begin, text_.size(), true});
    const int after = peek();
    if (after == static_cast<unsigned char>(separator_))
      return true;
    if (after != end_of_input && !at_line_end())
      spoil("text behind the closing quote of field " + std::to_string(fields_.size()));
    return false;
  }
}

// The record is lost; reading goes on in the next line.
void csv_reader::spoil(std::string problem) {
  problem_ = std::move(problem);
  for (int c = peek(); c != end_of_input; c = peek()) {
    take();
    if (c == '\n') {
      ++line_;
      return;
    }
  }
}

} // namespace dbengine::app
