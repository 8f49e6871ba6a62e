// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Suggestions: an error about an unknown name, with the most similar name in the database.
#pragma once

#include "cli/exit_code.hpp"

#include <dbengine/db_engine.hpp>

#include <string>

namespace dbengine::app {

/// The error with its position in `sql` and the most similar name, if it is about an unknown table,
/// column or function; otherwise unchanged. Names are looked up in `db`; if that fails, there is no
/// suggestion.
dbengine::error with_suggestion(const dbengine::error& e, const std::string& sql,
                                const request_view& db);

/// Calls `f`. Converts an error of the engine to a `statement_error` with the text and a
/// suggestion.
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
