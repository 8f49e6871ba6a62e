// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The type and value of a text in a CSV file.
#pragma once

#include <dbengine/value.hpp>

#include <string_view>

namespace dbengine::app {

/// An integer, a real, a blob (`x'0aff'`), text that is not UTF-8 (`t'ff00'`), or the text itself;
/// never null. A number must be written as in JSON and lose nothing (`keeps_digits`): `007`, `+1`,
/// `1e999`, `557e90` and 20 digits stay text; `1.10` is the number 1.1. `Inf` and `-Inf` are reals.
value sniff(std::string_view text);

/// The same without constructing a value.
value_type sniff_type(std::string_view text);

/// Whether `sniff` returns the text itself.
bool is_literal_text(std::string_view text);

} // namespace dbengine::app
