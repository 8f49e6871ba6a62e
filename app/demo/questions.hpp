// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The questions that the demo asks: some while the tables fill, five at the end.
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

/// The kinds of question asked during the load.
enum class question_kind : std::uint8_t { full_text, reverse, by_section, closure, consistency };
inline constexpr std::size_t question_kinds = 5;
inline constexpr std::array<std::string_view, question_kinds> question_names{
    "full-text search", "reverse dependencies", "size by section", "dependency closure",
    "whole batches only"};

/// What one asking thread saw.
struct asked {
  std::array<std::vector<std::chrono::nanoseconds>, question_kinds> times = {};
  std::uint64_t rows = 0;
  /// Answers that no committed state can give: packages and descriptions of one snapshot differ in number,
  /// or there are fewer packages than a moment before. Must stay 0.
  std::uint64_t contradictions = 0;
};

/// Asks round after round until `stop` is set, and one whole round after that. `thread` picks where to begin.
asked ask_until(const request_view& db, const std::atomic<bool>& stop, unsigned thread);

/// One of the five questions at the end: its words, its statement and its parameters.
struct final_question {
  std::string text;
  std::string sql;
  std::vector<value> parameters;
};

/// Five questions about the loaded index. `root` is the package whose closure is asked for.
std::vector<final_question> final_questions(const std::string& root);

/// The package that the closure starts from: a well-known one where the index has it, else the one with most
/// dependencies.
std::string closure_root(const request_view& db);

} // namespace dbengine::app::demo
