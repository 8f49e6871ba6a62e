// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Checks whether a value survives being stored.
#pragma once

#include "data/import/target.hpp"

#include <dbengine/value.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace dbengine::app {

/// Whether a double represents the integer exactly.
bool fits_a_real(std::int64_t n) noexcept;

/// Whether `x`, which was parsed from the number, still has all its digits. Accepted are the digits
/// of the shortest text for `x`, or all 17 as other programs print them. Leading and trailing zeros
/// do not count.
bool keeps_digits(std::string_view number, double x);

/// Prepares the value for its column. If SQLite would convert a number to text and shorten it, this
/// function converts it to text. Returns what the column loses nevertheless, or an empty text: the
/// digits of a large number. With `strict` it also returns that a text such as 007 becomes a number.
/// (Without `strict` is right for a table whose types the user declared.)
std::string fit(value& v, const target_column& column, bool strict);

} // namespace dbengine::app
