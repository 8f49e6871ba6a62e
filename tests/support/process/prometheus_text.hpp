// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A strict reader of Prometheus' text format 0.0.4, with the rules of `promtool check metrics` that
// matter here.
// Thread safety: plain data.

#pragma once

#include <map>
#include <string>
#include <vector>

namespace dbengine::test {

struct exposition {
  /// What is wrong, with the line; empty for a correct text.
  std::vector<std::string> problems = {};
  /// `name{label="value",…}` with the labels in alphabetical order -> value.
  std::map<std::string, double> samples = {};
  /// Family -> counter, gauge, …
  std::map<std::string, std::string> types = {};
};

exposition read_exposition(const std::string& text);

} // namespace dbengine::test
