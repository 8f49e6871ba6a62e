// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reading JSON: an object per record.
#pragma once

#include "data/json_split.hpp"

#include <dbengine/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app {

/// What numbers become: values, which are refused where they would lose digits, or text as it was written.
enum class json_numbers { values, text };

/// Reads object by object. Strings, numbers, true (1), false (0) and null become values; nested arrays and objects
/// become their JSON text, numbers in them as they were written; `{"$blob": …}`, `{"$text": …}` and `{"$real": …}` what the JSON output means by them. A record
/// that is no such object is given with its problem. One thread.
class jsonl_reader {
public:
  explicit jsonl_reader(chunks& from, json_form form = json_form::lines,
                        json_numbers numbers = json_numbers::values)
      : split_(from, form), numbers_(numbers) {}

  /// False at the end.
  bool next();
  /// The line (from 1) that the record begins in.
  std::uint64_t line() const noexcept { return split_.line(); }
  const std::string& problem() const noexcept { return problem_; }
  /// The input ends inside of the record.
  bool cut() const noexcept { return split_.cut(); }
  /// In the order of the object.
  const std::vector<std::string>& keys() const noexcept { return keys_; }
  std::vector<value>& values() noexcept { return values_; }
  /// The names in `{"$columns": […]}`, which an export of no rows writes in the place of the first record.
  const std::optional<std::vector<std::string>>& columns() const noexcept { return columns_; }

private:
  void parse(const std::string& text);

  json_split split_;
  const json_numbers numbers_;
  bool first_ = true;
  std::string problem_;
  std::vector<std::string> keys_;
  std::vector<value> values_;
  std::optional<std::vector<std::string>> columns_;
};

} // namespace dbengine::app
