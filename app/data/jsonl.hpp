// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Reading JSON lines: an object per line.
#pragma once

#include "data/chunks.hpp"

#include <dbengine/value.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace dbengine::app {

/// Reads object by object. Strings, numbers, true (1), false (0) and null become values; nested arrays and objects
/// become their JSON text, numbers in them as they were written; `{"$blob": …}`, `{"$text": …}` and `{"$real": …}` what the JSON output means by them. A line
/// that is no such object is given with its problem; blank lines are passed over. One thread.
class jsonl_reader {
public:
  explicit jsonl_reader(chunks& from) : from_(from) {}

  /// False at the end.
  bool next();
  std::uint64_t line() const noexcept { return line_; }
  const std::string& problem() const noexcept { return problem_; }
  /// In the order of the object.
  const std::vector<std::string>& keys() const noexcept { return keys_; }
  std::vector<value>& values() noexcept { return values_; }

private:
  bool read_line();

  chunks& from_;
  std::string_view piece_;
  std::string text_;
  std::uint64_t line_ = 0;
  bool started_ = false;
  std::string problem_;
  std::vector<std::string> keys_;
  std::vector<value> values_;
};

} // namespace dbengine::app
