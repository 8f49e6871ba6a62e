// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What was probably meant: errors about unknown names, with the nearest one of the database.
#pragma once

#include "cli/exit_code.hpp"

#include <dbengine/db_engine.hpp>

#include <string>

namespace dbengine::app {

/// The error with its place in `sql` and the nearest name, where it is about a table, a column or a function that does
/// not exist; otherwise as it was. Looks names up in `db`; a failure of that is no error.
dbengine::error with_suggestion(const dbengine::error& e, const std::string& sql,
                                const request_view& db);

/// Runs `f`; an engine's error leaves it as a `statement_error` with the text and a suggestion.
template <class F>
auto pointing_into(const std::string& sql, const request_view& db, F&& f) {
  try {
    return f();
  } catch (const statement_error&) {
    throw;
  } catch (const dbengine::error& e) {
    throw statement_error(with_suggestion(e, sql, db), sql);
  }
}

} // namespace dbengine::app
