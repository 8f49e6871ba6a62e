// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Detects the format of an input file from its name and its first bytes.
#pragma once

#include "data/import/import.hpp"

#include <string_view>

namespace dbengine::app {

/// CSV for a name that ends in .csv or .tsv. JSON for .json, .jsonl and .ndjson, and for input that
/// begins as an object or an array of objects does. Otherwise CSV.
import_format format_of_input(std::string_view name, std::string_view head);

/// Throws `data_error` for input that is not UTF-8 text and cannot be imported: UTF-16, compressed
/// files, databases. The message says what the input is and what to do.
void refuse_foreign_input(std::string_view head);

} // namespace dbengine::app
