// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a piece of text in a CSV file means.
#pragma once

#include <dbengine/value.hpp>

#include <string_view>

namespace dbengine::app {

/// An integer, a real, a blob (`x'0aff'`), text that is not UTF-8 (`t'ff00'`), or the text itself. Only numbers written as JSON writes them, that
/// lose nothing (`keeps_digits`): `007`, `+1`, `1e999`, `557e90` and 20 digits stay text; `1.10` is the number 1.1. `Inf` and `-Inf`
/// are reals. Never null.
value sniff(std::string_view text);

/// The same without making a value.
value_type sniff_type(std::string_view text);

/// Whether the text means itself.
bool is_literal_text(std::string_view text);

} // namespace dbengine::app
