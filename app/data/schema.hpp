// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What is in a database, for people.
#pragma once

#include <dbengine/params.hpp>
#include <dbengine/rows.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dbengine::app {

using fetch_function = std::function<rows(const std::string& sql, const params& p)>;

/// A text of the schema as a statement of a script: whatever comment it leaves open is closed, then the semicolon and the line's end.
std::string ended_statement(const std::string& sql);

/// The statements that made all, or a table and what belongs to it. Throws `data_error` with the nearest name where
/// there is no such table.
std::string schema_text(const fetch_function& fetch, const std::optional<std::string>& table);

/// Tables and views whose names are LIKE the pattern, temporary ones too, in alphabetical order.
std::vector<std::string> table_names(const fetch_function& fetch, const std::string& like);

} // namespace dbengine::app
