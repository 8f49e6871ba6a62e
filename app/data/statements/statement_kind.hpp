// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Classifies a statement by its words to choose the engine's function for it. SQLite itself decides
// later what the statement may do.
#pragma once

#include <string_view>

namespace dbengine::app {

enum class statement_kind {
  reads,   ///< SELECT, VALUES, EXPLAIN, PRAGMA, WITH … SELECT: streamed by a cursor
  returns, ///< writes and may return rows: … RETURNING, PRAGMA name = value, PRAGMA optimize
  writes   ///< everything else
};

/// Decides by the first word and the words outside of strings, names and comments.
statement_kind kind_of(std::string_view sql);

} // namespace dbengine::app
