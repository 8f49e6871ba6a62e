// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What a file to import holds, by its name and its first bytes.
#pragma once

#include "data/import.hpp"

#include <string_view>

namespace dbengine::app {

/// CSV for a name that ends in .csv or .tsv; JSON for .json, .jsonl and .ndjson and for what begins as an object or an array of objects
/// does; else CSV.
import_format format_of_input(std::string_view name, std::string_view head);

/// Throws `data_error` for what is no text in UTF-8 and no import could make sense of: UTF-16, compressed files, databases. It
/// says what the input is and what to do.
void refuse_foreign_input(std::string_view head);

} // namespace dbengine::app
