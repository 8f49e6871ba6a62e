// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reads JSON: one object per record.
#pragma once

#include "data/input/json_splitter.hpp"

#include <dbengine/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app {

/// How numbers are returned: as values, which are refused if they would lose digits, or as the text
/// of the input.
enum class json_numbers { values, text };

/// A parser of JSON objects.
/// Strings, numbers, true (1), false (0) and null become values. Nested arrays and objects become
/// their JSON text, with numbers as written. `{"$blob": …}`, `{"$text": …}` and `{"$real":
/// …}` have the meaning that the JSON output gives them. A record that is not such an object is
/// returned with its problem.
/// Thread safety: one thread.
class jsonl_reader {
public:
  explicit jsonl_reader(chunks& from, json_form form = json_form::lines,
                        json_numbers numbers = json_numbers::values)
      : split_(from, form), numbers_(numbers) {}

  /// False at the end.
  bool next();
  /// The line, from 1, in which the record begins.
  std::uint64_t line() const noexcept { return split_.line(); }
  const std::string& problem() const noexcept { return problem_; }
  /// Whether the input ends inside the record.
  bool cut() const noexcept { return split_.cut(); }
  /// In the order of the object.
  const std::vector<std::string>& keys() const noexcept { return keys_; }
  std::vector<value>& values() noexcept { return values_; }
  /// The names in `{"$columns": […]}`, which an export without rows writes instead of a first
  /// record.
  const std::optional<std::vector<std::string>>& columns() const noexcept { return columns_; }

private:
  void parse(const std::string& text);

  json_splitter split_;
  const json_numbers numbers_;
  bool first_ = true;
  std::string problem_;
  std::vector<std::string> keys_;
  std::vector<value> values_;
  std::optional<std::vector<std::string>> columns_;
};

} // namespace dbengine::app
