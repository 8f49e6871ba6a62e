// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Splits JSON input into records, which are then parsed one by one.
#pragma once

#include "data/input/chunks.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine::app {

/// How records are arranged in JSON input.
enum class json_form {
  lines, ///< one in each line
  array, ///< the elements of one array
  values ///< in sequence, each over any number of lines
};

/// The form of an input, detected from its beginning.
json_form json_form_of(std::string_view head);

/// Returns the text of one record after the other. Memory: the longest record.
/// Blank lines are skipped. If the form itself is broken, the position is returned with its problem
/// and reading ends. In `json_form::lines` a bad line affects no other line.
/// Thread safety: one thread.
class json_splitter {
public:
  json_splitter(chunks& from, json_form form)
      : in_(from), form_(form),
        state_(form == json_form::array ? state::before_array : state::element) {}

  /// False at the end.
  bool next();
  const std::string& text() const noexcept { return text_; }
  /// The line, from 1, in which the record begins.
  std::uint64_t line() const noexcept { return record_line_; }
  const std::string& problem() const noexcept { return problem_; }
  /// Whether the input ends inside the record or, with a problem, before the end of the array.
  bool cut() const noexcept { return cut_; }

private:
  enum class state { before_array, first_element, element, behind_element, behind_array, ended };

  static constexpr int end_of_input = chunk_cursor::end_of_input;

  int peek() { return in_.peek(); }
  int skip_space();
  bool next_line();
  void take_value();
  bool stop_at(std::string problem);
  void bound() const;

  chunk_cursor in_;
  const json_form form_;
  state state_;
  std::string text_;
  std::string problem_;
  std::uint64_t line_ = 1;
  std::uint64_t record_line_ = 0;
  bool cut_ = false;
  bool started_ = false;
};

} // namespace dbengine::app
