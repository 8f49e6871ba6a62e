// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The demo's questions: some during the load, five at the end.
#pragma once

#include <dbengine/db_engine.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dbengine::app::demo {

/// Questions asked during the load.
enum class question_kind : std::uint8_t { full_text, reverse, by_section, closure, consistency };
inline constexpr std::size_t question_kinds = 5;
inline constexpr std::array<std::string_view, question_kinds> question_names{
    "full-text search", "reverse dependencies", "size by section", "dependency closure",
    "whole batches only"};

/// The observations of one asking thread.
struct asker_results {
  std::array<std::vector<std::chrono::nanoseconds>, question_kinds> times = {};
  std::uint64_t rows = 0;
  /// Answers that contradict every committed state: packages and descriptions of one snapshot
  /// differ in number, or there are fewer packages than before. Must stay 0.
  std::uint64_t contradictions = 0;
};

/// Asks round after round until `stop` is set, and then one more complete round. `thread` selects
/// the first question.
asker_results ask_until(const request_view& db, const std::atomic<bool>& stop, unsigned thread);

/// One of the five questions at the end: its text, its statement and its parameters.
struct final_question {
  std::string text;
  std::string sql;
  std::vector<value> parameters;
};

/// Five questions about the loaded index. `root`: the package of the closure.
std::vector<final_question> final_questions(const std::string& root);

/// The root of the closure: a well-known package if the index has it, otherwise the one with the
/// most dependencies.
std::string closure_root(const request_view& db);

} // namespace dbengine::app::demo
