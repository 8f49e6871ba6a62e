// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Cutting JSON input into its records, before each of them is parsed by itself.
#pragma once

#include "data/chunks.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine::app {

/// How records stand in JSON input.
enum class json_form {
  lines, ///< one in each line
  array, ///< the elements of one array
  values ///< one behind the other, each over as many lines as it likes
};

/// The form that the beginning of an input has.
json_form json_form_of(std::string_view head);

/// Gives the text of one record after the other, in memory of the longest one. Blank lines are passed over. Where the form itself
/// is broken, the place is given with its problem and ends the reading; of lines, each stands for itself. One thread.
class json_split {
public:
  json_split(chunks& from, json_form form)
      : in_(from), form_(form),
        state_(form == json_form::array ? state::before_array : state::element) {}

  /// False at the end.
  bool next();
  const std::string& text() const noexcept { return text_; }
  /// The line (from 1) that the record begins in.
  std::uint64_t line() const noexcept { return record_line_; }
  const std::string& problem() const noexcept { return problem_; }
  /// The input ends inside of the record or, with a problem, before the array does.
  bool cut() const noexcept { return cut_; }

private:
  enum class state { before_array, first_element, element, behind_element, behind_array, ended };

  static constexpr int end_of_input = chunk_cursor::end_of_input;

  int peek() { return in_.peek(); }
  int behind_space();
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
