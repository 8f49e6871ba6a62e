// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// Completion in the shell.
#pragma once

#include "shell/editor.hpp"
#include "shell/session.hpp"

namespace dbengine::app::shell {

/// Candidates at a position: dot commands and their arguments at the start of a line; otherwise
/// keywords, tables, and columns (after `table.` those of the table). There are none inside a
/// string. Keywords follow the letter case of the typed word.
candidates complete(const session& s, const std::string& line, std::size_t begin,
                    const std::string& word);

} // namespace dbengine::app::shell
