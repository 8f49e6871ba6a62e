// SPDX-License-Identifier: MIT
// Copyright (c) 2026 the dbengine authors

// What can be typed next in a shell.
#pragma once

#include "shell/editor.hpp"
#include "shell/session.hpp"

namespace dbengine::app::shell {

/// Dot commands and their arguments at the start of a line, else keywords, tables, and columns (after `table.` those of
/// the table). Inside a string nothing. Keywords take the letter case of what was typed.
candidates complete(const session& s, const std::string& line, std::size_t begin,
                    const std::string& word);

} // namespace dbengine::app::shell
