// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Whether a value survives being stored.
#pragma once

#include "data/target.hpp"

#include <dbengine/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine::app {

/// Whether a double can hold the integer.
bool fits_a_real(std::int64_t n) noexcept;

/// Whether `x`, which was read from the number, still has its digits: those of the shortest text for `x`, or all 17 as other
/// programs print them. Zeros at the ends do not count.
bool keeps_digits(std::string_view number, double x);

/// Makes the value ready for its column: where SQLite would turn a number into text and shorten it, it becomes text here. The
/// answer is what is lost in the column all the same, empty for nothing: the digits of a large number, and with `strict`
/// that a text such as 007 becomes a number. (Not strict is right for a table that somebody gave its types.)
std::string fit(value& v, const target_column& column, bool strict);

} // namespace dbengine::app
