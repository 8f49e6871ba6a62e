// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// A first look at a statement, to choose the engine's call for it. The engine itself decides by SQLite's word what
// the statement may do.
#pragma once

#include <string_view>

namespace dbengine::app {

enum class statement_kind {
  reads,   ///< SELECT, VALUES, EXPLAIN, PRAGMA, WITH … SELECT: streamed by a cursor
  returns, ///< writes and may return rows: … RETURNING, PRAGMA name = value, PRAGMA optimize
  writes   ///< everything else
};

/// By the first word and the words outside of strings, names and comments.
statement_kind kind_of(std::string_view sql);

} // namespace dbengine::app
