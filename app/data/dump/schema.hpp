// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// The schema of a database as text.
#pragma once

#include <dbengine/params.hpp>
#include <dbengine/rows.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app {

using fetch_function = std::function<rows(const std::string& sql, const params& p)>;

/// Makes a text of the schema a statement of a script: closes a comment that the text leaves open,
/// then adds the semicolon and a newline.
std::string ended_statement(const std::string& sql);

/// The statements that created the whole schema, or one table and its indexes and triggers.
/// Errors: `data_error` with the nearest name if there is no such table.
std::string schema_text(const fetch_function& fetch, const std::optional<std::string>& table);

/// Names of tables and views that are LIKE the pattern, also temporary ones, in alphabetical order.
std::vector<std::string> table_names(const fetch_function& fetch, const std::string& like);

} // namespace dbengine::app
