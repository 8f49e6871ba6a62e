// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

#include "data/input/json_splitter.hpp"

#include "cli/exit_code.hpp"

namespace dbengine::app {

namespace {

constexpr std::size_t longest_record = 1'000'000'000;
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view space = " \t\r\n";

bool is_space(int c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Finds the end of one JSON value by its brackets and quotes, chunk by chunk.
class value_end {
public:
  explicit value_end(bool in_array) : in_array_(in_array) {}

  /// The position after the value, or the size of `piece` if the value continues; `done`
  /// distinguishes the two.
  std::size_t find(std::string_view piece, std::size_t at, std::uint64_t& line) noexcept {
    for (; at < piece.size() && !done_; ++at) {
      const char c = piece[at];
      if (c == '\n')
        ++line;
      if (in_string_)
        in_text(c);
      else if (!inside(c)) {
        done_ = true;
        line -= c == '\n' ? 1 : 0; // not consumed
        return at;
      }
    }
    return at;
  }

  bool done() const noexcept { return done_; }
  /// Whether brackets or quotes are open.
  bool open() const noexcept { return depth_ > 0 || in_string_; }

private:
  void in_text(char c) noexcept {
    if (escaped_)
      escaped_ = false;
    else if (c == '\\')
      escaped_ = true;
    else if (c == '"') {
      in_string_ = false;
      done_ = depth_ == 0;
    }
  }

  // Returns false for a character after the end of the value.
  bool inside(char c) noexcept {
    if (c == '"')
      in_string_ = true;
    else if (c == '{' || c == '[')
      ++depth_;
    else if (c == '}' || c == ']') {
      if (depth_ == 0)
        return !in_array_; // it closes the array
      done_ = --depth_ == 0;
    } else if (depth_ == 0)
      return !is_space(c) && !(in_array_ && c == ',');
    return true;
  }

  const bool in_array_;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool done_ = false;
};

} // namespace

json_form json_form_of(std::string_view head) {
  if (head.starts_with(byte_order_mark))
    head.remove_prefix(byte_order_mark.size());
  const auto begin = head.find_first_not_of(space);
  if (begin == head.npos)
    return json_form::lines;
  if (head[begin] == '[')
    return json_form::array;
  if (head[begin] != '{')
    return json_form::lines;
  value_end end(false);
  std::uint64_t line = 1;
  const auto first = head.substr(0, end.find(head, begin, line));
  return line > 1 && first.find('\n', begin) != first.npos ? json_form::values : json_form::lines;
}

void json_splitter::bound() const {
  if (text_.size() > longest_record)
    throw data_error("the record that begins in line " + std::to_string(record_line_) +
                     " is too long");
}

bool json_splitter::next_line() {
  do {
    if (peek() == end_of_input)
      return false;
    text_.clear();
    record_line_ = line_;
    while (peek() != end_of_input) {
      const auto rest = in_.unread();
      const auto end = rest.find('\n');
      text_.append(rest.substr(0, end));
      in_.consume(end == rest.npos ? rest.size() : end + 1);
      bound();
      if (end != rest.npos) {
        ++line_;
        break;
      }
    }
    if (!started_ && text_.starts_with(byte_order_mark))
      text_.erase(0, byte_order_mark.size());
    started_ = true;
  } while (text_.find_first_not_of(space) == std::string::npos);
  return true;
}

// Consumes whitespace between values, and a byte order mark at the beginning of the input.
int json_splitter::skip_space() {
  if (!started_) {
    started_ = true;
    for (const char c : byte_order_mark) {
      if (peek() != static_cast<unsigned char>(c))
        break;
      in_.consume();
    }
  }
  int c = peek();
  for (; is_space(c); c = peek()) {
    line_ += c == '\n' ? 1 : 0;
    in_.consume();
  }
  return c;
}

void json_splitter::take_value() {
  text_.clear();
  value_end end(form_ == json_form::array);
  while (!end.done() && peek() != end_of_input) {
    const auto rest = in_.unread();
    const auto stop = end.find(rest, 0, line_);
    text_.append(rest.substr(0, stop));
    in_.consume(stop);
    bound();
  }
  cut_ = end.open();
}

// The following records cannot be delimited: reading ends.
bool json_splitter::stop_at(std::string problem) {
  text_.clear();
  problem_ = std::move(problem) + "; nothing after it is read";
  state_ = state::ended;
  record_line_ = line_;
  cut_ = peek() == end_of_input;
  return true;
}

bool json_splitter::next() {
  problem_.clear();
  cut_ = false;
  if (form_ == json_form::lines)
    return next_line();
  for (;;) {
    const int c = skip_space();
    switch (state_) {
    case state::before_array:
      if (c != '[')
        return stop_at("no array");
      in_.consume();
      state_ = state::first_element;
      continue;
    case state::first_element:
    case state::behind_element:
      if (c == ']') {
        in_.consume();
        state_ = state::behind_array;
        continue;
      }
      if (c == end_of_input)
        return stop_at("the array is never closed");
      if (state_ == state::behind_element) {
        if (c != ',')
          return stop_at("neither a comma nor ] after an element of the array");
        in_.consume();
      }
      state_ = state::element;
      continue;
    case state::element:
      if (form_ == json_form::values && c == end_of_input)
        return false;
      if (c == end_of_input)
        return stop_at("the array is never closed");
      if (c == ',' || c == ']')
        return stop_at("an element of the array is missing");
      record_line_ = line_;
      take_value();
      if (form_ == json_form::array)
        state_ = state::behind_element;
      return true;
    case state::behind_array:
      return c == end_of_input ? false : stop_at("text after the end of the array");
    case state::ended: return false;
    }
  }
}

} // namespace dbengine::app
